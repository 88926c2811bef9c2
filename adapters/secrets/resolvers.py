"""Who knows the references that are no environment variables."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...messages.settings import Settings
from ..settings.credentials import Resolver, Resolvers
from ..settings.sources import home_of
from .files import ClaudeFiles, CodexFiles


def resolvers_of(settings: Settings, environ: Mapping[str, str]) -> Resolvers:
    """Return whoever the settings let us ask."""
    home = home_of(environ)
    known: dict[str, Resolver] = {}
    if settings.claude_cli.enabled:
        known["claude"] = ClaudeFiles(settings.claude_cli, home)
    if settings.codex.enabled:
        known["codex"] = CodexFiles(settings.codex, home)
    return known


def personal(settings: Settings) -> Settings:
    """Return the settings for a program that a person has started: what other programs of theirs keep may be read unless they have said no."""
    claude, codex = settings.claude_cli, settings.codex
    return attrs.evolve(
        settings,
        claude_cli=attrs.evolve(claude, enabled=claude.enabled is not False),
        codex=attrs.evolve(codex, enabled=codex.enabled is not False),
    )


def preferred_model(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """Return the model that the person prefers elsewhere, or None where nobody is asked."""
    claude = settings.claude_cli
    return ClaudeFiles(claude, home_of(environ)).patch().default_model if claude.enabled else None

"""Who knows the references that are no environment variables."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs
import trio

from ...messages.settings import Settings, VaultSettings
from ..settings.credentials import VAULT_SCHEMES, Absent, Resolver, Resolvers
from ..settings.sources import home_of
from .files import ClaudeFiles, CodexFiles

if TYPE_CHECKING:
    from .vault import Vault


def resolvers_of(settings: Settings, environ: Mapping[str, str]) -> Resolvers:
    """Return whoever the settings let us ask."""
    home = home_of(environ)
    known: dict[str, Resolver] = {}
    if settings.claude_cli.enabled:
        known["claude"] = ClaudeFiles(settings.claude_cli, home)
    if settings.codex.enabled:
        known["codex"] = CodexFiles(settings.codex, home)
    if vault_address(settings.vault, environ) is not None:
        known |= dict.fromkeys(VAULT_SCHEMES, _not_yet)
    return known


def vault_address(settings: VaultSettings, environ: Mapping[str, str]) -> str | None:
    """Return where Vault listens, or None without one."""
    return settings.address or environ.get("VAULT_ADDR", "").strip() or None


def vault_of(
    settings: VaultSettings, environ: Mapping[str, str], monotonic: Callable[[], float] = trio.current_time
) -> Vault | None:
    """Return who looks up "vault://", or None where there is no Vault or no library to speak to it. It connects to nothing before it is asked.

    Raises:
        SettingsError: The address in VAULT_ADDR is none.
    """
    address = vault_address(settings, environ)
    if address is None or not _has_hvac():
        return None
    from .vault import Vault  # noqa: PLC0415 - an extra
    from .vault_client import VaultClient  # noqa: PLC0415 - likewise

    checked = attrs.evolve(settings, address=address)
    client = VaultClient(
        address,
        timeout=checked.timeout_seconds,
        namespace=checked.namespace or environ.get("VAULT_NAMESPACE", "").strip() or None,
        verify=checked.verify_tls and (checked.ca_file or True),
    )
    return Vault(client, checked, environ, monotonic)


def _not_yet(_target: str) -> Absent:
    """Vault is asked after the start: nobody's start waits for it."""
    if not _has_hvac():
        return Absent("vault:// needs hvac: pip install legion-llm[vault]")
    return Absent("Vault has not been asked yet", may_come=True)


def _has_hvac() -> bool:
    return importlib.util.find_spec("hvac") is not None


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

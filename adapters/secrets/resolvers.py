"""Who knows the references that are no environment variables."""

from __future__ import annotations

from collections.abc import Mapping

from ...messages.settings import Settings
from ..settings.credentials import ENVIRONMENT_ALONE, Resolvers


def resolvers_of(settings: Settings, environ: Mapping[str, str]) -> Resolvers:  # noqa: ARG001
    """Return whoever the settings let us ask."""
    return ENVIRONMENT_ALONE

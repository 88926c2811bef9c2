"""The scout of Bedrock: a list of models, and one of the profiles through which the newer of them must be called."""

from __future__ import annotations

import functools

from ...messages.catalogue import ModelFacts
from ...messages.credentials import Credential
from ...messages.errors import LegionError
from ..dialects.bedrock.catalogue import parse_listed, parse_profiles
from ..dialects.bedrock.words import MODELS_PATH, PROFILES_PATH
from .inquiry import Inquiry


class BedrockScout:
    """Reads both lists.

    Args:
        inquiry: Asks the service; belongs to the scout from now on.
    """

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._inquiry.endpoint.lacks_credential

    def use(self, credential: Credential) -> None:
        """Show this credential from now on; see the port."""
        self._inquiry.endpoint.use(credential)

    async def look(self) -> tuple[ModelFacts, ...]:
        """Return models and profiles; see the port. Who may not list profiles still gets the models."""
        listed = await self._inquiry.get(MODELS_PATH, parse_listed)
        try:
            parse = functools.partial(parse_profiles, models=listed.every)
            profiles = await self._inquiry.get(PROFILES_PATH, parse)
        except LegionError:
            profiles = ()
        return (*listed.callable, *profiles)

    async def aclose(self) -> None:
        """Close idle connections; see the port."""
        await self._inquiry.aclose()

"""Scouts of providers that answer with one list."""

from __future__ import annotations

import httpx

from ...messages.catalogue import Capability, ModelFacts
from ...messages.credentials import Credential
from ...messages.errors import UpstreamError
from ..providers.demo import MODELS
from .inquiry import Inquiry


class ListingScout:
    """Reads the list that the dialect names: OpenAI and whoever imitates it, Anthropic, and others alike.

    Args:
        inquiry: Asks the instance; belongs to the scout from now on.
        health: Asks the root of the same server for /health first, where it has that: an engine that is ill may still list its models.
    """

    def __init__(self, inquiry: Inquiry, *, health: Inquiry | None = None) -> None:
        self._inquiry = inquiry
        self._health = health

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._inquiry.endpoint.lacks_credential

    def use(self, credential: Credential) -> None:
        """Show this credential from now on; see the port."""
        self._inquiry.endpoint.use(credential)

    async def look(self) -> tuple[ModelFacts, ...]:
        """Return the models; see the port."""
        if self._health is not None:
            await _check(self._health)
        dialect = self._inquiry.dialect
        return await self._inquiry.get(dialect.models_path, dialect.parse_models)

    async def aclose(self) -> None:
        """Close idle connections; see the port."""
        await self._inquiry.aclose()
        if self._health is not None:
            await self._health.aclose()


async def _check(health: Inquiry) -> None:
    """Raise what an engine that is ill says, or does not say."""
    try:
        await health.get("/health", lambda _body: None)
    except UpstreamError as error:
        # A gateway in front of the engine may not have the path, which says nothing about the engine.
        if error.status is None or error.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise


class DemoScout:
    """Knows the models that run in this process."""

    lacks_credential = False

    def use(self, credential: Credential) -> None:
        """Do nothing: nobody asks for one."""

    async def look(self) -> tuple[ModelFacts, ...]:
        """Return all of them, the magic ones included; see the port."""
        can = frozenset({Capability.CHAT, Capability.EMBED, Capability.STREAM, Capability.TOOLS})
        return tuple([ModelFacts(name=name, can=can) for name in MODELS])

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""

"""Turns texts into vectors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import attrs

from ...messages.embedding import Embed, EmbedAnswer, EmbedBatch, EmbedCall, EmbedRequest, EmbedResponse
from ...messages.routing import ListModels, Target
from ...messages.settings import EmbeddingSettings
from ...runtime import Actor, Address, spawned
from .chain import embed_in_turn
from .choice import Catalogues, Source, catalogues_of, choose_targets
from .run import AskProvider, Run


@attrs.frozen(kw_only=True)
class EmbedderConfig:
    """What the embedder goes by.

    Attributes:
        sources: All instances that are switched on, in order of preference.
        settings: The section `embedding`.
    """

    sources: tuple[Source, ...]
    settings: EmbeddingSettings


class Embedder(Actor[Embed]):
    """Asks the router which models there are, then one connection after the other.

    Takes Embed. Tells nobody: the connections report their attempts.
    """

    def __init__(self, config: EmbedderConfig, *, router: Address, connection: Callable[[str], Address]) -> None:
        super().__init__()
        self._config = config
        self._router = router
        self._connection = connection

    @spawned
    async def on_embed(self, message: Embed) -> EmbedResponse:
        """Answer a request."""
        request, config = message.request, self._config
        started = self.clock.monotonic()
        targets = choose_targets(request, config.sources, await self._catalogues(), config.settings)
        numbers = itertools.count(1)

        async def run_at(target: Target) -> EmbedResponse:
            ask = self._asker(request, target, numbers)
            return await Run(request, target, config.settings, ask).embed()

        return await embed_in_turn(
            targets,
            run_at,
            strategy="auto" if request.model is None and request.provider is None else "explicit",
            elapsed=lambda: self.clock.monotonic() - started,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return whom it may ask."""
        return {"sources": [source.name for source in self._config.sources]}

    def _asker(self, request: EmbedRequest, target: Target, numbers: itertools.count[int]) -> AskProvider:
        connection = self._connection(target.instance)

        async def ask(batch: EmbedBatch) -> EmbedAnswer:
            call = EmbedCall(request=request, batch=batch, target=target, attempt=next(numbers))
            return await connection.ask(call)

        return ask

    async def _catalogues(self) -> Catalogues:
        models = await self._router.ask(ListModels())
        return catalogues_of(models, self._config.sources)

"""Turns texts into vectors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import attrs

from ...messages.audit import RequestFinished
from ...messages.base import Message
from ...messages.embedding import Embed, EmbedAnswer, EmbedBatch, EmbedCall, EmbedRequest, EmbedResponse
from ...messages.ledger import Settle
from ...messages.outcome import Outcome, outcome_of
from ...messages.routing import ListModels, Target
from ...messages.settings import EmbeddingSettings
from ...runtime import Actor, Address, spawned
from ...runtime.envelope import current_ask
from ...runtime.interruption import interruption
from ..router.bars import closed_tiers
from ..router.policy import Policy
from .chain import embed_in_turn
from .choice import Catalogues, Source, catalogues_of, choose_targets
from .run import AskProvider, Run


@attrs.frozen(kw_only=True)
class EmbedderConfig:
    """What the embedder goes by.

    Attributes:
        sources: All instances that are switched on, in order of preference.
        settings: The section `embedding`.
        policy: What privacy and the rules' constraints forbid.
    """

    sources: tuple[Source, ...]
    settings: EmbeddingSettings
    policy: Policy = attrs.field(factory=Policy)


@attrs.frozen(kw_only=True)
class EmbedderReconfigured(Message[None]):
    """Go by this from the next request on."""

    config: EmbedderConfig


class Embedder(Actor[Embed | EmbedderReconfigured]):
    """Asks the router which models there are, then one connection after the other.

    Takes Embed and EmbedderReconfigured. Tells RequestFinished to the audit, once per request; the connections report their attempts.

    Args:
        config: What it goes by.
        router: Knows which models there are.
        connection: The connection to a provider instance, by its name.
        audit: Who keeps the record of requests; None: nobody does.
        ledger: Who must have kept a request's attempts before it is answered; None: its answer does not wait for them.
    """

    def __init__(
        self,
        config: EmbedderConfig,
        *,
        router: Address,
        connection: Callable[[str], Address],
        audit: Address | None = None,
        ledger: Address | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._router = router
        self._connection = connection
        self._audit = audit
        self._ledger = ledger

    @spawned
    async def on_embed(self, message: Embed) -> EmbedResponse:
        """Answer a request."""
        started = self.clock.monotonic()
        try:
            response = await self._embed(message.request, started)
            if self._ledger is not None:
                await self._ledger.ask(Settle())
        except BaseException as error:
            self._tell_end(message.request, started, error=error)
            raise
        self._tell_end(message.request, started, response)
        return response

    def on_embedder_reconfigured(self, message: EmbedderReconfigured) -> None:
        """Go by other settings from now on; a request under way goes on by those with which it began."""
        self._config = message.config

    async def _embed(self, request: EmbedRequest, started: float) -> EmbedResponse:
        config = self._config
        closed = closed_tiers(request.intent, config.policy, self.clock.time())
        targets = choose_targets(request, config.sources, await self._catalogues(), config.settings, closed)
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

    def _tell_end(
        self,
        request: EmbedRequest,
        started: float,
        response: EmbedResponse | None = None,
        error: BaseException | None = None,
    ) -> None:
        if self._audit is None:
            return
        seconds, ask = self.clock.monotonic() - started, current_ask.get()
        if error is not None and not isinstance(error, Exception) and ask is not None:
            error = interruption(ask)  # a cancellation has no words of its own
        finished = RequestFinished(
            request=request,
            response=response,
            outcome=Outcome.SUCCESS if error is None else outcome_of(error),
            error=None if error is None else type(error).__name__,
            began_at=self.clock.time() - seconds,
            seconds=seconds,
            profile=request.caller.profile,
            warnings=() if response is None else response.warnings,
        )
        self._audit.leave(finished)

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

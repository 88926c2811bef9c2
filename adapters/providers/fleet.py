"""The fleet, as a provider like any other: whoever asks it need not know that workers answer."""

from __future__ import annotations

import math
from typing import Final

from ...actors.connection.port import ChunkSink
from ...messages.caller import ANONYMOUS
from ...messages.chat import Request, Response
from ...messages.embedding import EmbedAnswer, EmbedBatch, EmbedCall
from ...messages.fleet import FleetCall, FleetStream, FleetVectors
from ...messages.ids import new_id
from ...messages.routing import Call, StreamCall
from ...messages.target import Target
from ...runtime import Address, Clock
from ...runtime.envelope import current_ask

_TIER: Final = "fleet"


class FleetProvider:
    """Implements `actors.connection.port.Provider` by asking the dispatcher, which lives on another loop.

    The ledgers of both sides shall have the same numbers of attempts; they are those of the call that the connection is working on.
    """

    def __init__(self, name: str, dispatcher: Address, clock: Clock) -> None:
        self.name = name
        self._dispatcher = dispatcher
        self._clock = clock

    def __repr__(self) -> str:
        return f"<FleetProvider {self.name}>"

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer; see the port."""
        call = FleetCall(request=request, target=self._target(model), attempt=_attempt())
        return await self._dispatcher.ask(call)

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer as they arrive, and return the whole of it; see the port."""
        call = FleetStream(request=request, target=self._target(model), attempt=_attempt())
        async with self._dispatcher.stream(call, timeout=self._seconds_left()) as stream:
            while chunks := await stream.read_many():
                for chunk in chunks:
                    await sink.send(chunk)
            return await stream.reply

    async def embed(self, batch: EmbedBatch, model: str) -> EmbedAnswer:
        """Return one vector per input; see the port."""
        call = _current_call()
        request_id, caller = new_id("req_"), ANONYMOUS
        if isinstance(call, EmbedCall):
            request_id, caller = call.request.id, call.request.caller
        return await self._dispatcher.ask(
            FleetVectors(
                batch=batch, request_id=request_id, caller=caller, target=self._target(model), attempt=_attempt()
            )
        )

    async def aclose(self) -> None:
        """Do nothing: the dispatcher holds the connection."""

    def _target(self, model: str) -> Target:
        return Target(instance=self.name, model=model, tier=_TIER)

    def _seconds_left(self) -> float | None:
        ask = current_ask.get()
        if ask is None or ask.deadline == math.inf:
            return None
        return max(0.0, ask.deadline - self._clock.monotonic())


def _attempt() -> int:
    """Return the number of the attempt that the current task makes."""
    call = _current_call()
    return 1 if call is None else call.attempt


def _current_call() -> Call | StreamCall | EmbedCall | None:
    ask = current_ask.get()
    call = None if ask is None else ask.message
    return call if isinstance(call, (Call, StreamCall, EmbedCall)) else None

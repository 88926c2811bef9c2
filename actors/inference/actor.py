"""Walks every request from the caller to an answer, one task each."""

from __future__ import annotations

from collections.abc import Callable

from ...messages.chat import Request, Response
from ...messages.routing import Call, Infer, InferStream, Route, StreamCall, Target
from ...runtime import Actor, Address, Sink, spawned
from .attempts import MakeAttempt, attempt_in_turn
from .tap import Tap


class Inference(Actor[Infer | InferStream]):
    """Asks the router once and then one connection after the other.

    Takes Infer and InferStream. Tells nobody: the connections report their attempts.
    """

    def __init__(self, *, router: Address, connection: Callable[[str], Address], max_attempts: int) -> None:
        super().__init__()
        self._router = router
        self._connection = connection
        self._max_attempts = max_attempts

    @spawned
    async def on_infer(self, message: Infer) -> Response:
        """Answer a request."""
        request = message.request

        async def attempt(target: Target, number: int) -> Response:
            return await self._connection(target.instance).ask(Call(request=request, target=target, attempt=number))

        return await self._attempt_in_turn(request, attempt, lambda: False)

    @spawned
    async def on_infer_stream(self, message: InferStream, sink: Sink) -> Response:
        """Answer a request piece by piece."""
        request = message.request
        tap = Tap(sink)

        async def attempt(target: Target, number: int) -> Response:
            nonlocal tap
            tap = Tap(sink)
            call = StreamCall(request=request, target=target, attempt=number)
            response = await self._connection(target.instance).ask(call, sink=tap)
            if not tap.committed:
                await tap.commit()
            return response

        return await self._attempt_in_turn(request, attempt, lambda: tap.committed)

    async def _attempt_in_turn(
        self, request: Request, attempt: MakeAttempt, is_committed: Callable[[], bool]
    ) -> Response:
        started = self.clock.monotonic()
        route = Route(model=request.model, provider=request.provider, tier=request.tier)
        resolution = await self._router.ask(route)
        return await attempt_in_turn(
            request, resolution, self._max_attempts, attempt, is_committed, lambda: self.clock.monotonic() - started
        )

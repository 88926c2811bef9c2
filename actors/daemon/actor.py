"""Asks the daemon first, and answers directly where it cannot."""

from __future__ import annotations

import math
from typing import Any, Final

import attrs
import trio

from ...messages.chat import Request
from ...messages.daemon import AskDaemon, AskResult, DaemonAnswer, DaemonStatus
from ...messages.errors import DaemonDeniedError, DaemonRateLimitedError
from ...messages.routing import Infer
from ...runtime import Actor, Address, spawned
from .port import DaemonClient

# Seconds for which a daemon that was well is taken to be well; one that was not is looked at anew every time.
_TRUSTED: Final = 30.0
# Seconds that one visit for an accepted answer waits there.
_VISIT: Final = 10.0
_CLOSE_TIMEOUT: Final = 1.0


class Daemon(Actor[AskDaemon]):
    """Owns what is known of the daemon's health. Takes AskDaemon. Asks inference where the daemon does not answer.

    Args:
        client: Speaks to the daemon; None: there is none.
        inference: Answers directly.
    """

    def __init__(self, client: DaemonClient | None, inference: Address) -> None:
        super().__init__()
        self._client = client
        self._inference = inference
        # Touched by the tasks of this actor's loop between two awaits, where nobody comes between.
        self._well_until = -math.inf
        self._probe: trio.Event | None = None
        self._counts = dict.fromkeys(DaemonStatus, 0)

    async def on_start(self) -> None:
        """Take care of the connections."""
        if self._client is not None:
            self.spawn(self._hold_client, self._client)

    @spawned
    async def on_ask_daemon(self, message: AskDaemon) -> AskResult:
        """Answer.

        Raises:
            DaemonDeniedError: The daemon refuses; asking elsewhere would go round its policy.
            DaemonRateLimitedError: It has had enough for now.
            LegionError: It cannot answer, and neither can this gateway.
        """
        request = message.request
        client = self._client
        if client is not None and await self._is_well(client):
            answer = await _answer_of(client, request)
            self._counts[answer.status] += 1
            if answer.status is DaemonStatus.DONE:
                return _from_daemon(request, answer)
            _refuse(answer)
            self._well_until = -math.inf
        return await self._directly(request)

    async def _is_well(self, client: DaemonClient) -> bool:
        """Whether the daemon is there; of those who want to know at once, one looks and the others wait for what it sees."""
        if self.clock.monotonic() < self._well_until:
            return True
        if self._probe is None:
            return await self._look(client)
        await self._probe.wait()
        return self.clock.monotonic() < self._well_until

    async def _look(self, client: DaemonClient) -> bool:
        probe = self._probe = trio.Event()
        try:
            is_well = await client.is_healthy()
            self._well_until = self.clock.monotonic() + _TRUSTED if is_well else -math.inf
            return is_well
        finally:
            self._probe = None
            probe.set()

    async def _directly(self, request: Request) -> AskResult:
        response = await self._inference.ask(Infer(request=request))
        routing = response.routing
        meta = {
            "tier": None if routing is None else routing.tier,
            "provider": None if routing is None else routing.provider,
            "model": response.model if routing is None else routing.model,
            "tokens_in": response.usage.input_tokens,
            "tokens_out": response.usage.output_tokens,
        }
        return AskResult(text=response.text, via="direct", request_id=request.id, meta=meta)

    async def _hold_client(self, client: DaemonClient) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await client.aclose()

    def snapshot(self) -> dict[str, Any]:
        """Return what the daemon said so far, and whether it is taken to be well."""
        return {
            "well": self.clock.monotonic() < self._well_until,
            "answers": {str(status): count for status, count in self._counts.items()},
        }


def _from_daemon(request: Request, answer: DaemonAnswer) -> AskResult:
    return AskResult(
        text=str(answer.data.get("response", "")),
        via="daemon",
        request_id=request.id,
        meta=dict(answer.data.get("meta") or {}),
    )


def _refuse(answer: DaemonAnswer) -> None:
    """Raise what must not be gone round."""
    if answer.status is DaemonStatus.DENIED:
        raise DaemonDeniedError(answer.message or "the daemon refuses this request")
    if answer.status is DaemonStatus.RATE_LIMITED:
        raise DaemonRateLimitedError(
            answer.message or "the daemon takes no more for now", retry_after=answer.retry_after or 0.0
        )


async def _answer_of(client: DaemonClient, request: Request) -> DaemonAnswer:
    answer = await client.chat(request)
    while answer.status is DaemonStatus.ACCEPTED and answer.poll is not None:
        fetched = await client.fetch(answer.poll, _VISIT)
        answer = attrs.evolve(fetched, poll=fetched.poll or answer.poll)
    return answer

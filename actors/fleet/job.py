"""One request at its worker: who waits for it, and how far a stream of it may go."""

from __future__ import annotations

import asyncio

from ...messages.fleet import FleetRequest


class Job:
    """Work that is under way, for one request or several that are the same.

    Attributes:
        request: The one that began it.
        waiting: All that wait for it, by correlation id, the first one first.
        frames: Frames that were sent.
    """

    def __init__(self, request: FleetRequest) -> None:
        self.request = request
        self.waiting: dict[str, FleetRequest] = {request.correlation_id: request}
        self.frames = 0
        self._credits = request.credits
        self._more = asyncio.Event()
        self._given_up = asyncio.Event()

    def join(self, request: FleetRequest) -> None:
        """Wait for it, too: it is the same request, sent again."""
        self.waiting.setdefault(request.correlation_id, request)

    def leave(self, correlation_id: str) -> None:
        """Wait no more; the work is given up with the last one."""
        self.waiting.pop(correlation_id, None)
        self._more.set()
        if not self.waiting:
            self._given_up.set()

    def credit(self, frames: int) -> None:
        """Let so many more frames be sent."""
        self._credits += frames
        self._more.set()

    @property
    def reader(self) -> FleetRequest | None:
        """Who reads the frames: the one that began it, while it waits."""
        return self.waiting.get(self.request.correlation_id)

    async def may_send(self) -> bool:
        """Wait until a frame may be sent; False where nobody reads them any more."""
        while self.reader is not None and self._credits <= 0:
            self._more.clear()
            await self._more.wait()
        self._credits -= 1
        return self.reader is not None

    async def given_up(self) -> None:
        """Wait until nobody waits for it any more."""
        await self._given_up.wait()

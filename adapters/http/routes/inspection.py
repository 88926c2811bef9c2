"""GET /api/llm/inspect/…: what the dashboard shows, for those who may look in. Nothing is changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ....messages.errors import InvalidRequestError, TargetUnavailable
from ...dialects.native.errors import enveloped
from ..answers import fresh_request_id
from ..insight import Insight
from ..waiting import unless_stopped

# Seconds between two looks of those who watch, and how many may watch at once.
_INTERVAL: Final = 1.0
_MOST_WATCHERS: Final = 16


class InspectionRoutes:
    """Answers the dashboard.

    Args:
        insight: Looks at the system.
    """

    def __init__(self, insight: Insight) -> None:
        self._insight = insight
        self._watchers = 0
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let nobody watch any more: the server stops, and would wait for them."""
        self._ended.set()

    async def live(self, request: Request) -> Response:
        """Tell how all of it stands, as an event every second, for as long as the client listens.

        Raises:
            TargetUnavailable: Too many listen already.
        """
        if self._watchers >= _MOST_WATCHERS:
            raise TargetUnavailable(f"{_MOST_WATCHERS} watch already", retry_after=_INTERVAL)
        headers = {**_headers(request), "x-accel-buffering": "no"}
        return StreamingResponse(self._looks(), media_type="text/event-stream", headers=headers)

    async def _looks(self) -> AsyncIterator[bytes]:
        self._watchers += 1
        try:
            while not self._ended.is_set():
                seen = await self._insight.answer("overview", {})
                yield b"event: overview\ndata: " + orjson.dumps(seen) + b"\n\n"
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), _INTERVAL)
        finally:
            self._watchers -= 1

    async def overview(self, request: Request) -> Response:
        """Tell how all of it stands, once."""
        return await self._answer(request, "overview")

    async def actor(self, request: Request) -> Response:
        """Describe one actor with its own state.

        Raises:
            NotFoundError: There is no such actor.
        """
        return await self._answer(request, "actor", path=request.query_params.get("path", ""))

    async def requests(self, request: Request) -> Response:
        """List the last requests, newest first.

        Raises:
            InvalidRequestError: `most` is no number of them.
        """
        return await self._answer(request, "requests", most=_number(request, "most", 100))

    async def one_request(self, request: Request) -> Response:
        """Show one request's timeline.

        Raises:
            NotFoundError: It is not among those that are kept.
        """
        return await self._answer(request, "request", id=request.path_params["id"])

    async def usage(self, request: Request) -> Response:
        """Add up what was used, hour by hour.

        Raises:
            InvalidRequestError: `hours` is no number of them.
            StoreError: The ledger cannot be read now.
        """
        return await self._answer(request, "usage", hours=_number(request, "hours", 24))

    async def _answer(self, request: Request, op: str, **args: Any) -> Response:
        told = await unless_stopped(self._insight.answer(op, args))
        return Response(enveloped(told), media_type="application/json", headers=dict(_headers(request)))


def _headers(request: Request) -> Mapping[str, str]:
    return {"x-request-id": fresh_request_id(request.scope["headers"]).decode(), "cache-control": "no-store"}


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, str(otherwise))
    try:
        return int(text)
    except ValueError:
        raise InvalidRequestError(f"{name} must be a number, not {text!r}", param=name) from None

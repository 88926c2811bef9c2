"""GET /, /healthz and /readyz: what this is, whether it lives, whether it takes requests."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from .... import __version__
from ...daemon.client import PROCESS
from ..answers import fresh_request_id
from ..gateway import Gateway


class StatusRoutes:
    """Answers load balancers, orchestrators and people who look in; asks no actor, so it answers whatever they do.

    Args:
        gateway: Whose state.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def product(self, request: Request) -> Response:
        """Name product and version."""
        return _answer(request, 200, {"product": "Legion LLM", "version": __version__})

    async def alive(self, request: Request) -> Response:
        """Say that the event loop runs."""
        return _answer(request, 200, {"status": "alive"})

    async def health(self, request: Request) -> Response:
        """Say whether requests are taken, and by which process: a gateway that asks another first must not ask itself."""
        ready, reason = self._gateway.readiness()
        state = {"status": "ready"} if ready else {"status": "not ready", "reason": reason}
        return _answer(request, 200 if ready else 503, {**state, "process": PROCESS})

    async def ready(self, request: Request) -> Response:
        """Say whether requests are taken, and else why not (503); and whether the store cannot be used meanwhile."""
        ready, reason = self._gateway.readiness()
        if ready:
            fault = self._gateway.store_fault()
            # Routing needs no store, so this is no reason to send requests elsewhere; but whoever looks shall see it.
            return _answer(request, 200, {"status": "ready"} if fault is None else {"status": "ready", "store": fault})
        return _answer(request, 503, {"status": "not ready", "reason": reason})


def _answer(request: Request, status: int, body: dict[str, Any]) -> Response:
    headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode(), "cache-control": "no-store"}
    return Response(orjson.dumps(body), status, headers, "application/json")

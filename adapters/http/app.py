"""The routes put together, and what becomes of errors on all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...messages.errors import InvalidRequestError, LegionError, NotFoundError
from ..dialects.protocol import ErrorDialect, ServedDialect
from .answers import Answer, error_answer, fresh_request_id, send_answer
from .config import HttpApiConfig
from .deliveries import Deliveries
from .faults import CLOSE, HttpFault
from .gate import Gate
from .gateway import Gateway
from .insight import Insight, Reload
from .routes.chat import ChatEndpoint
from .routes.delivered import DeliveredChat
from .table import Row, route_table


def build_app(
    gateway: Gateway,
    config: HttpApiConfig,
    dialect: ServedDialect,
    others: Mapping[str, ServedDialect] = MappingProxyType({}),
    insight: Insight | None = None,
    reload: Reload | None = None,
) -> HttpApp:
    """Return the ASGI application; it runs on `GuestServer`.

    Args:
        gateway: Who answers.
        config: Limits.
        dialect: OpenAI's chat dialect; errors of every route without a dialect of its own are put in its words.
        others: More dialects to chat in, by path ("/v1/messages").
        insight: Looks at the system for operators; None: there is nothing for them here.
        reload: Reads the settings anew; None: nobody can.
    """
    rows = route_table(gateway, config, dialect, others, insight, reload)
    explain = _Explain(rows, dialect)
    front = _Front(rows, Gate(rows, config.keyring, time.monotonic, guests_go_to=config.settings.pass_through), explain)
    deliveries = [row.endpoint.deliveries for row in rows if isinstance(row.endpoint, DeliveredChat)]
    endings = [row.on_stop for row in rows if row.on_stop is not None]
    return HttpApp(ServerErrorMiddleware(front, handler=explain), deliveries, endings)


class HttpApp:
    """The application, and what it keeps for clients that come back.

    Args:
        app: Answers requests.
        deliveries: Kept answers.
        endings: End the answers that would not end by themselves.
    """

    def __init__(
        self, app: ASGIApp, deliveries: Iterable[Deliveries], endings: Iterable[Callable[[], None]] = ()
    ) -> None:
        self._app = app
        self._deliveries = tuple(deliveries)
        self._endings = tuple(endings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    def end_watches(self) -> None:
        """End what goes on for as long as a client listens; other answers may still be finished."""
        for end in self._endings:
            end()

    async def close(self) -> None:
        """Give up what clients have not come back for."""
        for deliveries in self._deliveries:
            await deliveries.close()


class _Front:
    """What every request meets first: the gate, then its route."""

    def __init__(self, rows: tuple[Row, ...], gate: Gate, explain: _Explain) -> None:
        self._gate = gate
        self._explain = explain
        self._chats = {row.path: row.endpoint for row in rows if isinstance(row.endpoint, ChatEndpoint)}
        self._routes = _routes(rows, explain)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._gate.admit(scope)
        except HttpFault as refused:
            await send_answer(send, self._explain.answer(scope, refused))
            return
        # The hot path goes round the routing, whose layers cost as much as the endpoint.
        chat = self._chats.get(scope["path"])
        if chat is not None and scope["method"] == "POST":
            await chat(scope, receive, send)
        else:
            await self._routes(scope, receive, send)


def _routes(rows: tuple[Row, ...], explain: _Explain) -> Starlette:
    app = Starlette(
        routes=[Route(row.path, row.endpoint, methods=list(row.methods)) for row in rows],
        exception_handlers={LegionError: explain, HttpFault: explain, HTTPException: explain, Exception: explain},
    )
    app.router.redirect_slashes = False  # a redirected POST loses its body
    return app


class _Explain:
    """Turns what a route raised into an answer in the words of the route's dialect."""

    def __init__(self, rows: tuple[Row, ...], usual: ErrorDialect) -> None:
        self._exact = {row.path: row.dialect or usual for row in rows}
        self._patterns = [
            (Route(row.path, row.endpoint, methods=list(row.methods)), row.dialect)
            for row in rows
            if "{" in row.path and row.dialect is not None
        ]
        self._usual = usual

    async def __call__(self, request: Request, error: Exception) -> Response:
        answer = self.answer(request.scope, _explained(request, error))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.body, answer.status, headers)

    def answer(self, scope: Scope, failure: LegionError | HttpFault) -> Answer:
        """Return the answer for a failure of a request."""
        return error_answer(self._dialect(scope), failure, fresh_request_id(scope["headers"]))

    def _dialect(self, scope: Scope) -> ErrorDialect:
        exact = self._exact.get(scope["path"])
        if exact is not None:
            return exact
        matching = (dialect for route, dialect in self._patterns if route.matches(scope)[0] is not Match.NONE)
        return next(matching, self._usual)


def _explained(request: Request, error: Exception) -> LegionError | HttpFault:
    if isinstance(error, (LegionError, HttpFault)):
        return error
    if not isinstance(error, HTTPException):
        # A bug; the server logs it and closes the connection. What it says is not for clients.
        return HttpFault(500, LegionError("internal error"), (CLOSE,))
    where = request.scope["path"]
    if error.status_code == 405:  # noqa: PLR2004 - Method Not Allowed
        return _not_allowed(request.method, where, (error.headers or {}).get("Allow", ""))
    return NotFoundError(f"there is no {request.method} {where} here")


def _not_allowed(method: str, where: str, allowed: str) -> HttpFault:
    methods = ", ".join(sorted(allowed.split(", ")))
    return HttpFault(405, InvalidRequestError(f"{method} {where}: use {methods}"), ((b"allow", methods.encode()),))

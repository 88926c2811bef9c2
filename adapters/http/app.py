"""The routes, and what becomes of errors on all of them."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...messages.errors import InvalidRequestError, LegionError, NotFoundError
from ..dialects.protocol import ServedDialect
from .answers import error_answer, fresh_request_id
from .config import HttpApiConfig
from .faults import CLOSE, HttpFault
from .gateway import Gateway
from .routes.chat import ChatEndpoint
from .routes.models import ModelRoutes
from .routes.status import StatusRoutes

_CHAT: Final = "/v1/chat/completions"


def build_app(gateway: Gateway, config: HttpApiConfig, dialect: ServedDialect) -> ASGIApp:
    """Return the ASGI application; it runs on `GuestServer`.

    Args:
        gateway: Who answers.
        config: Limits.
        dialect: OpenAI's chat dialect; errors of every route are put in its words.
    """
    chat = ChatEndpoint(gateway, dialect, config)
    routes = _routes(gateway, chat, dialect)

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        # The hot path goes round the routing, whose layers cost as much as the endpoint.
        if scope["path"] == _CHAT and scope["method"] == "POST":
            await chat(scope, receive, send)
        else:
            await routes(scope, receive, send)

    return ServerErrorMiddleware(front, handler=_Explain(dialect))


def _routes(gateway: Gateway, chat: ChatEndpoint, dialect: ServedDialect) -> Starlette:
    models, status = ModelRoutes(gateway), StatusRoutes(gateway)
    explain = _Explain(dialect)
    app = Starlette(
        routes=[
            Route(_CHAT, chat, methods=["POST"]),
            Route("/v1/models", models.every),
            Route("/v1/models/{id:path}", models.one),
            Route("/healthz", status.alive),
            Route("/readyz", status.ready),
            Route("/", status.product),
        ],
        exception_handlers={LegionError: explain, HTTPException: explain, Exception: explain},
    )
    app.router.redirect_slashes = False  # a redirected POST loses its body
    return app


class _Explain:
    """Turns what a route raised into an answer in the dialect's words."""

    def __init__(self, dialect: ServedDialect) -> None:
        self._dialect = dialect

    async def __call__(self, request: Request, error: Exception) -> Response:
        request_id = fresh_request_id(request.scope["headers"])
        answer = error_answer(self._dialect, _explained(request, error), request_id)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.body, answer.status, headers)


def _explained(request: Request, error: Exception) -> LegionError | HttpFault:
    if isinstance(error, LegionError):
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

"""The routes, and what becomes of errors on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...messages.errors import AccessDeniedError, InvalidRequestError, LegionError, NotFoundError
from ..dialects.ollama import OllamaEmbed
from ..dialects.openai_embeddings import OpenAIEmbeddings
from ..dialects.protocol import ErrorDialect, ServedDialect, ServedEmbeddings, TokenCounting
from .answers import Answer, error_answer, fresh_request_id, send_answer
from .config import HttpApiConfig
from .faults import CLOSE, HttpFault
from .gateway import Gateway
from .identity import CALLER
from .routes.chat import ChatEndpoint
from .routes.embeddings import EmbeddingsRoute
from .routes.models import ModelRoutes
from .routes.status import StatusRoutes
from .routes.tokens import TokenCount

_CHAT: Final = "/v1/chat/completions"
_EMBEDDINGS: Final[Mapping[str, ServedEmbeddings]] = {
    "/v1/embeddings": OpenAIEmbeddings(),
    "/api/embed": OllamaEmbed(),
    "/api/embeddings": OllamaEmbed(is_old=True),
}

# What load balancers ask, who have no key.
_OPEN: Final = frozenset({"/", "/healthz", "/readyz"})
_CHALLENGE: Final = (b"www-authenticate", b"Bearer")


def build_app(
    gateway: Gateway,
    config: HttpApiConfig,
    dialect: ServedDialect,
    others: Mapping[str, ServedDialect] = MappingProxyType({}),
) -> ASGIApp:
    """Return the ASGI application; it runs on `GuestServer`.

    Args:
        gateway: Who answers.
        config: Limits.
        dialect: OpenAI's chat dialect; errors of every route without a dialect of its own are put in its words.
        others: More dialects to chat in, by path ("/v1/messages").
    """
    dialects = {_CHAT: dialect, **others}
    counts = {f"{path}/count_tokens": spoken for path, spoken in dialects.items() if isinstance(spoken, TokenCounting)}
    chats = {path: ChatEndpoint(gateway, spoken, config) for path, spoken in dialects.items()}
    explain = _Explain({**dialects, **counts, **_EMBEDDINGS}, dialect)
    more = [
        Route(path, TokenCount(spoken.parse_count_request, config).count, methods=["POST"])
        for path, spoken in counts.items()
    ]
    more += [
        Route(path, EmbeddingsRoute(gateway, spoken, config).embed, methods=["POST"])
        for path, spoken in _EMBEDDINGS.items()
    ]
    routes = _routes(gateway, chats, more, explain)

    keyring = config.keyring

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if keyring is not None and scope["path"] not in _OPEN:
            # Before the body is read, and by who the caller is, not by what it says.
            try:
                scope[CALLER] = keyring.holder(scope["headers"])
            except AccessDeniedError as denied:
                await send_answer(send, explain.answer(scope, HttpFault(401, denied, (_CHALLENGE,))))
                return
        # The hot path goes round the routing, whose layers cost as much as the endpoint.
        chat = chats.get(scope["path"])
        if chat is not None and scope["method"] == "POST":
            await chat(scope, receive, send)
        else:
            await routes(scope, receive, send)

    return ServerErrorMiddleware(front, handler=explain)


def _routes(gateway: Gateway, chats: Mapping[str, ChatEndpoint], more: Iterable[Route], explain: _Explain) -> Starlette:
    models, status = ModelRoutes(gateway), StatusRoutes(gateway)
    app = Starlette(
        routes=[
            *(Route(path, chat, methods=["POST"]) for path, chat in chats.items()),
            *more,
            Route("/v1/models", models.every),
            Route("/v1/models/{id:path}", models.one),
            Route("/healthz", status.alive),
            Route("/readyz", status.ready),
            Route("/", status.product),
        ],
        exception_handlers={LegionError: explain, HttpFault: explain, HTTPException: explain, Exception: explain},
    )
    app.router.redirect_slashes = False  # a redirected POST loses its body
    return app


class _Explain:
    """Turns what a route raised into an answer in the words of the route's dialect."""

    def __init__(self, dialects: Mapping[str, ErrorDialect], usual: ErrorDialect) -> None:
        self._dialects = dialects
        self._usual = usual

    async def __call__(self, request: Request, error: Exception) -> Response:
        answer = self.answer(request.scope, _explained(request, error))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.body, answer.status, headers)

    def answer(self, scope: Scope, failure: LegionError | HttpFault) -> Answer:
        """Return the answer for a failure of a request."""
        dialect = self._dialects.get(scope["path"], self._usual)
        return error_answer(dialect, failure, fresh_request_id(scope["headers"]))


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

"""The routes as a table: what is asked where, in whose words, and who may."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from ..dialects.gemini import GeminiCall
from ..dialects.native import NativeErrors, NativeInference
from ..dialects.ollama import Loading, OllamaChat, OllamaEmbed, OllamaGenerate
from ..dialects.openai_embeddings import OpenAIEmbeddings
from ..dialects.protocol import ErrorDialect, ServedDialect, ServedEmbeddings, TokenCounting
from .config import HttpApiConfig
from .gateway import Gateway
from .insight import Insight, Reload
from .routes.admin import AdminRoutes
from .routes.catalogue import CatalogueRoutes
from .routes.chat import ChatEndpoint
from .routes.delivered import DeliveredChat
from .routes.description import DescriptionRoute
from .routes.embeddings import EmbeddingsRoute
from .routes.gemini import VERSIONS as GEMINI_VERSIONS
from .routes.gemini import CountEndpoint, EmbedEndpoint, GenerateEndpoint, nothing_here
from .routes.inference import InferenceEndpoint
from .routes.inspection import InspectionRoutes
from .routes.metrics import MetricsRoute
from .routes.models import ModelRoutes
from .routes.ollama import MANAGEMENT, LoadingEndpoint, OllamaEmbeddings, OllamaRoutes, refuse_management
from .routes.pages import Pages
from .routes.responses import ResponsesEndpoint
from .routes.route import RouteExplanation
from .routes.status import StatusRoutes
from .routes.tokens import TokenCount

CHAT: Final = "/v1/chat/completions"
RESPONSES: Final = "/v1/responses"
_EMBEDDINGS: Final[Mapping[str, ServedEmbeddings]] = {
    "/v1/embeddings": OpenAIEmbeddings(),
}


_ALL: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Access(enum.Enum):
    """Who may use a route, where there are keys."""

    OPEN = "open"  # everybody: what load balancers ask, who have no key
    KEY = "key"  # the holder of any key
    INSPECT = "inspect"  # the holder of a key that says so, or an administrator; without keys, who is on this machine
    PAGE = "page"  # everybody, for it shows nothing before a key is shown; without keys, who is on this machine
    ADMIN = "admin"  # the holder of a key that says so


@attrs.frozen(kw_only=True)
class Row:
    """One route.

    Attributes:
        path: As Starlette writes it ("/v1/models/{id:path}").
        endpoint: A Starlette endpoint, or an ASGI application.
        methods: HTTP methods; GET brings HEAD along.
        dialect: Whose words its errors are in; None: OpenAI's.
        on_stop: Called when the server is about to stop, for what would not end by itself; None: nothing would.
    """

    path: str
    endpoint: Callable[..., Any]
    methods: tuple[str, ...] = ("GET",)
    dialect: ErrorDialect | None = None
    access: Access = Access.KEY
    on_stop: Callable[[], None] | None = None


def route_table(
    gateway: Gateway,
    config: HttpApiConfig,
    dialect: ServedDialect,
    others: Mapping[str, ServedDialect],
    insight: Insight | None = None,
    reload: Reload | None = None,
) -> tuple[Row, ...]:
    """Return every route; the arguments are those of `build_app`."""
    rows = (*_rows(gateway, config, dialect, others), *_insight(insight, config), *_admin(reload))
    description = DescriptionRoute(rows)
    described = Row(path="/openapi.json", endpoint=description.describe, access=Access.OPEN)
    description.rows = (*rows, described)
    return description.rows


def _rows(
    gateway: Gateway, config: HttpApiConfig, dialect: ServedDialect, others: Mapping[str, ServedDialect]
) -> tuple[Row, ...]:
    post = ("POST",)
    models, status = ModelRoutes(gateway), StatusRoutes(gateway)
    dialects = {CHAT: dialect, **others}
    return (
        *[
            Row(path=path, endpoint=ChatEndpoint(gateway, spoken, config), methods=post, dialect=spoken)
            for path, spoken in dialects.items()
            if path != RESPONSES
        ],
        *_responses(gateway, config, dialects.get(RESPONSES)),
        *[
            Row(
                path=f"{path}/count_tokens",
                endpoint=TokenCount(gateway, spoken, config).count,
                methods=post,
                dialect=spoken,
            )
            for path, spoken in dialects.items()
            if isinstance(spoken, TokenCounting)
        ],
        *[
            Row(path=path, endpoint=EmbeddingsRoute(gateway, spoken, config).embed, methods=post, dialect=spoken)
            for path, spoken in _EMBEDDINGS.items()
        ],
        *_gemini(gateway, config, models),
        *_ollama(gateway, config),
        *_native(gateway, config),
        Row(path="/v1/models", endpoint=models.every),
        Row(path="/v1/models/{id:path}", endpoint=models.one),
        Row(path="/healthz", endpoint=status.alive, access=Access.OPEN),
        Row(path="/readyz", endpoint=status.ready, access=Access.OPEN),
        Row(path="/", endpoint=status.product, access=Access.OPEN),
    )


def _responses(gateway: Gateway, config: HttpApiConfig, dialect: ServedDialect | None) -> Iterator[Row]:
    if dialect is None:
        return
    endpoint = ResponsesEndpoint(gateway, dialect, config)
    yield Row(path=RESPONSES, endpoint=endpoint, methods=("POST",), dialect=dialect)
    yield Row(path=f"{RESPONSES}/{{id}}/input_items", endpoint=endpoint.input_items, dialect=dialect)
    yield Row(path=f"{RESPONSES}/{{id}}", endpoint=endpoint.kept, methods=("GET", "DELETE"), dialect=dialect)


def _native(gateway: Gateway, config: HttpApiConfig) -> tuple[Row, ...]:
    """Return the routes of the gateway's own API."""
    catalogue, words, post = CatalogueRoutes(gateway), NativeErrors(), ("POST",)
    chat = DeliveredChat(gateway, config)
    return (
        Row(
            path="/api/llm/inference",
            endpoint=InferenceEndpoint(gateway, NativeInference(), config),
            methods=post,
            dialect=words,
        ),
        Row(path="/api/llm/chat", endpoint=chat, methods=post, dialect=words),
        Row(path="/api/llm/chat/{id}", endpoint=chat.fetch, dialect=words),
        Row(path="/api/llm/route", endpoint=RouteExplanation(gateway, config).explain, methods=post, dialect=words),
        Row(path="/api/llm/providers", endpoint=catalogue.providers, dialect=words),
        Row(path="/api/llm/providers/{name:path}/models", endpoint=catalogue.models_of, dialect=words),
        Row(path="/api/llm/providers/{name:path}", endpoint=catalogue.provider, dialect=words),
        Row(path="/api/llm/models", endpoint=catalogue.models, dialect=words),
        Row(path="/api/llm/models/{id:path}", endpoint=catalogue.model, dialect=words),
        Row(path="/api/llm/offerings", endpoint=catalogue.offerings, dialect=words),
        Row(path="/api/health", endpoint=StatusRoutes(gateway).health, access=Access.OPEN),
    )


def _insight(insight: Insight | None, config: HttpApiConfig) -> tuple[Row, ...]:
    """Return the routes of those who look in."""
    if insight is None:
        return ()
    words, looks = NativeErrors(), InspectionRoutes(insight)
    asked = {
        "live": looks.live,
        "overview": looks.overview,
        "actor": looks.actor,
        "requests": looks.requests,
        "requests/{id}": looks.one_request,
        "usage": looks.usage,
    }
    return (
        Row(path="/metrics", endpoint=MetricsRoute(insight).metrics, access=Access.INSPECT),
        *[
            Row(
                path=f"/api/llm/inspect/{name}",
                endpoint=endpoint,
                dialect=words,
                access=Access.INSPECT,
                on_stop=looks.end,
            )
            for name, endpoint in asked.items()
        ],
        *(_pages() if config.settings.dashboard else ()),
    )


def _pages() -> tuple[Row, ...]:
    """Return the routes of the dashboard."""
    pages = Pages()
    return (
        Row(path="/ui", endpoint=pages.page, access=Access.PAGE),
        Row(path="/ui/{name}", endpoint=pages.file, access=Access.PAGE),
    )


def _admin(reload: Reload | None) -> tuple[Row, ...]:
    """Return the routes of administrators."""
    if reload is None:
        return ()
    endpoint = AdminRoutes(reload).reload
    path = "/api/llm/admin/reload"
    return (Row(path=path, endpoint=endpoint, methods=("POST",), dialect=NativeErrors(), access=Access.ADMIN),)


def _gemini(gateway: Gateway, config: HttpApiConfig, models: ModelRoutes) -> Iterator[Row]:
    """Gemini's clients have versions of their own; those that ask for v1 share it with OpenAI's, whose models have no methods."""
    whole = GenerateEndpoint(gateway, config, stream=False)
    stream = GenerateEndpoint(gateway, config, stream=True)
    spoken = GeminiCall()
    for version in GEMINI_VERSIONS:
        model = f"/{version}/models/{{model:path}}"
        yield Row(path=f"{model}:generateContent", endpoint=whole, methods=("POST",), dialect=spoken)
        yield Row(path=f"{model}:streamGenerateContent", endpoint=stream, methods=("POST",), dialect=spoken)
        yield Row(
            path=f"{model}:countTokens",
            endpoint=CountEndpoint(gateway, config).count,
            methods=("POST",),
            dialect=spoken,
        )
        for method, is_batch in (("embedContent", False), ("batchEmbedContents", True)):
            endpoint = EmbedEndpoint(gateway, config, is_batch=is_batch).embed
            yield Row(path=f"{model}:{method}", endpoint=endpoint, methods=("POST",), dialect=spoken)
        if version != "v1":
            yield Row(path=f"/{version}/models", endpoint=models.every, dialect=spoken)
            yield Row(path=f"/{version}/models/{{id:path}}", endpoint=models.one, dialect=spoken)
            yield Row(path=f"/{version}/{{rest:path}}", endpoint=nothing_here, methods=_ALL, dialect=spoken)


def _ollama(gateway: Gateway, config: HttpApiConfig) -> Iterator[Row]:
    """Return what Ollama's clients ask for; what they would have changed at a provider is refused."""
    routes, chat, post = OllamaRoutes(gateway, config), OllamaChat(), ("POST",)
    chats: Mapping[str, Loading] = {"/api/chat": chat, "/api/generate": OllamaGenerate()}
    for path, spoken in chats.items():
        yield Row(path=path, endpoint=LoadingEndpoint(gateway, spoken, config), methods=post, dialect=spoken)
    for path, embedding in {"/api/embed": OllamaEmbed(), "/api/embeddings": OllamaEmbed(is_old=True)}.items():
        endpoint = OllamaEmbeddings(gateway, embedding, config).embed
        yield Row(path=path, endpoint=endpoint, methods=post, dialect=embedding)
    yield Row(path="/api/tags", endpoint=routes.tags, dialect=chat)
    yield Row(path="/api/ps", endpoint=routes.running, dialect=chat)
    yield Row(path="/api/show", endpoint=routes.show, methods=post, dialect=chat)
    yield Row(path="/api/version", endpoint=routes.version, dialect=chat)
    for method, path in MANAGEMENT:
        yield Row(path=path, endpoint=refuse_management, methods=(method,), dialect=chat)

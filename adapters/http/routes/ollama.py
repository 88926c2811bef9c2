"""Ollama's own routes: chats that may only load a model, lists of models, and what a gateway does not do for clients."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, TypeGuard

import attrs
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Scope, Send

from ....messages.chat import ModelInfo, Request
from ....messages.embedding import EmbedRequest, EmbedResponse
from ....messages.errors import RefusedError, UnknownModelError
from ...dialects.ollama import Loading
from ...dialects.ollama.listing import (
    LATEST,
    parse_show_request,
    render_running,
    render_show,
    render_tags,
    render_version,
)
from ..answers import JSON, Answer, fresh_request_id, send_answer
from ..body import JsonBody
from ..config import HttpApiConfig
from ..faults import HttpFault
from ..gateway import Gateway
from ..waiting import unless_stopped
from .chat import ChatEndpoint
from .embeddings import EmbeddingsRoute
from .models import ModelRoutes, named

# What would change a provider's models, by method and path.
MANAGEMENT: Final = (
    ("POST", "/api/pull"),
    ("POST", "/api/push"),
    ("POST", "/api/create"),
    ("POST", "/api/copy"),
    ("DELETE", "/api/delete"),
    ("POST", "/api/blobs/{digest}"),
)


class LoadingEndpoint(ChatEndpoint):
    """A client that says nothing wants its model to be loaded. When that happens is its provider's business: it is told that the model is there.

    Args:
        gateway: Who answers.
        dialect: What the clients of this path speak.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, dialect: Loading, config: HttpApiConfig) -> None:
        super().__init__(gateway, dialect, config)
        self._listed = gateway
        self._loading = dialect

    async def answer(self, request: Request, request_id: bytes, scope: Scope, send: Send) -> None:
        """Answer a request that was let in; see `ChatEndpoint`.

        Raises:
            UnknownModelError: There is no model to load.
        """
        if _is_tagged(request.model):
            request = attrs.evolve(request, model=await _known_as(self._listed, request.model))
        if request.messages:
            await super().answer(request, request_id, scope, send)
            return
        if request.model is not None:
            await _model(self._listed, request.model)
        headers = (JSON, (b"x-request-id", request_id))
        await send_answer(send, Answer(HTTPStatus.OK, self._loading.render_loaded(request), headers))


class OllamaEmbeddings(EmbeddingsRoute):
    """Embeds for clients who name models with their tags."""

    async def _answered(self, request: HttpRequest, wanted: EmbedRequest) -> EmbedResponse:
        if _is_tagged(wanted.model):
            wanted = attrs.evolve(wanted, model=await _known_as(self._gateway, wanted.model))
        return await super()._answered(request, wanted)


class OllamaRoutes:
    """Lists the gateway's models in Ollama's words.

    Args:
        gateway: Whose.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, config: HttpApiConfig) -> None:
        self._gateway = gateway
        self._config = config
        self._models = ModelRoutes(gateway)

    async def tags(self, request: HttpRequest) -> HttpResponse:
        """Answer with all models, each name once."""
        return _answer(request, render_tags(await self._models.once_each()))

    async def running(self, request: HttpRequest) -> HttpResponse:
        """Answer with the models that are in memory."""
        return _answer(request, render_running(await self._models.once_each()))

    async def show(self, request: HttpRequest) -> HttpResponse:
        """Answer with the details of one model.

        Raises:
            LegionError: The body is malformed, or there is no such model.
            HttpFault: It is too large, too slow, or no JSON.
        """
        headers = request.scope["headers"]
        body = await unless_stopped(JsonBody(headers, request.receive, self._config.settings).read())
        return _answer(request, render_show(await _model(self._gateway, parse_show_request(body))))

    async def version(self, request: HttpRequest) -> HttpResponse:
        """Answer with the version of the API that is spoken here."""
        return _answer(request, render_version())


async def refuse_management(request: HttpRequest) -> HttpResponse:
    """Refuse to change which models a provider has.

    Raises:
        HttpFault: Always.
    """
    raise HttpFault(
        HTTPStatus.FORBIDDEN,
        RefusedError(
            f"{request.url.path} is not served: clients of a gateway cannot change which models its providers have; do that at the Ollama server"
        ),
    )


def _is_tagged(model: str | None) -> TypeGuard[str]:
    return model is not None and model.endswith(LATEST)


async def _known_as(gateway: Gateway, model: str) -> str:
    """Return the name by which a model is known here: clients give the usual tag to those that have none."""
    models, bare = await gateway.models(), model.removesuffix(LATEST)
    return bare if named(model, models) is None and named(bare, models) is not None else model


async def _model(gateway: Gateway, name: str) -> ModelInfo:
    model = named(await _known_as(gateway, name), await gateway.models())
    if model is None:
        raise UnknownModelError(f"model {name!r} not found; GET /api/tags lists those there are", model=name)
    return model


def _answer(request: HttpRequest, body: bytes) -> HttpResponse:
    headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
    return HttpResponse(body, media_type="application/json", headers=headers)

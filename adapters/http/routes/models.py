"""GET /v1/models and GET /v1/models/{id}: what can be asked for, in OpenAI's shape, or in Anthropic's or Google's for their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ....messages.chat import ModelInfo
from ....messages.errors import UnknownModelError
from ...dialects.moments import rfc3339
from ..answers import fresh_request_id
from ..gateway import Gateway


class ModelRoutes:
    """Lists the models of the gateway.

    Args:
        gateway: Whose.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def every(self, request: Request) -> Response:
        """Answer with all models, each id once: that of the instance the router prefers."""
        listed = await self.once_each()
        if _is_google(request):
            return _answer(request, {"models": [_rendered_for_google(model.id, model) for model in listed]})
        if not _is_anthropic(request):
            return _answer(request, {"object": "list", "data": [_rendered(model.id, model) for model in listed]})
        data = [_rendered_for_anthropic(model.id, model) for model in listed]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
        return _answer(request, {"data": data, "has_more": False, **ends})

    async def once_each(self) -> list[ModelInfo]:
        """Return all models, each id once: that of the instance the router prefers."""
        models = await self._gateway.models()
        first = {model.id: model for model in reversed(models)}
        return [model for model in models if first[model.id] is model]

    async def one(self, request: Request) -> Response:
        """Answer with one model, named as it may be named in a request: "model" or "instance/model".

        Raises:
            UnknownModelError: There is none of that name.
        """
        name = request.path_params["id"]
        model = named(name, await self._gateway.models())
        if model is None:
            raise UnknownModelError(f"no model {name!r}; GET /v1/models lists them", model=name)
        return _answer(request, _renderer(request)(name, model))


def _is_anthropic(request: Request) -> bool:
    """Anthropic's clients send this header with every request, and nobody else does."""
    return "anthropic-version" in request.headers


def _is_google(request: Request) -> bool:
    """Google's clients come to a version of their own, or show their key in a header of their own."""
    return request.url.path.startswith(("/v1beta/", "/v1alpha/")) or "x-goog-api-key" in request.headers


def _renderer(request: Request) -> Callable[[str, ModelInfo], dict[str, Any]]:
    if _is_google(request):
        return _rendered_for_google
    return _rendered_for_anthropic if _is_anthropic(request) else _rendered


def named(name: str, models: Iterable[ModelInfo]) -> ModelInfo | None:
    """Return the model that a request may name so, "model" or "instance/model"; None where there is none."""
    return next((model for model in models if name in (model.id, f"{model.provider}/{model.id}")), None)


def _rendered(name: str, model: ModelInfo) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": model.created, "owned_by": model.provider}


def _rendered_for_anthropic(name: str, model: ModelInfo) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": rfc3339(model.created),
        "lifecycle": "active",
        "max_input_tokens": model.context_window,
    }


def _rendered_for_google(name: str, model: ModelInfo) -> dict[str, Any]:
    window = {} if model.context_window is None else {"inputTokenLimit": model.context_window}
    return {
        "name": f"models/{name}",
        "version": "",
        "displayName": name,
        "description": f"served by {model.provider}",
        **window,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _answer(request: Request, body: dict[str, Any]) -> Response:
    headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)

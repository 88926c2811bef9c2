"""GET /v1/models and GET /v1/models/{id}: what can be asked for, in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ....messages.chat import ModelInfo
from ....messages.errors import UnknownModelError
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
        models = await self._gateway.models()
        first = {model.id: model for model in reversed(models)}
        listed = [_rendered(model.id, model) for model in models if first[model.id] is model]
        return _answer(request, {"object": "list", "data": listed})

    async def one(self, request: Request) -> Response:
        """Answer with one model, named as it may be named in a request: "model" or "instance/model".

        Raises:
            UnknownModelError: There is none of that name.
        """
        name = request.path_params["id"]
        model = _named(name, await self._gateway.models())
        if model is None:
            raise UnknownModelError(f"no model {name!r}; GET /v1/models lists them", model=name)
        return _answer(request, _rendered(name, model))


def _named(name: str, models: Iterable[ModelInfo]) -> ModelInfo | None:
    return next((model for model in models if name in (model.id, f"{model.provider}/{model.id}")), None)


def _rendered(name: str, model: ModelInfo) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": model.created, "owned_by": model.provider}


def _answer(request: Request, body: dict[str, Any]) -> Response:
    headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)

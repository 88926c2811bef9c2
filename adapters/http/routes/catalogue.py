"""GET /api/llm/providers, /models and /offerings: what there is, where, and how it is doing."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
from starlette.requests import Request
from starlette.responses import Response

from ....messages.chat import ModelInfo, ProviderInfo
from ....messages.errors import InvalidRequestError, UnknownModelError, UnknownProviderError
from ...dialects.native.errors import enveloped
from ..answers import fresh_request_id
from ..gateway import Gateway

_FILTERS: Final = ("provider", "instance", "tier", "model", "family", "capability")


class CatalogueRoutes:
    """Shows providers and models, in the words of the native API.

    Args:
        gateway: Whose.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def providers(self, request: Request) -> Response:
        """Answer with every provider instance and its health."""
        providers = await self._gateway.providers()
        shown = [_provider(each) for each in providers]
        closed = sum(each.state == "closed" for each in providers)
        return _answer(request, {"providers": shown, "summary": {"total": len(shown), "healthy": closed}})

    async def provider(self, request: Request) -> Response:
        """Answer with the instances of one provider, or with one instance.

        Raises:
            UnknownProviderError: There is none of that name.
        """
        name = request.path_params["name"]
        return _answer(request, {"name": name, "instances": [_provider(each) for each in await self._named(name)]})

    async def models_of(self, request: Request) -> Response:
        """Answer with the models of one provider.

        Raises:
            UnknownProviderError: There is none of that name.
        """
        name = request.path_params["name"]
        instances = {each.name for each in await self._named(name)}
        models = [each for each in await self._gateway.models() if each.provider in instances]
        return _answer(request, {"models": _grouped(models), "summary": {"total": len({each.id for each in models})}})

    async def models(self, request: Request) -> Response:
        """Answer with every model once, and where it is served; filtered by query parameters.

        Raises:
            InvalidRequestError: There is no such filter.
        """
        models = _filtered(await self._gateway.models(), request.query_params)
        return _answer(request, {"models": _grouped(models), "summary": {"total": len({each.id for each in models})}})

    async def model(self, request: Request) -> Response:
        """Answer with one model.

        Raises:
            UnknownModelError: There is none of that name.
        """
        name = request.path_params["id"]
        models = [each for each in await self._gateway.models() if name in (each.id, _offering(each))]
        if not models:
            raise UnknownModelError(f"no model {name!r}; GET /api/llm/models lists them", model=name)
        return _answer(request, _grouped(models)[0])

    async def offerings(self, request: Request) -> Response:
        """Answer with every pair of instance and model; filtered by query parameters.

        Raises:
            InvalidRequestError: There is no such filter.
        """
        models = _filtered(await self._gateway.models(), request.query_params)
        offerings = [{"offering_id": _offering(each), **_plain(each)} for each in models]
        return _answer(request, {"offerings": offerings, "summary": {"total": len(offerings)}})

    async def _named(self, name: str) -> list[ProviderInfo]:
        providers = await self._gateway.providers()
        found = [each for each in providers if name in (each.name, each.name.partition("/")[0])]
        if not found:
            raise UnknownProviderError(
                f"no provider {name!r}; there are: {', '.join(each.name for each in providers) or 'none'}",
                provider=name,
            )
        return found


def _provider(info: ProviderInfo) -> dict[str, Any]:
    plain = _plain(info)
    health = {"circuit_state": plain.pop("state"), "retry_after": plain.pop("retry_after")}
    provider, _, instance = info.name.partition("/")
    return {"provider": provider, "instance": instance or "default", **plain, "health": health}


def _grouped(models: Iterable[ModelInfo]) -> list[dict[str, Any]]:
    """Return every model once, with the instances that serve it in the router's order of preference."""
    grouped: dict[str, list[ModelInfo]] = {}
    for each in models:
        grouped.setdefault(each.id, []).append(each)
    return [
        {
            **_plain(same[0]),
            "instances": [each.provider for each in same],
            "tiers": list(dict.fromkeys(each.tier for each in same)),
            "offering_ids": [_offering(each) for each in same],
        }
        for same in grouped.values()
    ]


def _filtered(models: Iterable[ModelInfo], query: Mapping[str, str]) -> list[ModelInfo]:
    unknown = sorted(set(query) - set(_FILTERS))
    if unknown:
        raise InvalidRequestError(f"no filter {unknown[0]!r}; there are {', '.join(_FILTERS)}", param=unknown[0])
    return [each for each in models if all(_matches(each, name, value) for name, value in query.items())]


def _matches(model: ModelInfo, name: str, value: str) -> bool:
    match name:
        case "provider":
            return value == model.provider.partition("/")[0]
        case "instance":
            return value == model.provider
        case "model":
            return value == model.id
        case "capability":
            return value in {str(each) for each in getattr(model, "capabilities", ())}
    return value == str(getattr(model, name, None))


def _offering(model: ModelInfo) -> str:
    return f"{model.provider}/{model.id}"


def _plain(value: Any) -> dict[str, Any]:
    """Return an attrs value as plain data."""
    return {field.name: _json(getattr(value, field.name)) for field in attrs.fields(type(value))}


def _json(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (frozenset, set)):
        return sorted(_json(each) for each in value)
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    return _plain(value) if attrs.has(type(value)) else value


def _answer(request: Request, data: Any) -> Response:
    headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
    return Response(enveloped(data), media_type="application/json", headers=headers)

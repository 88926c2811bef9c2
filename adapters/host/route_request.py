"""From the arguments of `legion.route()` to what the router is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ...actors.router.needs import route_of
from ...messages.catalogue import Capability
from ...messages.chat import ChatMessage, Request
from ...messages.errors import InvalidRequestError
from ...messages.routing import Route
from ..host_request import host_request


def route_request(
    message: str | None,
    messages: Iterable[ChatMessage | Mapping[str, Any]] | None,
    needs: Iterable[str],
    tokens: int | None,
    parameters: Mapping[str, Any],
) -> Route:
    """Return the route that the arguments describe; those beside `needs` and `tokens` are as for `Legion.chat`.

    Raises:
        InvalidRequestError: They make no request; `param` names the one at fault.
    """
    text = "" if message is None and messages is None else message
    return route_question(host_request(text, messages, parameters), needs, tokens)


def route_question(request: Request, needs: Iterable[str], tokens: int | None) -> Route:
    """Return what the router is asked about a request that will not be sent; `needs` and `tokens` as for `Legion.route`.

    Raises:
        InvalidRequestError: One of them is malformed.
    """
    route = route_of(request, is_attempted=False)
    wanted = route.needs.capabilities | frozenset(map(_capability, needs))
    counted = route.needs.input_tokens if tokens is None else _count(tokens)
    return attrs.evolve(route, needs=attrs.evolve(route.needs, capabilities=wanted, input_tokens=counted))


def _capability(name: str) -> Capability:
    try:
        return Capability(name)
    except ValueError:
        raise InvalidRequestError(f"needs must be among {', '.join(Capability)}", param="needs") from None


def _count(tokens: Any) -> int:
    if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 0:
        raise InvalidRequestError(f"tokens must be a whole number of at least 0, not {tokens!r}", param="tokens")
    return tokens

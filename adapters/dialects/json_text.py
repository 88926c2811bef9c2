"""JSON read and written at the edge: one parser, one writer, one limit of depth, and errors that say what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ...messages.errors import InvalidRequestError, LegionError, ProviderError, RequestTooLargeError
from .limits import MAX_JSON_DEPTH


def read_client_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a client sent.

    Raises:
        InvalidRequestError: It is not JSON (the message says at which position), or not an object.
        RequestTooLargeError: It is nested deeper than 200 levels.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # orjson reads 1,024 levels, and says so only in words.
        if error.msg.startswith("depth limit"):
            raise _too_deep() from error
        at = f"line {error.lineno} column {error.colno} (byte {error.pos})"
        raise InvalidRequestError(f"the body is not JSON: {error.msg} at {at}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError(f"the body must be a JSON object, not {json_kind(value)}")
    if _is_too_deep(body, value):
        raise _too_deep()
    return value


def read_provider_json(body: bytes) -> Any:
    """Return what a provider sent.

    Raises:
        ProviderError: It is not JSON, or nested deeper than 200 levels.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        what = body[:200].decode("utf-8", "replace") or "nothing"
        raise ProviderError(f"the provider's answer is not JSON ({error.msg}): {what!r}") from error
    if _is_too_deep(body, value):
        raise ProviderError(f"the provider's answer is nested deeper than {MAX_JSON_DEPTH} levels")
    return value


def read_provider_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a provider sent.

    Raises:
        ProviderError: It is not JSON, not an object, or nested deeper than 200 levels.
    """
    value = read_provider_json(body)
    if not isinstance(value, dict):
        raise ProviderError(f"the provider's answer is not a JSON object, but {json_kind(value)}")
    return value


def write_json(value: Any, error: type[LegionError] = InvalidRequestError) -> bytes:
    """Return `value` as JSON.

    Raises:
        LegionError: An `error`, when JSON cannot say it: lone surrogates, integers over 64 bits, over 254 levels.
    """
    try:
        return orjson.dumps(value, default=_plain)
    except TypeError as cause:
        raise error(f"this cannot be written as JSON: {cause}") from cause


_KINDS = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "an array", dict: "an object"}


def json_kind(value: Any) -> str:
    """Return what JSON calls the value's type ("an array")."""
    return "null" if value is None else _KINDS.get(type(value), f"a Python {type(value).__name__}")


def _plain(value: Any) -> Any:
    """Settings and hosts may hold mappings that are not dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON type")


def _too_deep() -> RequestTooLargeError:
    return RequestTooLargeError(f"the JSON is nested deeper than {MAX_JSON_DEPTH} levels")


def _is_too_deep(body: bytes, value: Any) -> bool:
    # Two counts settle it for all but long histories.
    return body.count(b"{") + body.count(b"[") > MAX_JSON_DEPTH and is_deeper_than(MAX_JSON_DEPTH, value)


def is_deeper_than(limit: int, value: Any) -> bool:
    """Return whether arrays and objects nest deeper than `limit`; goes level by level, so it cannot overflow the stack."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        level = [
            child
            for each in level
            for child in (each.values() if type(each) is dict else each)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return False
    return bool(level)


_CONTAINERS = frozenset({dict, list})

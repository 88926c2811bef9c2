"""Checked reading of what a client sent: every wrong type is an error that names its field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from ...messages.content import Extra
from ...messages.errors import InvalidRequestError
from .json_text import json_kind

JsonObject = Mapping[str, Any]


def refuse(param: str, expected: str, value: Any) -> NoReturn:
    """Raise the error for a value of the wrong type."""
    raise InvalidRequestError(f"{param} must be {expected}, not {json_kind(value)}", param=param)


def missing(param: str) -> InvalidRequestError:
    """Return the error for a field that is not there."""
    return InvalidRequestError(f"{param} is required", param=param)


def within(param: str, key: str | int) -> str:
    """Return the path of a field: "messages.0" and "role" -> "messages.0.role"; at the top the key alone."""
    return f"{param}.{key}" if param else str(key)


def as_object(value: Any, param: str) -> JsonObject:
    """Return `value`, a JSON object."""
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - the first is ten times cheaper
        return value
    refuse(param, "an object", value)


def as_array(value: Any, param: str) -> list[Any] | tuple[Any, ...]:
    """Return `value`, a JSON array; a host may give a tuple."""
    if isinstance(value, (list, tuple)):
        return value
    refuse(param, "an array", value)


def optional_array(source: JsonObject, key: str, param: str = "") -> list[Any] | tuple[Any, ...]:
    """Return an array field; an empty one where it is absent or null."""
    value = source.get(key)
    return () if value is None else as_array(value, within(param, key))


def text(source: JsonObject, key: str, param: str = "") -> str | None:
    """Return a string field; None where it is absent or null."""
    value = source.get(key)
    if value is None or isinstance(value, str):
        return value
    refuse(within(param, key), "a string", value)


def required_text(source: JsonObject, key: str, param: str = "", *, may_be_empty: bool = False) -> str:
    """Return a string field that must be there."""
    value = text(source, key, param)
    if value is None:
        raise missing(within(param, key))
    if not value and not may_be_empty:
        raise InvalidRequestError(f"{within(param, key)} must not be empty", param=within(param, key))
    return value


def boolean(source: JsonObject, key: str, param: str = "") -> bool | None:
    """Return a boolean field; None where it is absent or null."""
    value = source.get(key)
    if value is None or isinstance(value, bool):
        return value
    refuse(within(param, key), "a boolean", value)


def number(source: JsonObject, key: str, lowest: float, highest: float, param: str = "") -> float | None:
    """Return a numeric field within its range, both ends included; None where it is absent or null."""
    value = source.get(key)
    if value is None:
        return None
    where = within(param, key)
    # bool is an int to Python, but not to JSON.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        refuse(where, "a number", value)
    if not lowest <= value <= highest:
        raise InvalidRequestError(f"{where} must be between {lowest:g} and {highest:g}, not {value}", param=where)
    return value


def integer(source: JsonObject, key: str, lowest: int | None = None, param: str = "") -> int | None:
    """Return an integer field, at least `lowest`; None where it is absent or null."""
    value = source.get(key)
    if value is None:
        return None
    where = within(param, key)
    if isinstance(value, bool) or not isinstance(value, int):
        refuse(where, "an integer", value)
    if lowest is not None and value < lowest:
        raise InvalidRequestError(f"{where} must be at least {lowest}, not {value}", param=where)
    return value


def optional_object(source: JsonObject, key: str, param: str = "") -> JsonObject | None:
    """Return an object field; None where it is absent or null."""
    value = source.get(key)
    return None if value is None else as_object(value, within(param, key))


def rest(source: JsonObject, known: Collection[str]) -> Extra:
    """Return the fields that have no name here."""
    return {key: value for key, value in source.items() if key not in known}

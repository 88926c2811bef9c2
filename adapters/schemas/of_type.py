"""The JSON Schema of what a host gives for one: a mapping is one, a type is asked for its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...messages.errors import InvalidRequestError


def schema_of(shape: Any) -> Mapping[str, Any]:
    """Return the schema of a mapping (itself), of a pydantic model, or of a dataclass, TypedDict or other type that pydantic can describe.

    Raises:
        InvalidRequestError: There is none, or pydantic would be needed and is not installed.
    """
    if isinstance(shape, Mapping):
        return shape
    describe = getattr(shape, "model_json_schema", None)
    if callable(describe):
        described: Mapping[str, Any] = describe()
        return described
    if not isinstance(shape, type) and getattr(shape, "__origin__", None) is None:
        raise InvalidRequestError(
            f"schema must be a mapping, a pydantic model or another type, not {type(shape).__name__}", param="schema"
        )
    return _described(shape)


def _described(shape: Any) -> Mapping[str, Any]:
    try:
        import pydantic  # noqa: PLC0415 - only hosts that give a type need it, and have it
    except ImportError as error:
        raise InvalidRequestError(
            f"the schema of {shape!r} is found by pydantic: pip install pydantic, or give the schema as a mapping",
            param="schema",
        ) from error
    try:
        return pydantic.TypeAdapter(shape).json_schema()
    except pydantic.errors.PydanticUserError as error:
        raise InvalidRequestError(f"pydantic knows no schema of {shape!r}: {error}", param="schema") from error

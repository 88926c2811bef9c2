"""The smallest value that a JSON Schema allows, for models that only pretend to think."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...messages.errors import RequestRejectedError

Schema = Mapping[str, Any]

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 1000
_LONGEST_TEXT: Final = 10_000

_FORMATS: Final = {
    "date": "2000-01-01",
    "time": "00:00:00Z",
    "date-time": "2000-01-01T00:00:00Z",
    "email": "demo@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
}


def minimal_instance(schema: Any) -> Any:
    """Return a small value that is valid under a simple schema: required properties only, first choice everywhere.

    Understood: const, enum, default, type, required, properties, items, minItems, minLength, maxLength, format, minimum,
    exclusiveMinimum, maximum, anyOf, oneOf, allOf and $ref within the document. Under other restrictions (`pattern`)
    the value may be invalid.

    Raises:
        RequestRejectedError: No JSON Schema, nested or referring to itself deeper than 32 levels, or one that wants over
            1,000 values.
    """
    try:
        return _Maker(schema).make(schema, 0)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        # Schemas come from clients: any part of them may have any type.
        raise RequestRejectedError(f"not a JSON Schema: {error}") from error


class _Maker:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._made = 0

    def make(self, schema: Any, depth: int) -> Any:
        self._made += 1
        if self._made > MAX_VALUES:
            raise RequestRejectedError(f"the schema wants over {MAX_VALUES} values")
        _check_depth(depth)
        if not isinstance(schema, Mapping):
            return None
        schema = self._flat(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        if "default" in schema:
            return schema["default"]
        make = _BY_TYPE.get(_type_of(schema))
        return None if make is None else make(self, schema, depth)

    def _flat(self, schema: Schema, depth: int) -> Schema:
        """Resolve what stands for another schema, one level at a time."""
        _check_depth(depth)
        if "$ref" in schema:
            return self._flat(self._referred(schema["$ref"]), depth + 1)
        for choice in ("anyOf", "oneOf"):
            if schema.get(choice):
                rest = {key: value for key, value in schema.items() if key != choice}
                return self._flat({**rest, **schema[choice][0]}, depth + 1)
        if schema.get("allOf"):
            return self._merged(schema, depth)
        return schema

    def _merged(self, schema: Schema, depth: int) -> Schema:
        parts = [{key: value for key, value in schema.items() if key != "allOf"}]
        parts += [dict(self._flat(part, depth + 1)) for part in schema["allOf"]]
        merged: dict[str, Any] = {}
        for part in parts:
            properties = {**merged.get("properties", {}), **part.get("properties", {})}
            required = [*merged.get("required", ()), *part.get("required", ())]
            merged.update(part, properties=properties, required=required)
        return merged

    def _referred(self, reference: Any) -> Schema:
        found = self._root
        for step in str(reference).lstrip("#").strip("/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if name:
                found = found.get(name) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise RequestRejectedError(f"the schema refers to {str(reference)[:100]!r}, which is not in it")
        return found

    def object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        return {name: self.make(properties.get(name, {}), depth + 1) for name in schema.get("required") or ()}

    def array(self, schema: Schema, depth: int) -> list[Any]:
        return [self.make(schema.get("items", {}), depth + 1) for _ in range(int(schema.get("minItems", 0)))]

    def string(self, schema: Schema, _depth: int) -> str:
        text = _FORMATS.get(schema.get("format", ""), "demo")
        shortest = min(int(schema.get("minLength", 0)), _LONGEST_TEXT)
        longest = int(schema.get("maxLength", _LONGEST_TEXT))
        return text.ljust(shortest, ".")[:longest]

    def number(self, schema: Schema, _depth: int) -> Any:
        if "minimum" in schema:
            return schema["minimum"]
        if "exclusiveMinimum" in schema:
            return schema["exclusiveMinimum"] + 1
        return min(0, schema.get("maximum", 0))

    def boolean(self, _schema: Schema, _depth: int) -> bool:
        return True


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RequestRejectedError(f"the schema is nested deeper than {MAX_DEPTH} levels")


_BY_TYPE: Final[dict[str | None, Callable[[_Maker, Schema, int], Any]]] = {
    "object": _Maker.object,
    "array": _Maker.array,
    "string": _Maker.string,
    "number": _Maker.number,
    "integer": _Maker.number,
    "boolean": _Maker.boolean,
}


def _type_of(schema: Schema) -> str | None:
    type_ = schema.get("type")
    if isinstance(type_, (list, tuple)):
        type_ = next((each for each in type_ if each != "null"), None)
    if type_ is None and ("properties" in schema or "required" in schema):
        return "object"
    # Without any restriction a text is as good as anything, and better to read than null.
    return type_ if type_ is not None else "string"

"""Google's own schemas (OpenAPI's, with types in capitals) as JSON Schema, which everybody else reads, and Google too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# What says nothing to a validator.
_OWN: Final = frozenset({"nullable", "propertyOrdering", "property_ordering", "example"})
_MANY: Final = frozenset({"anyOf", "any_of", "prefixItems"})
_NAMED: Final = frozenset({"properties", "defs", "$defs"})
# 64-bit numbers are texts in Google's JSON.
_NUMBERS: Final = frozenset(
    {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum"}
)
_NAMES: Final[Mapping[str, str]] = {
    "any_of": "anyOf",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "additional_properties": "additionalProperties",
}


def json_schema_of(schema: Any) -> Any:
    """Return the schema as JSON Schema; one that is such already stays what it is."""
    if not isinstance(schema, Mapping):
        return schema
    named = [(_NAMES.get(key, key), value) for key, value in schema.items() if key not in _OWN]
    wire = {name: _value(name, value) for name, value in named}
    if schema.get("nullable") is True:
        return _nullable(wire)
    return wire


def _value(key: str, value: Any) -> Any:
    if key == "type" and isinstance(value, str):
        return value.lower()
    if key in _NAMED and isinstance(value, Mapping):
        return {name: json_schema_of(each) for name, each in value.items()}
    if key in _MANY and isinstance(value, (list, tuple)):
        return [json_schema_of(each) for each in value]
    if key in ("items", "additionalProperties"):
        return json_schema_of(value)
    if key in _NUMBERS and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return value


def _nullable(wire: dict[str, Any]) -> dict[str, Any]:
    kind = wire.get("type")
    if isinstance(kind, str) and "enum" not in wire:
        return {**wire, "type": [kind, "null"]}
    return {"anyOf": [wire, {"type": "null"}]}

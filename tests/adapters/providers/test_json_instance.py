from __future__ import annotations

import pytest
from legion_llm.adapters.providers.json_instance import minimal_instance
from legion_llm.messages.errors import RequestRejectedError

POINT = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "demo"),
        ({"type": "string", "minLength": 6}, "demo.."),
        ({"type": "string", "maxLength": 2}, "de"),
        ({"type": "string", "format": "date"}, "2000-01-01"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "number", "exclusiveMinimum": 3}, 4),
        ({"type": "number", "maximum": -2}, -2),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 0),
        ({"enum": ["red", "green"]}, "red"),
        ({"const": 7}, 7),
        ({"type": "integer", "default": 9}, 9),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        (POINT, {"x": 0}),
        ({"type": "object", "properties": {"x": {}}}, {}),
        ({"required": ["anything"]}, {"anything": "demo"}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"$ref": "#/$defs/point", "$defs": {"point": POINT}}, {"x": 0}),
        ({"allOf": [POINT, {"properties": {"y": {"const": 1}}, "required": ["y"]}]}, {"x": 0, "y": 1}),
        ({}, "demo"),
    ],
)
def test_a_schema_gets_its_smallest_instance(schema, expected):
    assert minimal_instance(schema) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/$defs/missing"},
        {"type": "object", "properties": {"again": {"$ref": "#"}}, "required": ["again"]},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": "many"},
        {"type": "object", "properties": [1], "required": ["x"]},
        {"type": "object", "required": 3},
        {"anyOf": [3]},
        {"type": {}},
    ],
)
def test_a_schema_that_cannot_be_met_is_rejected(schema):
    with pytest.raises(RequestRejectedError):
        minimal_instance(schema)

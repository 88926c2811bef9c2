from __future__ import annotations

import dataclasses
import sys

import pydantic
import pytest
from legion_llm.adapters.schemas.of_type import schema_of
from legion_llm.messages.errors import InvalidRequestError


class Model(pydantic.BaseModel):
    name: str


@dataclasses.dataclass
class Data:
    name: str


def test_a_mapping_is_its_own_schema():
    schema = {"type": "integer"}

    assert schema_of(schema) is schema


@pytest.mark.parametrize("shape", [Model, Data])
def test_types_are_asked_for_theirs(shape):
    assert schema_of(shape)["properties"]["name"]["type"] == "string"


def test_generic_types_have_one_too():
    assert schema_of(list[int]) == {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize("shape", [5, None, [], "object", Model(name="x").name, type("Opaque", (), {})])
def test_anything_else_has_none(shape):
    with pytest.raises(InvalidRequestError) as caught:
        schema_of(shape)

    assert caught.value.param == "schema"


def test_without_pydantic_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)

    with pytest.raises(InvalidRequestError, match="pip install pydantic"):
        schema_of(Data)

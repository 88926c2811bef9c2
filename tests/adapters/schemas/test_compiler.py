from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.schemas.compiler import JsonSchemaCompiler
from legion_llm.messages.errors import InvalidRequestError

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}}},
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"tag": {"enum": ["a", "b"]}},
}


@pytest.fixture
def compiled():
    return JsonSchemaCompiler()


def test_a_value_that_fits_has_no_problem(compiled):
    assert compiled(PERSON)({"name": "Ann", "tags": ["a"]}) is None


def test_a_problem_names_its_place(compiled):
    problem = compiled(PERSON)({"tags": ["a", "c"], "age": 5})

    assert "at $.tags[1]: 'c' is not one of ['a', 'b']" in problem
    assert "'name' is a required property" in problem
    assert "'age' was unexpected" in problem


def test_a_long_problem_is_cut(compiled):
    assert len(compiled({"type": "string"})(["x" * 100] * 100)) < 400


def test_five_problems_are_enough(compiled):
    problem = compiled({"items": {"type": "string"}})(list(range(50)))

    assert problem.count("at $") == 5


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "objekt"}, "no JSON Schema: at type"),
        ({"properties": {"a": {"minimum": "one"}}}, "at properties/a/minimum"),
        ({"$ref": "http://127.0.0.1:9/schema"}, "refers to 'http://127.0.0.1:9/schema', which is not in it"),
        ({"items": {"$ref": "#/$defs/none"}}, "refers to '#/$defs/none'"),
        ([], "must be an object"),
    ],
)
def test_what_is_no_schema_is_refused(compiled, schema, words):
    with pytest.raises(InvalidRequestError, match=words.replace("$", r"\$")) as caught:
        compiled(schema)

    assert caught.value.param == "schema"


def test_a_schema_that_is_nested_without_end_is_refused(compiled):
    schema = {}
    for _ in range(500):
        schema = {"items": schema}

    with pytest.raises(InvalidRequestError):
        compiled(schema)


def test_older_drafts_are_understood(compiled):
    draft4 = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 0, "exclusiveMinimum": True}

    assert compiled(draft4)(0) is not None
    assert compiled(draft4)(1) is None


def test_a_schema_may_refer_to_itself(compiled):
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}}}

    assert compiled(tree)({"next": {"next": {}}}) is None
    assert "at $.next.next" in compiled(tree)({"next": {"next": 1}})


def test_a_schema_may_name_its_parts(compiled):
    schema = {
        "$id": "https://example.org/root",
        "items": {"$ref": "item"},
        "$defs": {"i": {"$id": "item", "type": "string"}},
    }

    assert compiled(schema)(["a"]) is None
    assert compiled(schema)([1]) is not None


def test_values_within_a_schema_are_no_references(compiled):
    assert compiled({"const": {"$ref": "#/nowhere"}})({"$ref": "#/nowhere"}) is None


def test_the_same_schema_is_compiled_once(compiled):
    assert compiled(PERSON) is compiled(dict(PERSON))


@given(
    st.from_type(dict) | st.dictionaries(st.sampled_from(["type", "items", "$ref", "enum"]), st.text() | st.integers())
)
def test_any_mapping_is_a_schema_or_a_mistake(schema):
    compiled = JsonSchemaCompiler()

    try:
        check = compiled(schema)
    except InvalidRequestError:
        return
    assert check({}) is None or isinstance(check({}), str)


def test_the_library_is_loaded_by_the_first_schema_and_not_before():
    code = (
        "import sys, legion_llm\n"
        "with legion_llm.start({'providers': {'demo': {}}}, environ={}) as legion:\n"
        "    legion.chat('x').get(9); print('jsonschema' in sys.modules)\n"
        "    legion.structured('x', {}).get(9); print('jsonschema' in sys.modules)\n"
    )

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/").stdout

    assert output.split() == ["False", "True"]

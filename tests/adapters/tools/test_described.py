from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from legion_llm import ToolContext
from legion_llm.adapters.tools.described import ArgumentsError, described
from legion_llm.adapters.tools.marks import ToolMark
from legion_llm.messages.errors import InvalidRequestError
from pydantic import BaseModel, Field

PLAIN = ToolMark()


def of(function, **said):
    return described(function, ToolMark(**said))


def schema(function):
    return of(function).definition.parameters


def weather(city: str, days: int = 3) -> str:
    """Look the weather up.

    It is never sure.

    Args:
        city: Name of the city,
            as its people say it.
        days: How many days ahead.
    """
    return f"{city} {days}"


def test_a_function_says_what_it_is_by_its_name_hints_and_docstring():
    definition = of(weather).definition

    assert definition.name == "weather"
    assert definition.description == "Look the weather up.\n\nIt is never sure."
    assert definition.source == "host"
    assert definition.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Name of the city,\nas its people say it."},
            "days": {"type": "integer", "default": 3, "description": "How many days ahead."},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_what_is_said_beside_goes_before_what_the_function_says():
    definition = of(weather, name="wx", description="Weather.", parameters={"type": "object"}).definition

    assert (definition.name, definition.description, definition.parameters) == ("wx", "Weather.", {"type": "object"})


def test_a_name_is_one_that_every_provider_takes():
    assert of(weather, name="my.tool: größer").definition.name == "my_toolgrer"


def test_a_function_without_arguments_or_docstring_is_a_tool():
    def ping():
        pass

    definition = of(ping).definition

    assert definition.description is None
    assert definition.parameters == {"type": "object", "properties": {}, "additionalProperties": False}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: float
    y: float = 0.0


class Box(BaseModel):
    title: str
    corners: list[Point]


def draw(
    colour: Colour,
    at: Point,
    box: Box,
    options: dict[Literal["unit"], Literal["c", "f"]],
    size: Annotated[int, Field(ge=1, le=9, description="How big.")] = 1,
    tags: list[str] | None = None,
) -> None:
    """Draw."""


def test_rich_types_become_schema_and_come_back_as_themselves():
    tool = of(draw)
    properties = tool.definition.parameters["properties"]

    assert properties["size"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "default": 1,
        "description": "How big.",
    }
    assert tool.definition.parameters["$defs"]["Colour"] == {"enum": ["red", "blue"], "type": "string"}
    assert "title" in tool.definition.parameters["$defs"]["Box"]["properties"]

    given = tool.prepare(
        {
            "colour": "red",
            "at": {"x": 1},
            "box": {"title": "t", "corners": [{"x": 1, "y": 2}]},
            "options": {"unit": "c"},
        }
    )
    assert given["colour"] is Colour.RED
    assert given["at"] == Point(1.0)
    assert given["box"].corners == [Point(1.0, 2.0)]
    assert given["options"] == {"unit": "c"}


def test_only_what_the_model_gives_is_passed_on():
    assert of(weather).prepare({"city": "Bonn"}) == {"city": "Bonn"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "city: Field required"),
        ({"city": 7}, "city: Input should be a valid string"),
        ({"city": "Bonn", "days": "soon"}, "days: Input should be a valid integer"),
        ({"city": "Bonn", "planet": "Mars"}, "planet: Extra inputs are not permitted"),
    ],
)
def test_arguments_that_do_not_fit_are_told_in_words_for_the_model(arguments, told):
    with pytest.raises(ArgumentsError, match=told):
        of(weather).prepare(arguments)


def test_numbers_that_a_model_writes_as_text_are_numbers():
    assert of(weather).prepare({"city": "Bonn", "days": "5"}) == {"city": "Bonn", "days": 5}


def test_names_that_the_library_has_for_itself_are_names_of_arguments_too():
    def save(json: str, copy: bool, schema: int = 1, title: str = "") -> None:
        """Save."""

    assert set(schema(save)["properties"]) == {"json", "copy", "schema", "title"}
    assert of(save).prepare({"json": "x", "copy": True, "title": "t"}) == {"json": "x", "copy": True, "title": "t"}


def test_an_argument_without_a_hint_takes_anything():
    def echo(value):
        return value

    assert schema(echo)["properties"] == {"value": {}}


def test_a_context_is_filled_in_and_no_model_hears_of_it():
    def whoami(greeting: str, context: ToolContext) -> str:
        return greeting + str(context.caller)

    tool = of(whoami)

    assert tool.context == "context"
    assert set(tool.definition.parameters["properties"]) == {"greeting"}


def test_a_method_is_a_function_without_its_self():
    class Kit:
        def add(self, a: int, b: int) -> int:
            """Add."""
            return a + b

    assert set(schema(Kit().add)["properties"]) == {"a", "b"}


def test_an_object_that_can_be_called_is_a_function():
    class Adder:
        def __call__(self, a: int) -> int:
            """Add one."""
            return a + 1

    tool = of(Adder())

    assert tool.definition.name == "Adder"
    assert set(tool.definition.parameters["properties"]) == {"a"}


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda *args: args, r"takes \*args"),
        (lambda **kwargs: kwargs, r"takes \*\*kwargs"),
    ],
)
def test_what_has_no_name_cannot_be_given_by_a_model(function, why):
    with pytest.raises(InvalidRequestError, match=why):
        of(function, name="it")


def test_a_type_that_json_has_no_word_for_is_refused_when_the_tool_is_given():
    def open_it(file: threading.Thread) -> None:  # noqa: F821
        pass

    def locked(lock: object.__class__) -> None:  # a metaclass: no values of it can be written down
        pass

    with pytest.raises(InvalidRequestError, match="type hints of tool 'open_it' cannot be read"):
        of(open_it)
    with pytest.raises(InvalidRequestError, match="tool 'locked'"):
        of(locked)

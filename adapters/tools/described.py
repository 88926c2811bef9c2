"""From a Python function to what a model is told of it, and from what the model says back to the function's arguments.

Type hints become a JSON Schema and check the arguments (pydantic), the docstring describes them (docstring-parser); both come with the extra
`tools` and are loaded when the first function is given.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

import attrs

from ...messages.definitions import ToolDefinition, tool_name
from ...messages.errors import InvalidRequestError, SettingsError
from .context import ToolContext
from .marks import ToolMark

_MISSING: Final = inspect.Parameter.empty
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class ArgumentsError(Exception):
    """What the model said does not fit the function; the message tells the model what to mend."""


@attrs.frozen
class Described:
    """A function as a tool.

    Attributes:
        definition: What the model is told.
        prepare: From the model's arguments to the function's keywords; raises `ArgumentsError`.
        context: Name of the parameter that takes a `ToolContext`, or None.
    """

    definition: ToolDefinition
    prepare: Callable[[Mapping[str, Any]], dict[str, Any]]
    context: str | None


def described(function: Callable[..., Any], mark: ToolMark) -> Described:
    """Return a function as a tool.

    Raises:
        InvalidRequestError: It takes something that has no name, or that no JSON Schema can say.
        SettingsError: The extra `tools` is not installed.
    """
    pydantic = _library("pydantic")
    name = tool_name(mark.name or str(getattr(function, "__name__", type(function).__name__)))
    parameters, context = _parameters(function, name)
    summary, said = _docstring(function)
    model = _model(pydantic, name, parameters, said)
    definition = ToolDefinition(
        name=name,
        description=mark.description or summary,
        parameters=mark.parameters or _schema(pydantic, model, name),
        source="host",
    )
    return Described(definition, lambda given: _checked(pydantic, model, given), context)


def _library(name: str) -> ModuleType:
    try:
        return __import__(name)
    except ImportError as error:
        raise SettingsError(f"functions as tools need {name}: pip install legion-llm[tools]") from error


def _parameters(function: Callable[..., Any], name: str) -> tuple[list[inspect.Parameter], str | None]:
    """Return the parameters that the model fills in, with their hints resolved, and the one that takes the context."""
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        hints = typing.get_type_hints(target, include_extras=True)
    except Exception as error:
        raise InvalidRequestError(f"the type hints of tool {name!r} cannot be read: {error}", param="tools") from error
    filled, context = [], None
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name, Any)
        if hint is ToolContext:
            context = parameter.name
            continue
        if parameter.kind not in _NAMED:
            raise InvalidRequestError(
                f"tool {name!r} takes {parameter}: a model gives each argument by its name", param="tools"
            )
        filled.append(parameter.replace(annotation=hint))
    return filled, context


def _docstring(function: Callable[..., Any]) -> tuple[str | None, dict[str, str]]:
    """Return what the docstring says of the function, and of each of its parameters."""
    text = inspect.getdoc(function)
    if not text:
        return None, {}
    parsed = _library("docstring_parser").parse(text)
    summary = "\n\n".join(filter(None, (parsed.short_description, parsed.long_description)))
    return summary or None, {each.arg_name: each.description for each in parsed.params if each.description}


def _model(pydantic: ModuleType, name: str, parameters: list[inspect.Parameter], said: Mapping[str, str]) -> Any:
    fields: dict[str, Any] = {
        # Under an alias, since pydantic has names of its own that a parameter may have too ("json", "copy").
        f"field_{number}": (
            parameter.annotation,
            pydantic.Field(
                default=... if parameter.default is _MISSING else parameter.default,
                alias=parameter.name,
                # None would go before what a hint says itself.
                **({"description": said[parameter.name]} if parameter.name in said else {}),
            ),
        )
        for number, parameter in enumerate(parameters)
    }
    config = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=False, title=name)
    try:
        model = pydantic.create_model(name, __config__=config, **fields)
    except pydantic.errors.PydanticUserError as error:
        raise InvalidRequestError(f"tool {name!r}: {error.message}", param="tools") from error
    return model


def _schema(pydantic: ModuleType, model: Any, name: str) -> Mapping[str, Any]:
    try:
        schema = model.model_json_schema(by_alias=True)
    except pydantic.errors.PydanticUserError as error:
        raise InvalidRequestError(f"tool {name!r}: {error.message}", param="tools") from error
    schema.setdefault("properties", {})
    untitled: Mapping[str, Any] = _untitled(schema)
    return untitled


def _untitled(value: Any, *, is_properties: bool = False) -> Any:
    """Drop the titles that pydantic makes of names: they tell a model nothing. A parameter that is called "title" stays."""
    if isinstance(value, dict):
        return {
            key: _untitled(each, is_properties=key in {"properties", "$defs"} and not is_properties)
            for key, each in value.items()
            if is_properties or key != "title"
        }
    if isinstance(value, list):
        return [_untitled(each) for each in value]
    return value


def _checked(pydantic: ModuleType, model: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        filled = model.model_validate(dict(given))
    except pydantic.ValidationError as error:
        raise ArgumentsError("; ".join(_told(each) for each in error.errors(include_url=False))) from error
    fields = type(filled).model_fields
    return {
        str(field.alias): getattr(filled, name) for name, field in fields.items() if name in filled.model_fields_set
    }


def _told(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])

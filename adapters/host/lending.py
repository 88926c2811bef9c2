"""Functions of a host's as the tools of one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...messages.definitions import ToolDefinition
from ...messages.tools import Tool

if TYPE_CHECKING:
    from .shelf import ToolShelf


def lent(parameters: Mapping[str, Any], shelf: ToolShelf) -> tuple[Mapping[str, Any], tuple[Tool, ...]]:
    """Return the parameters of a call with definitions in the place of functions, and the tools made of those; `take_back` them afterwards.

    Raises:
        InvalidRequestError: Something is no tool.
    """
    given = parameters.get("tools")
    if given is None or isinstance(given, (str, Mapping)):
        return parameters, ()
    every = tuple(given)
    things = tuple(each for each in every if not isinstance(each, (ToolDefinition, Mapping)))
    if not things:
        return {**parameters, "tools": every}, ()
    tools = shelf.lend(things)
    definitions = [each for each in every if isinstance(each, (ToolDefinition, Mapping))]
    return {**parameters, "tools": (*definitions, *(tool.definition for tool in tools))}, tools

"""What a host says of a function that shall be a tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, overload

import attrs

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_MARK: Final = "__legion_tool__"


@attrs.frozen(kw_only=True)
class ToolMark:
    """What is known of a tool beside what its function says itself.

    Attributes:
        name: Its name, or None for the function's.
        description: What the model is told of it, or None for the docstring's.
        parameters: JSON Schema of its arguments, or None for what the type hints say.
        triggers: Words of the user's that call for it.
        deferred: Whether it is offered only then, or where a caller names it.
        timeout: Seconds that one run may take.
        parallel: Whether it may run beside other tools of the same turn.
        overrides: Name of an MCP server's tool in whose place it may be run: at first beside it, and alone when the two have agreed often enough. It
            must do no harm when both are run.
        group: What it belongs to, or None: the toolkit's class, else its own name.
    """

    name: str | None = None
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    triggers: tuple[str, ...] = ()
    deferred: bool = False
    timeout: float = 60.0
    parallel: bool = True
    group: str | None = None
    overrides: str = ""


PLAIN: Final = ToolMark()


@overload
def tool(function: FunctionT, /) -> FunctionT: ...


@overload
def tool(**said: Any) -> Callable[[FunctionT], FunctionT]: ...


def tool(function: FunctionT | None = None, /, **said: Any) -> FunctionT | Callable[[FunctionT], FunctionT]:
    """Mark a function or a method as a tool, and say more of it than it says itself; see `ToolMark` for what.

    Used as `@tool` or as `@tool(triggers=("weather", "rain"), deferred=True)`. A method so marked becomes a tool when an object of its class is given
    to the gateway.
    """
    if isinstance(said.get("triggers"), list):
        said["triggers"] = tuple(said["triggers"])
    mark = ToolMark(**said)

    def marked(function: FunctionT) -> FunctionT:
        setattr(function, _MARK, mark)
        return function

    return marked if function is None else marked(function)


def mark_of(function: object) -> ToolMark | None:
    """Return what was said of a function, or None for one that is not marked."""
    return getattr(function, _MARK, None)

"""The host's functions as tools."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from ...actors.toolbox.interceptors import Interceptor, intercepted
from ...messages.errors import HostError, InvalidRequestError
from ...messages.ids import new_id
from ...messages.tools import RunTool, Tool, ToolOutcome
from ..host.functions import HostFunctions
from .context import ToolContext
from .described import ArgumentsError, Described, described
from .marks import PLAIN, ToolMark, mark_of
from .rendering import outcome_of

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@attrs.frozen
class _Bound:
    """A function, ready to be called."""

    described: Described
    call: Callable[..., Awaitable[Any]]


class HostTools:
    """Implements `actors.toolbox.port.ToolRunner`: keeps the host's functions, by keys that nobody can guess, and calls them where they belong.

    Functions may be added and removed from any thread, also while others run.
    """

    def __init__(self, functions: HostFunctions) -> None:
        self._functions = functions
        # Replaced and never changed, so that a look into them needs no lock.
        self._bound: Mapping[str, _Bound] = MappingProxyType({})
        self.interceptors: tuple[Interceptor, ...] = ()

    def bind(self, things: Iterator[Any] | tuple[Any, ...], **said: Any) -> tuple[Tool, ...]:
        """Make tools of functions, of marked methods of objects, and of classes whose objects have such.

        Args:
            things: What the host gives.
            **said: Laid over what the marks say; see `ToolMark`.

        Raises:
            InvalidRequestError: Something is none of these, or cannot be told to a model.
        """
        tools = []
        for thing in things:
            for function, mark, group in _functions_of(thing):
                mark = attrs.evolve(mark, **said)  # noqa: PLW2901 - as it goes on from here
                tools.append(self._bind(function, mark, mark.group or group))
        return tuple(tools)

    def release(self, tools: tuple[Tool, ...]) -> None:
        """Forget functions."""
        keys = {tool.key for tool in tools}
        self._bound = MappingProxyType({key: bound for key, bound in self._bound.items() if key not in keys})

    def intercept(
        self, name: str, matches: Callable[[str], bool], rewrite: Callable[[str, Mapping[str, Any]], Any]
    ) -> None:
        """Have the arguments of calls changed before they are made; one of the same name takes the old one's place."""
        new = Interceptor(name, matches, self._functions.bound(rewrite, f"interceptor {name!r}"))
        kept = tuple(new if each.name == name else each for each in self.interceptors)
        self.interceptors = kept if new in kept else (*kept, new)

    async def run(self, message: RunTool) -> ToolOutcome:
        """Call the function; see the port."""
        bound = self._bound.get(message.tool.key)
        if bound is None:
            return ToolOutcome(content=f"the tool {message.tool.name!r} was taken away", is_error=True)
        try:
            arguments = await intercepted(self.interceptors, message.tool.name, message.arguments)
            keywords = bound.described.prepare(arguments)
        except ArgumentsError as error:
            return ToolOutcome(content=f"the call was not made: {error}", is_error=True)
        except HostError as error:
            return ToolOutcome(content=f"the call was not made: {error.message}", is_error=True)
        if bound.described.context is not None:
            keywords[bound.described.context] = ToolContext(
                request_id=message.request_id, call_id=message.call_id, caller=message.caller
            )
        return outcome_of(await bound.call(**keywords))

    def _bind(self, function: Callable[..., Any], mark: ToolMark, group: str) -> Tool:
        described_ = described(function, mark)
        definition = described_.definition
        key = new_id("tool_")
        call = self._functions.bound(function, f"tool {definition.name!r}")
        self._bound = MappingProxyType({**self._bound, key: _Bound(described_, call)})
        return Tool(
            definition=definition,
            source="host",
            group=group or definition.name,
            key=key,
            is_deferred=mark.deferred,
            triggers=tuple(word.lower() for word in mark.triggers),
            timeout=mark.timeout,
            overrides=mark.overrides,
            is_parallel=mark.parallel,
        )


def _functions_of(thing: Any) -> Iterator[tuple[Callable[..., Any], ToolMark, str]]:
    """Yield the functions in what a host gives, what was said of each, and the group it belongs to."""
    mark = mark_of(thing)
    if inspect.isclass(thing):
        thing, mark = _made(thing), None
    if inspect.isroutine(thing) or isinstance(thing, functools.partial) or mark is not None:
        yield thing, mark or PLAIN, ""
        return
    methods = [
        (getattr(thing, name), found) for name in dir(type(thing)) if (found := mark_of(getattr(type(thing), name)))
    ]
    if methods:
        group = _CAMEL.sub("_", type(thing).__name__).lower()
        for method, found in methods:
            yield method, found, group
    elif callable(thing):
        yield thing, PLAIN, ""
    else:
        raise InvalidRequestError(
            f"{thing!r:.80} is no tool: give a function, or an object with methods marked @legion_llm.tool",
            param="tools",
        )


def _made(cls: type) -> Any:
    try:
        return cls()
    except TypeError as error:
        raise InvalidRequestError(
            f"{cls.__name__} cannot be made without arguments: give an object", param="tools"
        ) from error

"""What changes the arguments of a call before a host's tool is run: named, in the order of their registration."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import trio

from ...messages.errors import HostError

logger = logging.getLogger(__name__)

Rewrite: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[Any]]

# Seconds that one may take. It looks at a name and some values.
TIMEOUT = 1.0


@attrs.frozen
class Interceptor:
    """One of them.

    Attributes:
        name: Its name, for the log.
        matches: Whether it has to do with a tool, by the tool's name.
        rewrite: Returns the arguments as they shall be, a mapping.
    """

    name: str
    matches: Callable[[str], bool]
    rewrite: Rewrite


async def intercepted(
    interceptors: Sequence[Interceptor], tool: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the arguments after all interceptors that have to do with the tool.

    Raises:
        HostError: One failed, took too long, or returned something that is no mapping: then this call is not made.
    """
    for each in interceptors:
        if each.matches(tool):
            changed = await _rewritten(each, tool, arguments)
            keys = sorted(key for key in {*arguments, *changed} if arguments.get(key) != changed.get(key))
            if keys:
                logger.info("interceptor %s changed %s of %s", each.name, ", ".join(keys), tool)
            arguments = changed
    return arguments


async def _rewritten(each: Interceptor, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    with trio.move_on_after(TIMEOUT):
        changed = await each.rewrite(tool, dict(arguments))
        if not isinstance(changed, Mapping):
            raise HostError(f"interceptor {each.name!r} must return a mapping, not {type(changed).__name__}")
        return changed
    raise HostError(f"interceptor {each.name!r} took longer than {TIMEOUT:g} s")

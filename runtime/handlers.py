"""Which method handles which message: paired when the class is created, so that a forgotten or doubled handler fails at import."""

from __future__ import annotations

import enum
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from ..messages.base import Message, StreamMessage

CallableT = TypeVar("CallableT", bound=Callable[..., Any])

_SPAWNED = "_legion_spawned"
# Hooks of pykka.Actor whose names look like handlers.
_HOOKS = frozenset({"on_start", "on_stop", "on_failure", "on_receive"})


class Mode(enum.Enum):
    """How a handler runs."""

    PLAIN = "plain"  # `def`: to completion, at once
    EXCLUSIVE = "exclusive"  # `async def`: no other message is taken until it ends
    SPAWNED = "spawned"  # `@spawned async def`: beside others, in a task of its own


@attrs.frozen
class Handler:
    """One row of an actor class's table.

    Attributes:
        streams: Whether it is called with a sink as second argument.
    """

    method: str
    mode: Mode
    streams: bool


def spawned(function: CallableT) -> CallableT:
    """Run this `async def` handler in a task of its own for every message, beside the actor's other work.

    Such a handler must not touch the actor's state: it answers by returning, or tells its actor what happened. Because it cannot have damaged that
    state, a bug in it costs the one ask it was working on, not the actor.
    """
    setattr(function, _SPAWNED, True)
    return function


def handlers_of(cls: type) -> Mapping[type[Message[Any]], Handler] | None:
    """Return the handler table of an actor class, or None for a class that names no protocol (an abstract base).

    Raises:
        TypeError: The protocol names something else than messages, a message of it has no handler, a handler has no message, or a signature
            does not fit.
    """
    protocol = _protocol_of(cls)
    if protocol is None:
        return None
    expected = {f"on_{snake_case(message.__name__)}": message for message in protocol}
    if len(expected) != len(protocol):
        raise TypeError(f"{cls.__name__}: two messages of its protocol share a name")
    present = {name for name in dir(cls) if name.startswith("on_")} - _HOOKS
    missing, orphans = sorted(expected.keys() - present), sorted(present - expected.keys())
    if missing:
        raise TypeError(f"{cls.__name__} has no handler {missing[0]}(self, message: {expected[missing[0]].__name__})")
    if orphans:
        raise TypeError(f"{cls.__name__}.{orphans[0]} handles no message of the class's protocol")
    return {message: _handler(cls, name, message) for name, message in expected.items()}


def snake_case(name: str) -> str:
    """Return `CallFailed` as `call_failed`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _protocol_of(cls: type) -> tuple[type[Message[Any]], ...] | None:
    """Return the messages in `class X(Actor[Command])`, the union's members one by one."""
    for base in getattr(cls, "__orig_bases__", ()):
        arguments = typing.get_args(base)
        is_actor = hasattr(typing.get_origin(base), "handlers")
        if not is_actor or not arguments or isinstance(arguments[0], TypeVar):
            continue
        command = arguments[0]
        is_union = isinstance(command, types.UnionType) or typing.get_origin(command) is typing.Union
        members = typing.get_args(command) if is_union else (command,)
        for member in members:
            if not (isinstance(member, type) and issubclass(member, Message)):
                raise TypeError(f"{cls.__name__}: {member!r} in its protocol is no message")
        return members
    return None


def _handler(cls: type, name: str, message: type[Message[Any]]) -> Handler:
    function = inspect.getattr_static(cls, name)
    streams = issubclass(message, StreamMessage)
    parameters = list(inspect.signature(function).parameters.values())
    wanted = 3 if streams else 2
    if len(parameters) != wanted:
        shape = "(self, message, sink)" if streams else "(self, message)"
        raise TypeError(f"{cls.__name__}.{name} must take {shape}")
    annotation = parameters[1].annotation
    named = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if named.rsplit(".", 1)[-1] != message.__name__:
        raise TypeError(f"{cls.__name__}.{name} says it takes {named}, its name says {message.__name__}")
    return Handler(name, _mode(cls, name, function, streams=streams), streams)


def _mode(cls: type, name: str, function: Callable[..., Any], *, streams: bool) -> Mode:
    is_spawned = getattr(function, _SPAWNED, False)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{cls.__name__}.{name} yields; a handler sends items to its sink and returns its answer")
    if inspect.iscoroutinefunction(function):
        return Mode.SPAWNED if is_spawned else Mode.EXCLUSIVE
    if streams or is_spawned:
        why = "answers with a stream" if streams else "is spawned"
        raise TypeError(f"{cls.__name__}.{name} {why}, so it must be `async def`")
    return Mode.PLAIN

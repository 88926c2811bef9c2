"""Hooks: what a host wants to see, or to stop, of every request and every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

from .base import Message
from .chat import Request, Response

# Called with the request, and after the answer with the answer too; returns a `Block`, or anything else for "go on".
BeforeCall: TypeAlias = Callable[[Request], Awaitable[object]]
AfterCall: TypeAlias = Callable[[Request, Response], Awaitable[object]]


@attrs.frozen
class Block:
    """What a hook returns that stops a request: the caller gets this text, and no other answer.

    Attributes:
        text: What the caller is told.
        data: Numbers and short texts for whoever reads the answer's enrichment "hook:blocked".
    """

    text: str
    data: Mapping[str, Any] = attrs.field(factory=lambda: MappingProxyType({}))


@attrs.frozen(kw_only=True)
class Hook:
    """A function that a host has hung in.

    Attributes:
        name: Shown in warnings, errors and timelines.
        call: The function, callable from the actors.
        timeout: Seconds that it may take.
        is_closed: Whether a request ends where the hook fails or takes too long; else it goes on, with a warning.
    """

    name: str
    call: Callable[..., Awaitable[object]]
    timeout: float
    is_closed: bool


@attrs.frozen(kw_only=True)
class HooksChanged(Message[None]):
    """These are the hooks there are, in the order in which they are called."""

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()

"""What a supervision tree is made of: frozen descriptions, no work."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from .actor import Actor
from .home import HomeKind


class Restart(enum.StrEnum):
    """Whether a child that ended is started again; OTP's words, with OTP's meaning."""

    PERMANENT = "permanent"  # always
    TRANSIENT = "transient"  # after a crash
    TEMPORARY = "temporary"  # never


class Strategy(enum.StrEnum):
    """Who is restarted when one child ends."""

    ONE_FOR_ONE = "one_for_one"  # that child
    ONE_FOR_ALL = "one_for_all"  # all children
    REST_FOR_ONE = "rest_for_one"  # that child and those started after it


@attrs.frozen(kw_only=True)
class Intensity:
    """How much restarting is too much, and how long to wait before each.

    Attributes:
        max_restarts: Restarts allowed within `max_seconds`; one more and the supervisor itself fails.
        max_seconds: Length of the window, seconds.
        backoff_initial: Wait before the second restart within a window, seconds; the first is immediate.
        backoff_max: Longest wait, seconds. The wait doubles from restart to restart and is then drawn from its upper half.
    """

    max_restarts: int = attrs.field(default=5, validator=attrs.validators.ge(0))
    max_seconds: float = attrs.field(default=30.0, validator=attrs.validators.gt(0))
    backoff_initial: float = attrs.field(default=0.05, validator=attrs.validators.ge(0))
    backoff_max: float = attrs.field(default=5.0, validator=attrs.validators.ge(0))


@attrs.frozen(kw_only=True)
class ChildSpec:
    """How to start one actor, and what to do when it ends.

    Attributes:
        name: Name among its siblings.
        factory: Makes the actor; called again for every restart, on the actor's own loop.
        home: Event loop; None takes the actor class's own where `factory` is the class, else trio.
        mailbox_capacity: Bound of the user lane, messages.
        start_timeout: Seconds within which `on_start` must end.
        stop_timeout: Seconds for `on_stop`, counted after the drain deadline.
    """

    name: str
    factory: Callable[[], Actor[Any]]
    restart: Restart = attrs.field(default=Restart.PERMANENT, converter=Restart)
    home: HomeKind | None = attrs.field(default=None, converter=attrs.converters.optional(HomeKind))
    mailbox_capacity: int = attrs.field(default=10_000, validator=attrs.validators.gt(0))
    start_timeout: float = 30.0
    stop_timeout: float = 5.0


def _names_differ(_spec: Any, _field: Any, children: tuple[Child, ...]) -> None:
    names = [child.name for child in children]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"two children are named {doubled[0]!r}: they would share one mailbox")


@attrs.frozen(kw_only=True)
class SupervisorSpec:
    """A branch of the tree: children in start order (stopped in reverse), a strategy and its limits."""

    name: str
    children: tuple[Child, ...] = attrs.field(default=(), validator=_names_differ)
    strategy: Strategy = attrs.field(default=Strategy.ONE_FOR_ONE, converter=Strategy)
    restart: Restart = attrs.field(default=Restart.PERMANENT, converter=Restart)
    intensity: Intensity = attrs.field(factory=Intensity)


Child: TypeAlias = ChildSpec | SupervisorSpec

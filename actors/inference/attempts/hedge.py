"""Hedging: a second attempt beside a slow one; the first answer counts, and the other attempt is cancelled."""

from __future__ import annotations

import collections
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import attrs
import trio

from ....messages.chat import WRITTEN, Request, Response
from ....messages.errors import CancelledError, LegionError
from ....messages.settings import HedgingSettings
from ....messages.target import Target

# Fewer answers say nothing about what is slow; more than these are of another day.
_LEAST: Final = 20
_MOST: Final = 100
_SLOW: Final = 0.95

End: TypeAlias = Response | LegionError


def is_harmless(request: Request) -> bool:
    """Whether asking twice does nothing but cost tokens: no tool that the provider runs itself, and no parameter that we do not know."""
    is_known = all(name == WRITTEN for name in request.extra)
    return is_known and all(tool.opaque is None for tool in request.tools or ())


def hedge_for(first: Target, left: Sequence[Target]) -> Target | None:
    """Return the candidate that is asked beside a slow one: the next at another instance, or None."""
    return next((target for target in left if target.instance != first.instance), None)


class Paces:
    """How long the answers of each target took lately, to tell what is slow."""

    def __init__(self, settings: HedgingSettings) -> None:
        self._settings = settings
        self._seconds: dict[tuple[str, str], collections.deque[float]] = {}

    def note(self, target: Target, seconds: float) -> None:
        """Remember how long an answer took."""
        if self._settings.delay_seconds is None:
            self._seconds.setdefault(target.key, collections.deque(maxlen=_MOST)).append(seconds)

    def delay(self, target: Target) -> float | None:
        """Return the seconds after which a call to the target is slow; None while nobody knows."""
        if self._settings.delay_seconds is not None:
            return self._settings.delay_seconds
        known = self._seconds.get(target.key, ())
        return sorted(known)[int(_SLOW * len(known))] if len(known) >= _LEAST else None


@attrs.define
class Race:
    """What became of two attempts.

    Attributes:
        ends: How the first and the second ended; None for one that was not made, or was cancelled.
        has_second: Whether the second was made.
    """

    ends: list[End | None] = attrs.field(factory=lambda: [None, None])
    has_second: bool = False

    @property
    def winner(self) -> int | None:
        """Which of them answered: 0, 1, or None."""
        return next((number for number, end in enumerate(self.ends) if isinstance(end, Response)), None)

    def failure(self, number: int) -> LegionError:
        """Return why this attempt is not the answer; one that was cancelled, or came in the same moment, has been overtaken."""
        end = self.ends[number]
        return end if isinstance(end, LegionError) else CancelledError("the other attempt answered first")


async def race(
    first: Callable[[], Awaitable[Response]],
    second: Callable[[], Awaitable[Response]],
    may_begin: Callable[[], bool],
    delay: float,
) -> Race:
    """Make the first attempt, and after a while the second beside it.

    A first attempt that fails before is not followed by the second: what comes then is no matter of speed. Once both run, one that fails leaves
    the other alone.

    Args:
        first: The first attempt.
        second: The second.
        may_begin: Whether the second may be made; asked once, when its time has come.
        delay: Seconds until then.
    """
    result = Race()

    async def run(number: int, attempt: Callable[[], Awaitable[Response]], scope: trio.CancelScope) -> None:
        try:
            result.ends[number] = await attempt()
        except LegionError as error:
            result.ends[number] = error
        if isinstance(result.ends[number], Response) or not result.has_second:
            scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, 0, first, nursery.cancel_scope)
        await trio.sleep(delay)
        if may_begin():
            result.has_second = True
            nursery.start_soon(run, 1, second, nursery.cancel_scope)
    return result

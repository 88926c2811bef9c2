"""Decides which handler weighs a signal, and sees that no handler holds up anything but its own signals."""

from __future__ import annotations

import logging
from typing import Any, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.health import OwnSignal, SignalReported, SignalWeighed
from ...runtime import Actor, Address
from .port import SignalHandlers, Verdict

logger = logging.getLogger(__name__)

_OWN = frozenset(OwnSignal)


@attrs.frozen(kw_only=True)
class HandlerReturned(Message[None]):
    """A handler has given its verdict, or failed to (told by this actor to itself)."""

    name: str
    instance: str
    verdict: Verdict


@attrs.define
class _Desk:
    """Where the signals of one name are weighed, one after the other.

    Attributes:
        waiting: The newest value by instance that came while the handler was busy.
        superseded: Values that a newer one of the same instance made pointless before they were weighed.
        failing: Whether the last call failed.
    """

    is_busy: bool = False
    waiting: dict[str, float] = attrs.field(factory=dict)
    weighed: int = 0
    failed: int = 0
    superseded: int = 0
    failing: bool = False


Command: TypeAlias = SignalReported | HandlerReturned


class Signals(Actor[Command]):
    """Has the host's handlers weigh the host's signals.

    A handler is called for one signal at a time: while it is busy only the newest value of each instance waits, so that no flood of signals and no
    handler that hangs can pile up work. Takes SignalReported. Tells SignalWeighed to health, and SignalReported for those it understands itself.
    """

    def __init__(self, handlers: SignalHandlers, *, health: Address) -> None:
        super().__init__()
        self._handlers = handlers
        self._health = health
        self._desks: dict[str, _Desk] = {}
        self._unknown = 0

    def on_signal_reported(self, message: SignalReported) -> None:
        """Have it weighed; a signal that nobody knows is ignored, and counted."""
        if message.name in _OWN:
            self._health.offer(message)
        elif self._handlers.knows(message.name):
            self._take_in(message)
        else:
            self._unknown += 1

    def on_handler_returned(self, message: HandlerReturned) -> None:
        """Pass the verdict on, and turn to what came meanwhile."""
        desk, verdict = self._desks[message.name], message.verdict
        desk.is_busy = False
        desk.weighed += 1
        if verdict.failure is None:
            self._health.offer(SignalWeighed(name=message.name, instance=message.instance, points=verdict.points))
        else:
            desk.failed += 1
            if not desk.failing:  # of a row of failures the first is enough to read
                logger.warning(
                    "signal %s: its handler failed for %s: %s", message.name, message.instance, verdict.failure
                )
        desk.failing = verdict.failure is not None
        self._turn_to_next(message.name, desk)

    def snapshot(self) -> dict[str, Any]:
        """Return how many signals were weighed, by name, and how many nobody knew."""
        return {
            "unknown": self._unknown,
            "signals": {
                name: {
                    "weighed": desk.weighed,
                    "failed": desk.failed,
                    "superseded": desk.superseded,
                    "waiting": len(desk.waiting),
                }
                for name, desk in self._desks.items()
            },
        }

    def _take_in(self, message: SignalReported) -> None:
        desk = self._desks.setdefault(message.name, _Desk())
        desk.superseded += message.instance in desk.waiting
        desk.waiting[message.instance] = message.value
        self._turn_to_next(message.name, desk)

    def _turn_to_next(self, name: str, desk: _Desk) -> None:
        if desk.is_busy or not desk.waiting:
            return
        desk.is_busy = True
        instance = next(iter(desk.waiting))
        self.spawn(self._weigh, name, instance, desk.waiting.pop(instance))

    async def _weigh(self, name: str, instance: str, value: float) -> None:
        verdict = await self._handlers.weigh(name, instance, value)
        self.tell_later(0.0, HandlerReturned(name=name, instance=instance, verdict=verdict))

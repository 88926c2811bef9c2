"""The host's own signals: functions of the host that say what something it has noticed is worth."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeGuard, cast

import attrs
import trio

from ...actors.signals.port import Verdict
from ...messages.errors import InvalidRequestError
from ...messages.health import OwnSignal, SignalReported

# Seconds that a handler may take. It looks at a number; whoever needs longer has something else in mind.
TIMEOUT: Final = 1.0

_OWN: Final = frozenset(OwnSignal)

SignalHandler: TypeAlias = Callable[[str, float], float | None]


@attrs.frozen
class _Registered:
    """A handler and its place: one thread at most, and that may hang."""

    handler: SignalHandler
    limiter: trio.CapacityLimiter


class HostSignals:
    """Implements `actors.signals.port.SignalHandlers`: handlers run in threads, one each, for a bounded time.

    Handlers may be registered from any thread, also while others run, and may use the gateway themselves.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        # Replaced and never changed, so that a look into it needs no lock.
        self._registered: Mapping[str, _Registered] = MappingProxyType({})

    def register(self, name: object, handler: object) -> None:
        """Have `handler` weigh the signals of this name from now on; see `Legion.register_signal`.

        Raises:
            InvalidRequestError: The name is taken by the system or blank, or the handler cannot be called.
        """
        name = _text(name, "name")
        if name in _OWN:
            raise InvalidRequestError(f"the signal {name!r} is the system's own and needs no handler", param="name")
        if not callable(handler) or inspect.iscoroutinefunction(handler):
            raise InvalidRequestError("the handler must be an ordinary function of (instance, value)", param="handler")
        entry = _Registered(cast("SignalHandler", handler), trio.CapacityLimiter(1))
        self._registered = MappingProxyType({**self._registered, name: entry})

    def knows(self, name: str) -> bool:
        """Whether somebody weighs signals of this name; see the port."""
        return name in self._registered

    async def weigh(self, name: str, instance: str, value: float) -> Verdict:
        """Call the handler in a thread; see the port. One that hangs keeps its own thread, and its signals wait in vain for the next."""
        entry = self._registered[name]
        with trio.move_on_after(self._timeout):
            return await trio.to_thread.run_sync(
                _verdict, entry.handler, instance, value, abandon_on_cancel=True, limiter=entry.limiter
            )
        return Verdict(failure=f"it took longer than {self._timeout:g} s")


def signal_of(name: object, instance: object, value: object) -> SignalReported:
    """Return the message that reports a signal.

    Raises:
        InvalidRequestError: Name or instance is no text, or the value no number that this signal can have.
    """
    name, instance = _text(name, "name"), _text(instance, "instance")
    least = 0.0 if name in _OWN else -math.inf
    if not _is_number(value) or value < least:
        at_least = " of at least 0" if name in _OWN else ""
        raise InvalidRequestError(
            f"the value of {name!r} must be a finite number{at_least}, got {value!r}", param="value"
        )
    return SignalReported(name=name, instance=instance, value=float(value))


def _text(value: object, param: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError(f"{param} must be a text that is not blank, got {value!r}", param=param)
    return value


def _verdict(handler: SignalHandler, instance: str, value: float) -> Verdict:
    try:
        points: Any = handler(instance, value)
    except BaseException as error:  # noqa: BLE001 - the host's code: whatever it raises is its failure and not ours
        return Verdict(failure=f"{type(error).__name__}: {error}")
    if points is None:
        return Verdict()
    if not _is_number(points):
        return Verdict(failure=f"it returned {type(points).__name__} {points!r:.100}, and not a finite number or None")
    return Verdict(points=float(points))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

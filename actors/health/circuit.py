"""The circuit breaker of one provider instance, as a table.

CLOSED takes every call. Failures in a row up to the limit open it. OPEN takes none until it has cooled. HALF_OPEN takes one probe: its success
closes the circuit, its failure opens it again.
"""

from __future__ import annotations

import enum
from typing import Final

import attrs

from ...messages.routing import CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN


class Event(enum.Enum):
    """What can happen to a circuit."""

    SUCCESS = "success"
    FAILURE = "failure"  # one more, the limit not yet reached
    LIMIT = "limit"  # the failure that reaches the limit
    COOLED = "cooled"  # the cooldown has passed


SUCCESS, FAILURE, LIMIT, COOLED = Event.SUCCESS, Event.FAILURE, Event.LIMIT, Event.COOLED

# OPEN ignores answers: they belong to calls made before the trip, and say nothing about now.
TRANSITIONS: Final[dict[CircuitState, dict[Event, CircuitState]]] = {
    CLOSED: {SUCCESS: CLOSED, FAILURE: CLOSED, LIMIT: OPEN, COOLED: CLOSED},
    OPEN: {SUCCESS: OPEN, FAILURE: OPEN, LIMIT: OPEN, COOLED: HALF_OPEN},
    HALF_OPEN: {SUCCESS: CLOSED, FAILURE: OPEN, LIMIT: OPEN, COOLED: HALF_OPEN},
}


@attrs.frozen(kw_only=True)
class Limits:
    """When a circuit opens, and for how long.

    Attributes:
        failure_threshold: Failures in a row that open it, at least 1.
        cooldown: Seconds it stays open before a probe.
    """

    failure_threshold: int
    cooldown: float


@attrs.frozen(kw_only=True)
class Circuit:
    """One circuit breaker, as a value.

    Attributes:
        failures: Failures since the last success.
        epoch: Grows with every change of state; a result that began in another epoch does not move the circuit.
        opened_at: Monotonic moment of the last trip; meaningful while OPEN.
    """

    epoch: int
    state: CircuitState = CLOSED
    failures: int = 0
    opened_at: float = 0.0

    # A result that began in another epoch, before the circuit last changed, says nothing about now.

    def succeeded(self, began: int) -> Circuit:
        """Return the circuit after the success of a call that began in epoch `began`."""
        return self._moved(SUCCESS, failures=0) if began == self.epoch else self

    def failed(self, began: int, limits: Limits, now: float) -> Circuit:
        """Return the circuit after the failure, at `now`, of a call that began in epoch `began`."""
        if began != self.epoch:
            return self
        failures = self.failures + 1
        event = LIMIT if failures >= limits.failure_threshold else FAILURE
        return self._moved(event, failures=failures, now=now)

    def cooled(self) -> Circuit:
        """Return the circuit after its cooldown: an open one is half open."""
        return self._moved(COOLED, failures=self.failures)

    def retry_at(self, limits: Limits) -> float:
        """Return the monotonic moment at which an open circuit has cooled."""
        return self.opened_at + limits.cooldown

    def _moved(self, event: Event, *, failures: int, now: float | None = None) -> Circuit:
        state = TRANSITIONS[self.state][event]
        if state is self.state:
            # An open circuit hears late answers, but does not count them.
            return self if state is OPEN else attrs.evolve(self, failures=failures)
        opened_at = now if state is OPEN and now is not None else self.opened_at
        return Circuit(epoch=self.epoch + 1, state=state, failures=failures, opened_at=opened_at)

"""The circuit breaker of one provider instance, as a table.

CLOSED takes every call. Failures in a row up to the limit open it, an account that is dead opens it at once. OPEN takes none until it has cooled.
HALF_OPEN takes one probe: its success closes the circuit, its failure opens it again.

How much a failure weighs:

    a call that failed       1.0
    an answer of poor quality 0.5
    a success                starts the count anew

Who may be the probe, and for how long, is decided where calls are admitted (`actors.connection.gate`); epochs tie the two together.
"""

from __future__ import annotations

import enum
from typing import Final

import attrs

from ...messages.outcome import Outcome
from ...messages.routing import CircuitState
from ...messages.settings import CircuitBreakerSettings

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN

ERROR_WEIGHT: Final = 1.0
QUALITY_WEIGHT: Final = 0.5


class Event(enum.Enum):
    """What can happen to a circuit."""

    SUCCESS = "success"
    FAILURE = "failure"  # one more, the limit not yet reached
    LIMIT = "limit"  # the failure that reaches the limit, or one that needs no second
    COOLED = "cooled"  # the cooldown has passed


SUCCESS, FAILURE, LIMIT, COOLED = Event.SUCCESS, Event.FAILURE, Event.LIMIT, Event.COOLED

# OPEN ignores answers: they belong to calls made before the trip, and say nothing about now.
TRANSITIONS: Final[dict[CircuitState, dict[Event, CircuitState]]] = {
    CLOSED: {SUCCESS: CLOSED, FAILURE: CLOSED, LIMIT: OPEN, COOLED: CLOSED},
    OPEN: {SUCCESS: OPEN, FAILURE: OPEN, LIMIT: OPEN, COOLED: HALF_OPEN},
    HALF_OPEN: {SUCCESS: CLOSED, FAILURE: OPEN, LIMIT: OPEN, COOLED: HALF_OPEN},
}


@attrs.frozen(kw_only=True)
class Circuit:
    """One circuit breaker, as a value.

    Attributes:
        failures: Weight of the failures since the last success.
        epoch: Grows with every change of state; a result that began in another epoch does not move the circuit.
        until: Monotonic moment at which an open circuit has cooled; meaningful while OPEN.
        cause: What opened it last, TARGET_SICK or ACCOUNT_DEAD; meaningful while OPEN.
    """

    epoch: int
    state: CircuitState = CLOSED
    failures: float = 0.0
    until: float = 0.0
    cause: Outcome = Outcome.TARGET_SICK

    # A result that began in another epoch, before the circuit last changed, says nothing about now.

    def succeeded(self, began: int) -> Circuit:
        """Return the circuit after the success of a call that began in epoch `began`."""
        return self._moved(SUCCESS, failures=0.0) if began == self.epoch else self

    def failed(
        self, began: int, limits: CircuitBreakerSettings, now: float, *, weight: float = ERROR_WEIGHT
    ) -> Circuit:
        """Return the circuit after the failure, at `now`, of a call that began in epoch `began`."""
        if began != self.epoch:
            return self
        failures = self.failures + weight
        event = LIMIT if failures >= limits.failure_threshold else FAILURE
        return self._moved(event, failures=failures, until=now + limits.cooldown_seconds)

    def found_dead(self, began: int, limits: CircuitBreakerSettings, now: float) -> Circuit:
        """Return the circuit after a call that began in epoch `began` was refused because of the account: the next one would be, too."""
        if began != self.epoch:
            return self
        until = now + limits.account_cooldown_seconds
        return self._moved(LIMIT, failures=self.failures + ERROR_WEIGHT, until=until, cause=Outcome.ACCOUNT_DEAD)

    def asked_to_wait(self, until: float) -> Circuit:
        """Return the circuit after the provider, even in a late answer, named a moment before which it is not to be called.

        An open circuit's wait is lengthened, never shortened; one that takes calls is not closed to them by this alone.
        """
        return attrs.evolve(self, until=until) if self.state is OPEN and until > self.until else self

    def set_to(self, state: CircuitState, until: float) -> Circuit:
        """Return the circuit after an operator has opened it, until `until`, or closed it: what began before says nothing about now."""
        return self if state is self.state else Circuit(epoch=self.epoch + 1, state=state, until=until)

    def cooled(self, now: float) -> Circuit:
        """Return the circuit at `now`: an open one that has cooled is half open."""
        return self if self.state is OPEN and now < self.until else self._moved(COOLED, failures=self.failures)

    def _moved(self, event: Event, *, failures: float, until: float = 0.0, cause: Outcome | None = None) -> Circuit:
        state = TRANSITIONS[self.state][event]
        if state is self.state:
            # An open circuit hears late answers, but does not count them.
            return self if state is OPEN or failures == self.failures else attrs.evolve(self, failures=failures)
        return Circuit(
            epoch=self.epoch + 1, state=state, failures=failures, until=until, cause=cause or Outcome.TARGET_SICK
        )

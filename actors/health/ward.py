"""One provider instance under observation: what is known of it, and what that means for the router."""

from __future__ import annotations

import math
from typing import Any

from ...messages.health import OwnSignal, SignalReported, SignalWeighed
from ...messages.outcome import Outcome
from ...messages.routing import AttemptFinished, CircuitState, HealthChanged
from ...messages.settings import HealthSettings
from .circuit import QUALITY_WEIGHT, Circuit
from .latency import CIRCUIT_PENALTY, LatencyWindow, adjustment
from .points import Points
from .throttle import Throttles
from .verdicts import Verdicts


class Ward:
    """The circuit of one instance, its latencies, the waits it asked for, the answers that are still to be judged, and what signals say of it.

    Attributes:
        name: The instance.
        circuit: Its breaker.
        is_watched: Whether an alarm is set for the moment at which the first of its points fade.
        trips: How often it was put aside.
    """

    def __init__(self, name: str, settings: HealthSettings, epoch: int) -> None:
        self.name = name
        self.circuit = Circuit(epoch=epoch)
        self.is_watched = False
        self.trips = 0
        self._settings = settings
        self._latency = LatencyWindow(settings.window_seconds)
        self._throttles = Throttles()
        self._verdicts = Verdicts()
        self._points = Points(settings.window_seconds)

    def finished(self, attempt: AttemptFinished) -> None:
        """Learn from the end of an attempt that was sent: latency in any case, the rest if it says something about now."""
        match attempt.outcome:
            case Outcome.SUCCESS:
                # How long a stream goes on is up to its reader, too.
                took = attempt.latency if attempt.first_content is None else attempt.first_content
                self._latency.add(attempt.at, took)
                self._answered(attempt)
            case Outcome.THROTTLED:
                self._throttles.add(attempt.target.model, attempt.at, attempt.retry_after)
            case Outcome.TARGET_SICK:
                # A repeat tells nothing that the request's first failure here has not told: it may be the request that is at fault.
                if not (attempt.repeated and self.circuit.state is CircuitState.CLOSED):
                    self.circuit = self.circuit.failed(attempt.epoch, self._settings.circuit_breaker, attempt.at)
                self._wait(attempt)
            case Outcome.ACCOUNT_DEAD:
                self.circuit = self.circuit.found_dead(attempt.epoch, self._settings.circuit_breaker, attempt.at)
                self._wait(attempt)

    def judged(self, request_id: str, attempt: int, *, passed: bool, now: float) -> None:
        """Learn what an answer was worth: a good one is the success it looked like, a poor one half a failure."""
        began = self._verdicts.take(request_id, attempt)
        if passed and began is not None:
            self.circuit = self.circuit.succeeded(began)
        elif not passed:
            epoch = self.circuit.epoch if began is None else began
            self.circuit = self.circuit.failed(epoch, self._settings.circuit_breaker, now, weight=QUALITY_WEIGHT)

    def limited(self, model: str, until: float, now: float) -> None:
        """Learn that a limit of ours is reached."""
        self._throttles.add(model, now, until - now)

    def set_circuit(self, state: CircuitState, now: float) -> None:
        """Have the circuit as an operator wants it; one that is so already is left alone."""
        self.circuit = self.circuit.set_to(state, now + self._settings.circuit_breaker.cooldown_seconds)

    def reported(self, signal: SignalReported, now: float) -> None:
        """Learn from one of the system's own signals, as if it had come from a call that began just now."""
        circuit, value = self.circuit, signal.value
        match signal.name:
            case OwnSignal.SUCCESS:
                self.circuit = circuit.succeeded(circuit.epoch)
            case OwnSignal.ERROR if value > 0:
                self.circuit = circuit.failed(circuit.epoch, self._settings.circuit_breaker, now, weight=value)
            case OwnSignal.QUALITY_FAILURE if value > 0:
                weight = QUALITY_WEIGHT * value
                self.circuit = circuit.failed(circuit.epoch, self._settings.circuit_breaker, now, weight=weight)
            case OwnSignal.LATENCY:
                self._latency.add(now, value / 1000)

    def weighed(self, signal: SignalWeighed, now: float) -> None:
        """Learn what a signal of the host's own is worth."""
        self._points.give(signal.name, signal.points, now)

    def restored(self, now: float) -> None:
        """Let a probe through at once if it was the account that kept the instance aside."""
        if self.circuit.state is CircuitState.OPEN and self.circuit.cause is Outcome.ACCOUNT_DEAD:
            self.circuit = self.circuit.cooled(max(now, self.circuit.until))

    def cooled(self, now: float) -> None:
        """Let a probe through if the cooldown has passed."""
        self.circuit = self.circuit.cooled(now)

    def fades_at(self, news: HealthChanged) -> float:
        """Return the monotonic moment at which the first of the points in `news` will have faded; infinity without any that fade."""
        is_slow = news.adjustment < CIRCUIT_PENALTY[news.state]
        return min(self._latency.fades_at() if is_slow else math.inf, self._points.ends_at())

    def news(self, now: float) -> HealthChanged:
        """Return what the router and the connection need to know."""
        circuit, is_open = self.circuit, self.circuit.state is CircuitState.OPEN
        return HealthChanged(
            instance=self.name,
            state=circuit.state,
            adjustment=adjustment(
                circuit.state, self._latency.average_ms(now), self._settings.latency_penalty_threshold_ms
            )
            + self._points.total(now),
            epoch=circuit.epoch,
            retry_at=circuit.until if is_open else None,
            cause=circuit.cause if is_open else None,
            throttled=self._throttles.current(now),
        )

    def described(self, now: float, adjustment: float) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "state": self.circuit.state,
            "failures": self.circuit.failures,
            "trips": self.trips,
            "average_ms": round(self._latency.average_ms(now), 1),
            "adjustment": adjustment,
            "throttled": {model: round(until - now, 1) for model, until in self._throttles.current(now).items()},
            "unjudged": len(self._verdicts),
            "signals": self._points.by_signal(),
        }

    def _answered(self, attempt: AttemptFinished) -> None:
        if attempt.judged:
            self._verdicts.expect(attempt.request_id, attempt.attempt, attempt.epoch)
        else:
            self.circuit = self.circuit.succeeded(attempt.epoch)

    def _wait(self, attempt: AttemptFinished) -> None:
        """Heed a wait that came with a failure: for the model at once, for the whole instance if it is put aside."""
        if attempt.retry_after is None:
            return
        self.circuit = self.circuit.asked_to_wait(attempt.at + attempt.retry_after)
        if attempt.outcome is Outcome.TARGET_SICK:
            self._throttles.add(attempt.target.model, attempt.at, attempt.retry_after)

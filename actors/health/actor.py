"""Decides which provider instances are well, and tells the router and the connections when that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.outcome import COUNTS_AGAINST_TARGET, Outcome
from ...messages.routing import AttemptFinished, CircuitState, HealthChanged, HealthWanted
from ...runtime import Actor, Address
from .circuit import Circuit, Limits
from .latency import CIRCUIT_PENALTY, LatencyWindow, adjustment
from .throttle import Throttles


@attrs.frozen(kw_only=True)
class HealthConfig:
    """What the health actor goes by.

    Attributes:
        instances: Names of all provider instances.
        limits: Of every circuit breaker.
        window: Seconds for which a latency counts.
        latency_threshold_ms: Mean latency in milliseconds up to which nothing is lost.
    """

    instances: tuple[str, ...]
    limits: Limits
    window: float
    latency_threshold_ms: float


@attrs.frozen(kw_only=True)
class CircuitCooled(Message[None]):
    """The cooldown of an instance's circuit has passed (told by health to itself)."""

    instance: str
    epoch: int


@attrs.frozen(kw_only=True)
class LatencyFaded(Message[None]):
    """An old latency of a slow instance has left the window (told by health to itself)."""

    instance: str


@attrs.frozen
class _Ward:
    """One instance under observation.

    Attributes:
        is_watched: Whether a `LatencyFaded` is on its way.
    """

    circuit: Circuit
    latency: LatencyWindow
    throttles: Throttles
    told: HealthChanged
    is_watched: bool = False


Command: TypeAlias = AttemptFinished | HealthWanted | CircuitCooled | LatencyFaded


class Health(Actor[Command]):
    """Keeps a circuit breaker and a latency window for every provider instance.

    Takes AttemptFinished from the connections. Tells HealthChanged to whoever `listeners` names. Never asks.
    """

    def __init__(self, config: HealthConfig, listeners: Callable[[str], Iterable[Address]]) -> None:
        super().__init__()
        self._config = config
        self._listeners = listeners
        # Epochs of an earlier life of this actor must not be taken for ours: start where no earlier one can have come to.
        epoch = int(self.clock.monotonic() * 1000)
        self._wards = {name: self._new_ward(name, epoch) for name in config.instances}

    async def on_start(self) -> None:
        """Tell everybody where things stand: after a restart, that all is forgotten."""
        self.on_health_wanted(HealthWanted())

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        """Move the circuit if the attempt says something about the instance as it is now; count its latency in any case."""
        ward = self._wards.get(message.target.instance)
        if ward is None or not message.sent:
            return
        if message.outcome is Outcome.SUCCESS:
            ward.latency.add(message.at, message.latency)
        elif message.outcome is Outcome.THROTTLED:
            ward.throttles.add(message.target.model, message.at, message.retry_after)
        self._settle(message.target.instance, self._moved(ward.circuit, message))

    def on_health_wanted(self, message: HealthWanted) -> None:
        """Tell again what was told last."""
        names = self._wards if message.instance is None else [message.instance]
        for name in names:
            ward = self._wards.get(name)
            if ward is not None:
                self._tell(name, ward.told)

    def on_circuit_cooled(self, message: CircuitCooled) -> None:
        """Let one probe through."""
        ward = self._wards[message.instance]
        if ward.circuit.epoch == message.epoch:
            self._settle(message.instance, ward.circuit.cooled())

    def on_latency_faded(self, message: LatencyFaded) -> None:
        """Forgive slowness as its samples leave the window: an instance that is avoided has no new answers that could clear it."""
        ward = self._wards[message.instance]
        self._wards[message.instance] = attrs.evolve(ward, is_watched=False)
        self._settle(message.instance, ward.circuit)

    def snapshot(self) -> dict[str, Any]:
        """Return state, failures, mean latency and throttled models by instance."""
        now = self.clock.monotonic()
        return {
            name: {
                "state": ward.circuit.state,
                "failures": ward.circuit.failures,
                "average_ms": round(ward.latency.average_ms(now), 1),
                "adjustment": ward.told.adjustment,
                "throttled": {model: round(until - now, 1) for model, until in ward.throttles.current(now).items()},
            }
            for name, ward in self._wards.items()
        }

    def _moved(self, circuit: Circuit, message: AttemptFinished) -> Circuit:
        if message.outcome is Outcome.SUCCESS:
            return circuit.succeeded(message.epoch)
        if message.outcome in COUNTS_AGAINST_TARGET:
            return circuit.failed(message.epoch, self._config.limits, message.at)
        return circuit

    def _settle(self, name: str, circuit: Circuit) -> None:
        """Remember the circuit; tell of it where the router would decide otherwise now."""
        ward = self._wards[name]
        news = self._news(name, circuit, ward.latency, ward.throttles)
        is_slow = news.adjustment < CIRCUIT_PENALTY[circuit.state]
        self._wards[name] = _Ward(circuit, ward.latency, ward.throttles, news, ward.is_watched or is_slow)
        if is_slow and not ward.is_watched:
            self.tell_later(max(0.0, ward.latency.fades_at() - self.clock.monotonic()), LatencyFaded(instance=name))
        if circuit.state is CircuitState.OPEN and ward.circuit.state is not CircuitState.OPEN:
            wait = circuit.retry_at(self._config.limits) - self.clock.monotonic()
            self.tell_later(max(0.0, wait), CircuitCooled(instance=name, epoch=circuit.epoch))
        if news != ward.told:
            self._tell(name, news)

    def _new_ward(self, name: str, epoch: int) -> _Ward:
        circuit, latency, throttles = Circuit(epoch=epoch), LatencyWindow(self._config.window), Throttles()
        return _Ward(circuit, latency, throttles, self._news(name, circuit, latency, throttles))

    def _news(self, name: str, circuit: Circuit, latency: LatencyWindow, throttles: Throttles) -> HealthChanged:
        threshold = self._config.latency_threshold_ms
        is_open = circuit.state is CircuitState.OPEN
        return HealthChanged(
            instance=name,
            state=circuit.state,
            adjustment=adjustment(circuit.state, latency.average_ms(self.clock.monotonic()), threshold),
            epoch=circuit.epoch,
            retry_at=circuit.retry_at(self._config.limits) if is_open else None,
            throttled=throttles.current(self.clock.monotonic()),
        )

    def _tell(self, name: str, news: HealthChanged) -> None:
        for address in self._listeners(name):
            address.offer(news)

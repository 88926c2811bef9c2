"""Decides which provider instances are well, and tells the router and the connections when that changes."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.errors import InvalidRequestError, NotFoundError
from ...messages.health import AccountRestored, AnswerJudged, CircuitSet, LimitReached, SignalReported, SignalWeighed
from ...messages.routing import AttemptFinished, CircuitState, HealthChanged, HealthWanted
from ...messages.settings import HealthSettings
from ...runtime import Actor, Address
from .report import described_change
from .ward import Ward

logger = logging.getLogger(__name__)

# Seconds after which news that met a full mailbox is told again.
_TELL_AGAIN: Final = 1.0


@attrs.frozen(kw_only=True)
class HealthConfig:
    """What the health actor goes by.

    Attributes:
        instances: Names of all provider instances.
        settings: What all of them are measured by.
    """

    instances: tuple[str, ...]
    settings: HealthSettings = HealthSettings()


@attrs.frozen(kw_only=True)
class HealthReconfigured(Message[None]):
    """Go by this from now on.

    Attributes:
        changed: Instances of which nothing holds any more that was learnt of them.
    """

    config: HealthConfig
    changed: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class CircuitCooled(Message[None]):
    """The cooldown of an instance's circuit has passed (told by health to itself)."""

    instance: str
    epoch: int


@attrs.frozen(kw_only=True)
class PointsFaded(Message[None]):
    """An old latency of a slow instance has left the window, or a signal's points have ended (told by health to itself)."""

    instance: str


@attrs.frozen(kw_only=True)
class NewsUnheard(Message[None]):
    """News of an instance met a full mailbox a moment ago (told by health to itself)."""

    instance: str


Command: TypeAlias = (
    AttemptFinished
    | AnswerJudged
    | LimitReached
    | AccountRestored
    | CircuitSet
    | SignalReported
    | SignalWeighed
    | HealthWanted
    | CircuitCooled
    | PointsFaded
    | NewsUnheard
    | HealthReconfigured
)


class Health(Actor[Command]):
    """Keeps a circuit breaker and a latency window for every provider instance.

    Takes AttemptFinished and LimitReached from the connections, AnswerJudged from who judges answers, SignalReported and SignalWeighed from signals,
    HealthReconfigured.
    Tells HealthChanged to whoever `listeners` names. Never asks.
    """

    def __init__(self, config: HealthConfig, listeners: Callable[[str], Iterable[Address]]) -> None:
        super().__init__()
        self._listeners = listeners
        self._settings = config.settings
        self._wards: dict[str, Ward] = {}
        self._told: dict[str, HealthChanged] = {}
        self._unheard: set[str] = set()
        self._watch(config.instances)

    async def on_start(self) -> None:
        """Tell everybody where things stand: after a restart, that all is forgotten."""
        self.on_health_wanted(HealthWanted())

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        """Learn from an attempt, unless the provider never saw it."""
        ward = self._wards.get(message.target.instance)
        if ward is not None and message.sent:
            ward.finished(message)
            self._settle(ward)

    def on_answer_judged(self, message: AnswerJudged) -> None:
        """Learn what an answer was worth."""
        ward = self._wards.get(message.instance)
        if ward is not None:
            ward.judged(message.request_id, message.attempt, passed=message.passed, now=self.clock.monotonic())
            self._settle(ward)

    def on_limit_reached(self, message: LimitReached) -> None:
        """Have a model left alone that our own limits let nothing through for."""
        ward = self._wards.get(message.instance)
        if ward is not None:
            ward.limited(message.model, message.until, self.clock.monotonic())
            self._settle(ward)

    def on_account_restored(self, message: AccountRestored) -> None:
        """Try an instance whose account was dead."""
        ward = self._wards.get(message.instance)
        if ward is not None:
            ward.restored(self.clock.monotonic())
            self._settle(ward)

    def on_circuit_set(self, message: CircuitSet) -> None:
        """Do what an operator wants.

        Raises:
            NotFoundError: There is no such instance.
            InvalidRequestError: Half open is no state to be set: a circuit comes to it by cooling.
        """
        ward = self._wards.get(message.instance)
        if ward is None:
            raise NotFoundError(f"no provider instance {message.instance!r}; there are {', '.join(self._wards)}")
        if message.state is CircuitState.HALF_OPEN:
            raise InvalidRequestError("a circuit is opened or closed; half open it becomes by cooling", param="state")
        ward.set_circuit(message.state, self.clock.monotonic())
        self._settle(ward)

    def on_signal_reported(self, message: SignalReported) -> None:
        """Learn from one of the system's own signals."""
        ward = self._wards.get(message.instance)
        if ward is not None:
            ward.reported(message, self.clock.monotonic())
            self._settle(ward)

    def on_signal_weighed(self, message: SignalWeighed) -> None:
        """Learn what a signal of the host's is worth."""
        ward = self._wards.get(message.instance)
        if ward is not None:
            ward.weighed(message, self.clock.monotonic())
            self._settle(ward)

    def on_health_wanted(self, message: HealthWanted) -> None:
        """Tell again what was told last."""
        names = self._told if message.instance is None else [message.instance]
        for name in names:
            news = self._told.get(name)
            if news is not None:
                self._tell(news)

    def on_circuit_cooled(self, message: CircuitCooled) -> None:
        """Let one probe through; if the provider has asked for more time meanwhile, later."""
        ward = self._wards.get(message.instance)
        if ward is None or ward.circuit.epoch != message.epoch:
            return
        ward.cooled(self.clock.monotonic())
        if ward.circuit.state is CircuitState.OPEN:
            self._set_alarm(ward)
        self._settle(ward)

    def on_points_faded(self, message: PointsFaded) -> None:
        """Forgive slowness as its samples leave the window: an instance that is avoided has no new answers that could clear it."""
        ward = self._wards.get(message.instance)
        if ward is not None:
            ward.is_watched = False
            self._settle(ward)

    def on_news_unheard(self, message: NewsUnheard) -> None:
        """Tell again, with what is true by now."""
        self._unheard.discard(message.instance)
        news = self._told.get(message.instance)
        if news is not None:
            self._tell(news)

    def on_health_reconfigured(self, message: HealthReconfigured) -> None:
        """Watch other instances, or by other settings; those that stay as they were are known as they are."""
        config = message.config
        starts_anew = config.settings != self._settings
        forgotten = {name for name in self._wards if starts_anew or name in message.changed}
        lived = {name: self._wards[name].circuit.epoch for name in forgotten}
        for name in forgotten | (self._wards.keys() - set(config.instances)):
            del self._wards[name], self._told[name]
        self._settings = config.settings
        for news in self._watch([name for name in config.instances if name not in self._wards], lived):
            self._tell(news)

    def snapshot(self) -> dict[str, Any]:
        """Return state, failures, mean latency and throttled models by instance."""
        now = self.clock.monotonic()
        return {name: ward.described(now, self._told[name].adjustment) for name, ward in self._wards.items()}

    def _watch(self, names: Iterable[str], lived: Mapping[str, int] = MappingProxyType({})) -> list[HealthChanged]:
        """Begin to watch instances, of which some have lived up to an epoch; returns what is to be told of them."""
        now = self.clock.monotonic()
        # Epochs of an earlier life of this actor must not be taken for ours: start where no earlier one can have come to.
        first = int(now * 1000)
        wards = [Ward(name, self._settings, max(first, lived.get(name, 0) + 1)) for name in names]
        news = [ward.news(now) for ward in wards]
        self._wards.update({ward.name: ward for ward in wards})
        self._told.update({each.instance: each for each in news})
        return news

    def _settle(self, ward: Ward) -> None:
        """Tell of what the router would decide otherwise now, and see that somebody comes back to it."""
        before, news = self._told[ward.name], ward.news(self.clock.monotonic())
        fades_at = ward.fades_at(news)
        if fades_at < math.inf and not ward.is_watched:
            ward.is_watched = True
            self.tell_later(max(0.0, fades_at - self.clock.monotonic()), PointsFaded(instance=ward.name))
        if news == before:
            return
        self._told[ward.name] = news
        if news.state is not before.state:
            self._note_change(ward, news)
        self._tell(news)

    def _note_change(self, ward: Ward, news: HealthChanged) -> None:
        if news.state is CircuitState.OPEN:
            ward.trips += 1
            self._set_alarm(ward)
        level = logging.WARNING if news.state is CircuitState.OPEN else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(level, "%s", described_change(news, self._told.values(), self.clock.monotonic()))

    def _set_alarm(self, ward: Ward) -> None:
        wait = ward.circuit.until - self.clock.monotonic()
        self.tell_later(max(0.0, wait), CircuitCooled(instance=ward.name, epoch=ward.circuit.epoch))

    def _tell(self, news: HealthChanged) -> None:
        """Tell everybody. Whoever missed the end of a circuit's cooling would never probe it: a full mailbox is tried again."""
        heard = [address.offer(news) for address in self._listeners(news.instance)]
        if not all(heard) and news.instance not in self._unheard:
            self._unheard.add(news.instance)
            self.tell_later(_TELL_AGAIN, NewsUnheard(instance=news.instance))

"""Finds out which models there are, and how much memory for them, on a timer of its own; nobody's request ever waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs
import trio

from ...messages.base import Message
from ...messages.catalogue import CatalogueChanged, CatalogueState, CatalogueWanted, MemoryChanged, ModelFacts
from ...messages.credentials import CredentialChanged, InstanceSeen
from ...messages.errors import AuthError, LegionError
from ...runtime import Actor, Address
from ..announcer import Announcer
from .guesses import with_guesses
from .port import Machine, Memory, Scout, Sentry
from .record import Record, state_of
from .summary import exposed, first_word, memory_line, turned

# Seconds that closing idle sockets may take.
_CLOSE_TIMEOUT: Final = 1.0

_MEGABYTE: Final = 2**20


@attrs.frozen(kw_only=True)
class DiscoveryConfig:
    """What discovery goes by.

    Attributes:
        refresh: Seconds between two looks at an instance.
        deadline: Seconds that one look may take.
    """

    refresh: float
    deadline: float

    @property
    def ttl(self) -> float:
        """Seconds for which an answer holds: until two looks in a row have failed."""
        return 2 * self.refresh + self.deadline


@attrs.frozen(kw_only=True)
class LookAround(Message[None]):
    """It is time to look at everything again (told by discovery to itself)."""


@attrs.frozen(kw_only=True)
class Looked(Message[None]):
    """A look at an instance has ended (told by discovery to itself).

    Attributes:
        models: What it has, or None when it did not answer.
        failure: Why it did not, in words.
        refused: Whether it did not want to know us.
    """

    instance: str
    models: tuple[ModelFacts, ...] | None = None
    failure: str = ""
    refused: bool = False


@attrs.frozen(kw_only=True)
class Measured(Message[None]):
    """The machine's memory was read (told by discovery to itself)."""

    memory: Memory | None


@attrs.frozen(kw_only=True)
class Inspected(Message[None]):
    """An engine was looked at from outside (told by discovery to itself).

    Attributes:
        address: Where it answers anyone, or None.
    """

    instance: str
    address: str | None


Command: TypeAlias = LookAround | Looked | Measured | Inspected | CatalogueWanted | CredentialChanged


class Discovery(Actor[Command]):
    """Owns what the instances said last, and what this machine's memory was.

    Takes CatalogueWanted from the router and CredentialChanged from credentials. Tells the router CatalogueChanged and MemoryChanged when there is
    news, and credentials InstanceSeen. Every look has a task and a deadline of its
    own, so that a host that accepts and never answers delays nobody.
    """

    def __init__(
        self,
        config: DiscoveryConfig,
        scouts: Mapping[str, Scout],
        *,
        router: Address,
        announcer: Announcer,
        credentials: Address | None = None,
        machine: Machine | None = None,
        sentries: Mapping[str, Sentry] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._config = config
        self._scouts = scouts
        self._sentries = sentries
        self._machine = machine
        self._router = router
        self._credentials = credentials
        self._announcer = announcer
        self._records = {name: Record() for name in scouts}
        self._looking: set[str] = set()
        self._told: dict[str, CatalogueChanged] = {}
        self._answering: dict[str, bool] = {}
        self._memory: Memory | None = None
        self._measured = False
        self._exposed: dict[str, str | None] = {}

    async def on_start(self) -> None:
        """Look around for the first time; do not wait for what is found."""
        self.spawn(self._hold_scouts)
        self.on_look_around(LookAround())

    def on_look_around(self, _message: LookAround) -> None:
        """Look at every instance that is not being looked at, and at the memory."""
        self.tell_later(self._config.refresh, LookAround())
        for name in self._scouts:
            self._tell(name)  # what was fresh may have grown old
            self._begin(name)
        if self._machine is not None:
            self.spawn(self._measure, self._machine)

    def on_looked(self, message: Looked) -> None:
        """Remember what was seen, and tell whoever is concerned."""
        name = message.instance
        self._looking.discard(name)
        before = self._records[name]
        if message.models is None:
            record = before.failed(message.failure)
        else:
            record = before.answered(tuple(map(with_guesses, message.models)), self.clock.monotonic())
        self._records[name] = record
        self._tell(name)
        self._announce(name, record)
        if self._credentials is not None and (message.models is not None or message.refused):
            self._credentials.offer(InstanceSeen(instance=name, accepted=not message.refused, reason=message.failure))
        if message.models is not None and name in self._sentries and name not in self._exposed:
            self._exposed[name] = None
            self.spawn(self._inspect, name, self._sentries[name])

    def on_credential_changed(self, message: CredentialChanged) -> None:
        """Show this one from now on, and look at once: the instance may say more now than it did."""
        scout = self._scouts.get(message.instance)
        if scout is not None and message.credential is not None:
            scout.use(message.credential)
            self._begin(message.instance)

    def on_measured(self, message: Measured) -> None:
        """Tell the router how much memory there is."""
        if message.memory is not None and not self._measured:
            self._measured = True
            self._announcer.announce([memory_line(message.memory)])
        if message.memory != self._memory:
            self._memory = message.memory
            self._router.offer(_memory_changed(message.memory))

    def on_inspected(self, message: Inspected) -> None:
        """Warn of an engine that anyone may use."""
        self._exposed[message.instance] = message.address
        if message.address is not None:
            self._announcer.announce([exposed(message.instance, message.address)])

    def on_catalogue_wanted(self, _message: CatalogueWanted) -> None:
        """Tell again what was told last."""
        for news in self._told.values():
            self._router.offer(news)
        if self._memory is not None:
            self._router.offer(_memory_changed(self._memory))

    def snapshot(self) -> dict[str, Any]:
        """Return what is known of each instance and of the memory."""
        now = self.clock.monotonic()
        return {
            "instances": {name: self._shown(name, record, now) for name, record in self._records.items()},
            "memory": None if self._memory is None else attrs.asdict(self._memory),
        }

    # -- beside the mailbox: these touch no state

    async def _look(self, name: str) -> None:
        scout = self._scouts[name]
        seen = Looked(instance=name, failure=f"no answer within {self._config.deadline:g} s")
        with trio.move_on_after(self._config.deadline):
            try:
                seen = Looked(instance=name, models=await scout.look())
            except AuthError as error:
                seen = Looked(instance=name, failure=_words(name, error), refused=True)
            except LegionError as error:
                seen = Looked(instance=name, failure=_words(name, error))
        self.tell_later(0.0, seen)

    async def _measure(self, machine: Machine) -> None:
        memory = None
        with trio.move_on_after(self._config.deadline):
            memory = await machine.memory()
        self.tell_later(0.0, Measured(memory=memory))

    async def _inspect(self, name: str, sentry: Sentry) -> None:
        address = None
        with trio.move_on_after(self._config.deadline):
            address = await sentry.exposure()
        self.tell_later(0.0, Inspected(instance=name, address=address))

    async def _hold_scouts(self) -> None:
        """Close idle sockets when the actor ends; `on_stop` would not be called after a crash."""
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                for scout in self._scouts.values():
                    await scout.aclose()

    # -- state

    def _begin(self, name: str) -> None:
        """Look at an instance unless somebody is looking, or there is nothing to show it yet."""
        if name not in self._looking and not self._scouts[name].lacks_credential:
            self._looking.add(name)
            self.spawn(self._look, name)

    def _state(self, name: str) -> CatalogueState:
        return state_of(self._records[name], self.clock.monotonic(), self._config.ttl)

    def _tell(self, name: str) -> None:
        state = self._state(name)
        news = CatalogueChanged(instance=name, models=self._records[name].models, state=state)
        if state is not CatalogueState.NEVER_FETCHED and self._told.get(name) != news:
            self._told[name] = news
            self._router.offer(news)

    def _announce(self, name: str, record: Record) -> None:
        """Say what was found first, and afterwards when the instance goes away or comes back."""
        answers = self._state(name).is_answer
        if name not in self._answering:
            self._announcer.announce([first_word(name, record)])
        elif self._answering[name] != answers:
            self._announcer.announce([turned(name, record)])
        self._answering[name] = answers

    def _shown(self, name: str, record: Record, now: float) -> dict[str, Any]:
        return {
            "state": state_of(record, now, self._config.ttl),
            "models": [each.name for each in record.models],
            "age": None if record.answered_at is None else now - record.answered_at,
            "failure": record.failure,
            "looking": name in self._looking,
            "exposed": self._exposed.get(name),
        }


def _words(name: str, error: LegionError) -> str:
    """Return what went wrong, without the name that is said anyway."""
    return error.message.removeprefix(f"{name}: ")


def _memory_changed(memory: Memory | None) -> MemoryChanged:
    if memory is None:
        return MemoryChanged(available_mb=None)
    return MemoryChanged(available_mb=memory.available_bytes // _MEGABYTE, total_mb=memory.total_bytes // _MEGABYTE)

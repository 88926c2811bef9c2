"""Who serves what, and how busy everybody is: what workers said last, and what that is worth now."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from ...messages.catalogue import ModelFacts
from ...messages.fleet import FleetOffer, OfferedModel

# Words that a worker may leave out before it counts as gone.
_SILENT_INTERVALS: Final = 3.0


@attrs.frozen
class Entry:
    """A worker.

    Attributes:
        offer: What it said last.
        at: Monotonic moment of that.
        given: Requests that this gateway has given to it since.
    """

    offer: FleetOffer
    at: float
    given: int = 0

    def is_gone(self, now: float) -> bool:
        """Whether it has said nothing for too long."""
        return now - self.at > _SILENT_INTERVALS * self.offer.interval

    @property
    def load(self) -> float:
        """How busy it is: 1.0 and more when nothing is free."""
        return (self.offer.in_flight + self.given) / self.offer.concurrency


class Roster:
    """The workers of a fleet, as one gateway knows them."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._distrusted: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, worker: str) -> bool:
        return worker in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def heard(self, offer: FleetOffer, now: float) -> bool:
        """Remember what a worker says; return whether it offers something else than before."""
        before = self._entries.get(offer.worker)
        self._entries[offer.worker] = Entry(offer, now)
        return before is None or before.offer.models != offer.models

    def distrust(self, worker: str, until: float) -> None:
        """Ask a worker last until a monotonic moment: it refuses what others take."""
        self._distrusted[worker] = until

    def gave(self, worker: str) -> None:
        """Count a request that went to a worker, until its next word counts it."""
        entry = self._entries.get(worker)
        if entry is not None:
            self._entries[worker] = attrs.evolve(entry, given=entry.given + 1)

    def drop_silent(self, now: float) -> tuple[str, ...]:
        """Forget workers that have said nothing for too long, and return their names."""
        self._distrusted = {name: until for name, until in self._distrusted.items() if until > now}
        gone = tuple(name for name, entry in self._entries.items() if entry.is_gone(now))
        for name in gone:
            del self._entries[name]
        return gone

    def models(self) -> tuple[ModelFacts, ...]:
        """Return what the fleet as a whole can do, by model."""
        by_name: dict[str, list[ModelFacts]] = collections.defaultdict(list)
        for _, each in self._offered():
            by_name[each.facts.name].append(each.facts)
        return tuple(_merged(facts) for facts in by_name.values())

    def lane_for(self, lanes: Iterable[str]) -> tuple[str, tuple[str, ...]] | None:
        """Return the first of these lanes that somebody serves, with its workers, best first; None where nobody does."""
        for lane in lanes:
            workers = self.workers_of(lane)
            if workers:
                return lane, workers
        return None

    def windows_of(self, model: str) -> tuple[int, ...]:
        """Return the windows in tokens that workers give to a model, smallest first."""
        facts = [each.facts for _, each in self._offered() if each.facts.name == model]
        return tuple(sorted({each.context_window for each in facts if each.context_window is not None}))

    def kinds_of(self, model: str) -> tuple[str, ...]:
        """Return the families of engines that have a model."""
        return tuple(sorted({each.kind for _, each in self._offered() if each.facts.name == model}))

    def instances_of(self, model: str) -> tuple[str, ...]:
        """Return the workers' instances that have a model."""
        return tuple(sorted({each.instance for _, each in self._offered() if each.facts.name == model}))

    def workers_of(self, lane: str) -> tuple[str, ...]:
        """Return who serves a lane: trusted before others, free before busy, warm before cold, fast before slow."""
        serving = [(entry, each) for entry, each in self._offered() if lane in each.lanes]
        ranked = sorted(serving, key=lambda pair: (pair[0].offer.worker in self._distrusted, _rank(*pair)))
        return tuple(dict.fromkeys(entry.offer.worker for entry, _ in ranked))

    def _offered(self) -> Iterator[tuple[Entry, OfferedModel]]:
        return ((entry, each) for entry in self._entries.values() for each in entry.offer.models)


def _rank(entry: Entry, model: OfferedModel) -> tuple[bool, bool, int, float, str]:
    return (
        entry.load >= 1.0,
        not model.facts.loaded,
        -entry.offer.hardware.rank,
        entry.load,
        entry.offer.worker,
    )


def _merged(facts: list[ModelFacts]) -> ModelFacts:
    """Return what is known of a model that several have: what one of them can do can be had, and the largest window is looked for."""
    first = facts[0]
    return attrs.evolve(
        first,
        can=frozenset().union(*[each.can for each in facts]),
        cannot=frozenset.intersection(*[each.cannot for each in facts]),
        context_window=max([each.context_window for each in facts if each.context_window is not None], default=None),
        loaded=_any_loaded(facts),
    )


def _any_loaded(facts: list[ModelFacts]) -> bool | None:
    known = [each.loaded for each in facts if each.loaded is not None]
    return any(known) if known else None

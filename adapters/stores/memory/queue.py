"""The queue of batches in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import attrs

from ....actors.scheduler.port import BatchHead, Claim, Ended, NewItem, Outlook, QueuedItem
from ....messages.batch import (
    FINISHED,
    URGENCIES,
    BatchFault,
    BatchStatus,
    ItemResult,
    ItemState,
    QueueStatus,
    Urgency,
)
from ....messages.chat import Response
from ....messages.errors import StoreConflict, StoreFull


@attrs.define
class _Kept:
    """A request, and what has become of it."""

    head: BatchHead
    item: NewItem
    not_before: float
    state: ItemState = ItemState.WAITING
    attempts: int = 0
    claim: Claim | None = None
    response: Response | None = None
    fault: BatchFault | None = None
    finished_at: float | None = None

    @property
    def place(self) -> tuple[int, float, str, int]:
        return URGENCIES.index(self.head.urgency), self.item.queued_at, self.head.id, self.item.seq


class MemoryQueue:
    """Keeps batches.

    Args:
        capacity: Requests kept; for one more, the oldest batch goes that is finished, and without one it is refused.
    """

    is_shared = False

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._batches: dict[str, tuple[BatchHead, dict[str, _Kept]]] = {}

    async def add(self, head: BatchHead, items: Sequence[NewItem]) -> None:
        """Queue requests of a batch."""
        head, kept = self._batches.get(head.id, (head, {}))
        new = {each.id: _Kept(head, each, each.not_before) for each in items}
        taken = {each.item.seq for each in kept.values()}
        if kept.keys() & new.keys() or len(new) < len(items) or taken & {each.seq for each in items}:
            raise StoreConflict(f"batch {head.id}: has been changed meanwhile", store="memory")
        self._make_room(len(items))
        kept.update(new)
        self._batches[head.id] = head, kept

    async def places(self, batch_id: str) -> dict[str, int]:
        """Return the places of all requests of a batch."""
        return {each.item.id: each.item.seq for each in self._of(batch_id)}

    async def status(self, batch_id: str, now: float) -> BatchStatus | None:
        """Return how far a batch is."""
        if batch_id not in self._batches:
            return None
        head, kept = self._batches[batch_id]
        counts: dict[ItemState, int] = {}
        for each in kept.values():
            counts[each.state] = counts.get(each.state, 0) + 1
        earliest = min((each.not_before for each in kept.values() if each.state is ItemState.WAITING), default=now)
        return BatchStatus(
            id=head.id,
            created_at=head.created_at,
            urgency=head.urgency,
            counts=counts,
            not_before=earliest if earliest > now else None,
        )

    async def outlook(self, now: float) -> Outlook:
        """Return what there is to do."""
        waiting = [each for each in self._all() if each.state is ItemState.WAITING]
        leases = (each.claim.lease_until for each in self._all() if each.claim is not None)
        moments = [*(max(each.not_before, each.item.gathered_by) for each in waiting), *leases]
        return Outlook(ready=sum(each.not_before <= now for each in waiting), next_at=min(moments, default=None))

    async def claim(self, claim: Claim) -> tuple[QueuedItem, ...]:
        """Take requests up."""
        fitting = sorted((each for each in self._all() if _fits(each, claim)), key=lambda each: each.place)
        for each in fitting[: claim.limit]:
            each.state, each.claim, each.attempts = ItemState.RUNNING, claim, each.attempts + 1
        return tuple(
            QueuedItem(
                batch_id=each.head.id,
                id=each.item.id,
                seq=each.item.seq,
                claim=claim.id,
                request=each.item.request,
                urgency=each.head.urgency,
                group=each.item.group,
                attempts=each.attempts,
            )
            for each in fitting[: claim.limit]
        )

    async def renew(self, holder: str, lease_until: float) -> None:
        """Hold for longer what was taken up."""
        for each in self._held(holder):
            assert each.claim is not None
            each.claim = attrs.evolve(each.claim, lease_until=lease_until)

    async def release(self, holder: str | None) -> None:
        """Put back what was taken up."""
        for each in self._held(holder):
            each.state, each.claim, each.attempts = ItemState.WAITING, None, each.attempts - 1

    async def end(self, ended: Sequence[Ended]) -> None:
        """Write down what became of requests."""
        for each in ended:
            kept = self._batches[each.batch_id][1].get(each.id) if each.batch_id in self._batches else None
            if kept is None or kept.claim is None or kept.claim.id != each.claim:
                continue
            kept.state, kept.claim = each.state, None
            kept.response, kept.fault, kept.not_before = each.response, each.fault, each.not_before
            kept.finished_at = each.at if each.state in FINISHED else None

    async def results(self, batch_id: str, after: int, limit: int) -> tuple[ItemResult, ...]:
        """Return how the requests behind a place are."""
        return _results(each for each in self._of(batch_id) if each.item.seq > after)[:limit]

    async def finished(self, batch_id: str) -> frozenset[int]:
        """Return the places of those that are finished."""
        return frozenset(each.item.seq for each in self._of(batch_id) if each.state in FINISHED)

    async def at(self, batch_id: str, seqs: Sequence[int]) -> tuple[ItemResult, ...]:
        """Return how the requests at these places are."""
        wanted = set(seqs)
        return _results(each for each in self._of(batch_id) if each.item.seq in wanted)

    async def cancel(self, batch_id: str, ids: Collection[str] | None, now: float) -> None:
        """Cancel what is not finished."""
        for each in self._of(batch_id):
            if each.state not in FINISHED and (ids is None or each.item.id in ids):
                each.state, each.claim, each.finished_at = ItemState.CANCELLED, None, now

    async def queue(self) -> QueueStatus:
        """Return what is in the queue."""
        waiting = [each for each in self._all() if each.state is ItemState.WAITING]
        counts: dict[Urgency, int] = {}
        for each in sorted(waiting, key=lambda each: each.place):
            counts[each.head.urgency] = counts.get(each.head.urgency, 0) + 1
        running = sum(each.state is ItemState.RUNNING for each in self._all())
        oldest = min((each.item.queued_at for each in waiting), default=None)
        return QueueStatus(waiting=counts, running=running, oldest_at=oldest)

    async def forget(self, before: float) -> None:
        """Forget old batches."""
        for batch_id, (head, kept) in list(self._batches.items()):
            if head.created_at < before and all(each.state in FINISHED for each in kept.values()):
                del self._batches[batch_id]

    def _make_room(self, count: int) -> None:
        while sum(1 for _ in self._all()) + count > self._capacity:
            finished = (name for name in self._batches if all(each.state in FINISHED for each in self._of(name)))
            oldest = next(finished, None)
            if oldest is None:
                raise StoreFull(
                    f"memory: {self._capacity} requests wait already; name a store (store.path)", store="memory"
                )
            del self._batches[oldest]

    def _of(self, batch_id: str) -> Iterable[_Kept]:
        return self._batches[batch_id][1].values() if batch_id in self._batches else ()

    def _all(self) -> Iterable[_Kept]:
        return (each for _, kept in self._batches.values() for each in kept.values())

    def _held(self, holder: str | None) -> Iterable[_Kept]:
        return (each for each in self._all() if each.claim is not None and holder in {None, each.claim.holder})


def _fits(kept: _Kept, claim: Claim) -> bool:
    if kept.claim is not None:
        return kept.claim.lease_until <= claim.now
    gathered = claim.is_full or kept.item.gathered_by <= claim.now
    return kept.state is ItemState.WAITING and kept.not_before <= claim.now and gathered


def _results(kept: Iterable[_Kept]) -> tuple[ItemResult, ...]:
    return tuple(
        ItemResult(
            batch_id=each.head.id,
            id=each.item.id,
            seq=each.item.seq,
            state=each.state,
            response=each.response,
            fault=each.fault,
            attempts=each.attempts,
            finished_at=each.finished_at,
        )
        for each in sorted(kept, key=lambda each: each.item.seq)
    )

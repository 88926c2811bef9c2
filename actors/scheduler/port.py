"""The port through which the scheduler reaches what outlives it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from ...messages.batch import BatchFault, BatchStatus, ItemResult, ItemState, QueueStatus, Urgency
from ...messages.chat import Request, Response


@attrs.frozen(kw_only=True)
class BatchHead:
    """A batch without its requests."""

    id: str
    created_at: float
    urgency: Urgency


@attrs.frozen(kw_only=True)
class NewItem:
    """A request that is queued.

    Attributes:
        seq: Its place in the batch, counted from 1.
        group: Those of one group are taken up together: what they ask for, as "provider/model".
        queued_at: Unix seconds.
        not_before: Unix seconds before which it is not begun, whatever happens.
        gathered_by: Unix seconds up to which it waits for others, unless there are enough of them.
    """

    id: str
    seq: int
    request: Request
    group: str
    queued_at: float
    not_before: float
    gathered_by: float


@attrs.frozen(kw_only=True)
class Claim:
    """A wish to take requests up.

    Attributes:
        holder: Who takes them up: an incarnation of a scheduler.
        id: Of this claim.
        now: Unix seconds.
        lease_until: Unix seconds at which they are anybody's again, unless the lease is renewed.
        limit: Requests at most.
        is_full: Whether enough wait, so that nobody waits for others any more.
    """

    holder: str
    id: str
    now: float
    lease_until: float
    limit: int
    is_full: bool = False


@attrs.frozen(kw_only=True)
class QueuedItem:
    """A request that was taken up.

    Attributes:
        claim: The claim by which it was; what becomes of it counts only as long as it is the last one.
        attempts: How often it was begun, this time included.
    """

    batch_id: str
    id: str
    seq: int
    claim: str
    request: Request
    urgency: Urgency
    group: str
    attempts: int


@attrs.frozen(kw_only=True)
class Ended:
    """What became of a request that was taken up.

    Attributes:
        state: Completed or failed; waiting where it shall be begun again.
        at: Unix seconds.
        not_before: When that may be.
    """

    batch_id: str
    id: str
    claim: str
    state: ItemState
    at: float
    response: Response | None = None
    fault: BatchFault | None = None
    not_before: float = 0.0


@attrs.frozen(kw_only=True)
class Outlook:
    """What there is to do.

    Attributes:
        ready: Requests that wait for nothing but, perhaps, others to be taken up with.
        next_at: Unix seconds at which the next one can be taken up, which may be past; None where none waits.
    """

    ready: int
    next_at: float | None


class QueueStore(Protocol):
    """Keeps the queue. Every change is kept whole or not at all, and is durable on return.

    Attributes:
        is_shared: Whether other hosts work on it, too.

    Raises, wherever it is asked something:
        StoreError: It was not kept, or cannot be read now.
    """

    @property
    def is_shared(self) -> bool:
        """See above."""

    async def add(self, head: BatchHead, items: Sequence[NewItem]) -> None:
        """Queue requests of a batch, which is made where it is missing.

        Raises:
            StoreConflict: Another host has queued requests of the same ids, or at the same places, meanwhile.
        """

    async def places(self, batch_id: str) -> dict[str, int]:
        """Return the places of all requests of a batch by their ids."""

    async def status(self, batch_id: str, now: float) -> BatchStatus | None:
        """Return how far a batch is, or None where there is none."""

    async def outlook(self, now: float) -> Outlook:
        """Return what there is to do."""

    async def claim(self, claim: Claim) -> tuple[QueuedItem, ...]:
        """Take requests up: the most urgent first, then those that were queued first. What nobody holds any more counts as waiting."""

    async def renew(self, holder: str, lease_until: float) -> None:
        """Hold for longer what was taken up."""

    async def release(self, holder: str | None) -> None:
        """Put back what was taken up, as if it never had been; None: by anybody."""

    async def end(self, ended: Sequence[Ended]) -> None:
        """Write down what became of requests; of those that somebody else holds by now, or that were cancelled, nothing."""

    async def results(self, batch_id: str, after: int, limit: int) -> tuple[ItemResult, ...]:
        """Return how the requests behind a place are, in order."""

    async def finished(self, batch_id: str) -> frozenset[int]:
        """Return the places of those that are finished."""

    async def at(self, batch_id: str, seqs: Sequence[int]) -> tuple[ItemResult, ...]:
        """Return how the requests at these places are, in order."""

    async def cancel(self, batch_id: str, ids: Collection[str] | None, now: float) -> None:
        """Cancel what is not finished: these, or all."""

    async def queue(self) -> QueueStatus:
        """Return what is in the queue."""

    async def forget(self, before: float) -> None:
        """Forget batches that were made before a moment (Unix seconds) and are finished."""

"""Requests that need no answer now: batches of them, how far they are, and what became of each."""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeAlias, get_args

import attrs

from .base import Message, StreamMessage
from .chat import Request, Response
from .errors import InvalidRequestError
from .ids import new_id

# Callers choose ids, which become keys of stores.
_WELL_FORMED: Final = re.compile(r"[\x21-\x7e]{1,128}")
NO_BATCH_ID: Final = "an id has 1 to 128 letters, digits and signs, and no blank"

Urgency: TypeAlias = Literal["urgent", "normal", "low", "other"]

# The most urgent one first.
URGENCIES: Final[tuple[Urgency, ...]] = get_args(Urgency)


class ItemState(enum.StrEnum):
    """How far a request of a batch is."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


# States that are left no more.
FINISHED: Final = (ItemState.COMPLETED, ItemState.FAILED, ItemState.CANCELLED)


def new_batch_id() -> str:
    """Return the id of a new batch."""
    return new_id("batch_")


def checked_id(text: str, param: str) -> str:
    """Return the id of a batch, or of a request in it.

    Raises:
        InvalidRequestError: It is none.
    """
    if not _WELL_FORMED.fullmatch(text):
        raise InvalidRequestError(f"{text!r:.60} is no id: {NO_BATCH_ID}", param=param)
    return text


@attrs.frozen(kw_only=True)
class BatchItem:
    """One request of a batch.

    Attributes:
        id: Unique in its batch; a request whose id is there already is not taken a second time.
    """

    id: str
    request: Request


@attrs.frozen(kw_only=True)
class BatchStatus:
    """How far a batch is.

    Attributes:
        created_at: Unix seconds.
        urgency: urgent, normal, low or other.
        counts: How many of its requests are in each state; states without any are left out.
        not_before: Unix seconds before which none of those that wait is begun (the end of the peak, the next try), or None where nothing holds
            them back.
    """

    id: str
    created_at: float
    urgency: Urgency
    counts: dict[ItemState, int]
    not_before: float | None = None

    @property
    def total(self) -> int:
        """Requests in it."""
        return sum(self.counts.values())

    @property
    def finished(self) -> int:
        """Requests that nothing more will become of."""
        return sum(self.counts.get(state, 0) for state in FINISHED)

    @property
    def is_finished(self) -> bool:
        """Whether that is so of all."""
        return self.finished == self.total


@attrs.frozen(kw_only=True)
class BatchFault:
    """Why a request failed.

    Attributes:
        type: Name of the error's class ("RateLimitError").
    """

    type: str
    message: str


@attrs.frozen(kw_only=True)
class ItemResult:
    """What became of one request of a batch.

    Attributes:
        id: As it was submitted.
        seq: Its place in the batch, counted from 1.
        response: The answer, where it is completed.
        fault: Why it failed, or failed last where it waits for its next try.
        attempts: How often it was begun.
        finished_at: Unix seconds, or None where it is not finished.
    """

    batch_id: str
    id: str
    seq: int
    state: ItemState
    response: Response | None = None
    fault: BatchFault | None = None
    attempts: int = 0
    finished_at: float | None = None


ResultHook: TypeAlias = Callable[[ItemResult], Awaitable[object]]


@attrs.frozen(kw_only=True)
class Submit(Message[BatchStatus]):
    """Keep these requests and answer them when there is time; answered when they are durable.

    Attributes:
        batch_id: A batch that is there already takes those whose ids it does not have yet.
        intent: What they are for ("batch", "background"): the settings name intents that wait for the end of the peak.
        immediate: Whether they are begun at once, peak or not, and wait for no others.
        on_result: Called with each result, as far as this process lives; or None.
    """

    batch_id: str
    items: tuple[BatchItem, ...]
    urgency: Urgency = "normal"
    intent: str = "batch"
    immediate: bool = False
    on_result: ResultHook | None = None


@attrs.frozen(kw_only=True)
class BatchWanted(Message[BatchStatus]):
    """How far is this batch?"""

    batch_id: str


@attrs.frozen(kw_only=True)
class ResultsWanted(Message[tuple[ItemResult, ...]]):
    """What became of its requests, in order?

    Attributes:
        wait: Whether to answer when all are finished.
        after: Place of the last one that is known already, 0 for none.
        limit: Results at most, or None for all.
    """

    batch_id: str
    wait: bool = False
    after: int = 0
    limit: int | None = None


@attrs.frozen(kw_only=True)
class WatchBatch(StreamMessage[BatchStatus, ItemResult]):
    """Send each result when it is there, those that are there already first; the reply is how the batch is when all are finished."""

    batch_id: str


@attrs.frozen(kw_only=True)
class CancelBatch(Message[BatchStatus]):
    """Answer those no more that are not finished.

    Attributes:
        ids: Which ones; None for all.
    """

    batch_id: str
    ids: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class QueueWanted(Message["QueueStatus"]):
    """What is in the queue?"""


@attrs.frozen(kw_only=True)
class QueueStatus:
    """What is in the queue, of all batches.

    Attributes:
        waiting: Requests that wait, by urgency.
        running: Requests that are being answered, here or at other hosts.
        oldest_at: Unix seconds at which the one that waits for longest was submitted, or None.
    """

    waiting: dict[Urgency, int]
    running: int
    oldest_at: float | None = None

"""The queue of batches in a SQL database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import orjson

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
from ....messages.chat import Request, Response
from ....messages.errors import InvalidRequestError, StoreCorrupt
from ...codec import from_json, to_json
from .access import Access
from .words import Words

_FINISHED: Final = ", ".join(f"'{state}'" for state in FINISHED)
_RESULT: Final = "batch_id, id, seq, state, response, fault, attempts, finished_at"
_TAKEN: Final = "batch_id, id, seq, claim, request, urgency, kind, attempts"

_MAKE: Final = "INSERT INTO batches (id, created_at, urgency) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
_ADD: Final = """
INSERT INTO batch_items (batch_id, id, seq, state, urgency, kind, queued_at, not_before, gathered_by, attempts, request)
VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, 0, ?)
"""
_RENEW: Final = "UPDATE batch_items SET lease_until = ? WHERE holder = ? AND state = 'running'"
_END: Final = """
UPDATE batch_items SET state = ?, response = ?, fault = ?, finished_at = ?, not_before = ?, holder = NULL, claim = NULL, lease_until = NULL
WHERE batch_id = ? AND id = ? AND claim = ? AND state = 'running'
"""
_RELEASE: Final = """
UPDATE batch_items SET state = 'waiting', attempts = attempts - 1, holder = NULL, claim = NULL, lease_until = NULL
WHERE state = 'running'
"""
_CANCEL: Final = f"""
UPDATE batch_items SET state = 'cancelled', finished_at = ?, holder = NULL, claim = NULL, lease_until = NULL
WHERE batch_id = ? AND state NOT IN ({_FINISHED})
"""  # noqa: S608 - names of our own, here and below
_OLD: Final = f"""
SELECT id FROM batches WHERE created_at < ?
AND NOT EXISTS (SELECT 1 FROM batch_items WHERE batch_id = batches.id AND state NOT IN ({_FINISHED}))
"""  # noqa: S608

# Places in one question; databases allow some tens of thousands.
_MOST_AT_ONCE: Final = 500


class SqlQueue:
    """Keeps every batch.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Access) -> None:
        self._database = database
        self._claim = _claim(database.words)

    @property
    def is_shared(self) -> bool:
        """Whether other hosts work on it, too."""
        return self._database.words.is_shared

    async def add(self, head: BatchHead, items: Sequence[NewItem]) -> None:
        """Queue requests of a batch."""
        urgency = URGENCIES.index(head.urgency)
        rows = [
            (
                *(head.id, each.id, each.seq, urgency, each.group, each.queued_at, each.not_before, each.gathered_by),
                to_json(each.request).decode(),
            )
            for each in items
        ]
        await self._database.write((_MAKE, [(head.id, head.created_at, urgency)]), (_ADD, rows))

    async def places(self, batch_id: str) -> dict[str, int]:
        """Return the places of all requests of a batch."""
        rows = await self._database.read("SELECT id, seq FROM batch_items WHERE batch_id = ?", [batch_id])
        return {item_id: seq for item_id, seq in rows}  # noqa: C416 - rows are tuples of any length to the type checker

    async def status(self, batch_id: str, now: float) -> BatchStatus | None:
        """Return how far a batch is."""
        heads = await self._database.read("SELECT created_at, urgency FROM batches WHERE id = ?", [batch_id])
        if not heads:
            return None
        rows = await self._database.read(
            "SELECT state, count(*), min(not_before) FROM batch_items WHERE batch_id = ? GROUP BY state", [batch_id]
        )
        held = [earliest for state, _, earliest in rows if state == ItemState.WAITING and earliest > now]
        ((created_at, urgency),) = heads
        return BatchStatus(
            id=batch_id,
            created_at=created_at,
            urgency=URGENCIES[urgency],
            counts={ItemState(state): count for state, count, _ in rows},
            not_before=held[0] if held else None,
        )

    async def outlook(self, now: float) -> Outlook:
        """Return what there is to do."""
        sql = """
            SELECT count(*) FILTER (WHERE not_before <= ?),
                min(CASE WHEN not_before > gathered_by THEN not_before ELSE gathered_by END)
            FROM batch_items WHERE state = 'waiting'
        """
        ((ready, next_at),) = await self._database.read(sql, [now])
        ((lapse,),) = await self._database.read("SELECT min(lease_until) FROM batch_items WHERE state = 'running'")
        moments = [moment for moment in (next_at, lapse) if moment is not None]
        return Outlook(ready=ready, next_at=min(moments, default=None))

    async def claim(self, claim: Claim) -> tuple[QueuedItem, ...]:
        """Take requests up."""
        gathered = claim.now if not claim.is_full else float("9e18")
        row = (claim.holder, claim.id, claim.lease_until, claim.now, gathered, claim.now, claim.limit, claim.now)
        await self._database.write((self._claim, [row]))
        sql = f"SELECT {_TAKEN} FROM batch_items WHERE claim = ? ORDER BY urgency, queued_at, batch_id, seq"  # noqa: S608
        taken: list[QueuedItem] = []
        for row in await self._database.read(sql, [claim.id]):
            try:
                taken.append(_taken(row))
            except StoreCorrupt as error:
                # It fails alone, and does not hold up those that were taken up with it.
                await self.end([_unreadable(row, error, claim.now)])
        return tuple(taken)

    async def renew(self, holder: str, lease_until: float) -> None:
        """Hold for longer what was taken up."""
        await self._database.write((_RENEW, [(lease_until, holder)]))

    async def release(self, holder: str | None) -> None:
        """Put back what was taken up."""
        whose = ("", ()) if holder is None else (" AND holder = ?", (holder,))
        await self._database.write((_RELEASE + whose[0], [whose[1]]))

    async def end(self, ended: Sequence[Ended]) -> None:
        """Write down what became of requests."""
        await self._database.write((_END, [_ended(each) for each in ended]))

    async def results(self, batch_id: str, after: int, limit: int) -> tuple[ItemResult, ...]:
        """Return how the requests behind a place are."""
        sql = f"SELECT {_RESULT} FROM batch_items WHERE batch_id = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        return tuple(map(_result, await self._database.read(sql, [batch_id, after, limit])))

    async def finished(self, batch_id: str) -> frozenset[int]:
        """Return the places of those that are finished."""
        sql = f"SELECT seq FROM batch_items WHERE batch_id = ? AND state IN ({_FINISHED})"  # noqa: S608
        return frozenset(seq for (seq,) in await self._database.read(sql, [batch_id]))

    async def at(self, batch_id: str, seqs: Sequence[int]) -> tuple[ItemResult, ...]:
        """Return how the requests at these places are."""
        found: list[ItemResult] = []
        for part in _parts(sorted(seqs)):
            marks = ", ".join("?" * len(part))
            sql = f"SELECT {_RESULT} FROM batch_items WHERE batch_id = ? AND seq IN ({marks}) ORDER BY seq"  # noqa: S608
            found += map(_result, await self._database.read(sql, [batch_id, *part]))
        return tuple(found)

    async def cancel(self, batch_id: str, ids: Collection[str] | None, now: float) -> None:
        """Cancel what is not finished."""
        if ids is None:
            await self._database.write((_CANCEL, [(now, batch_id)]))
        else:
            await self._database.write((f"{_CANCEL} AND id = ?", [(now, batch_id, each) for each in ids]))

    async def queue(self) -> QueueStatus:
        """Return what is in the queue."""
        sql = "SELECT urgency, count(*), min(queued_at) FROM batch_items WHERE state = 'waiting' GROUP BY urgency"
        rows = await self._database.read(sql)
        ((running,),) = await self._database.read("SELECT count(*) FROM batch_items WHERE state = 'running'")
        waiting: dict[Urgency, int] = {URGENCIES[urgency]: count for urgency, count, _ in sorted(rows)}
        return QueueStatus(waiting=waiting, running=running, oldest_at=min((row[2] for row in rows), default=None))

    async def forget(self, before: float) -> None:
        """Forget old batches."""
        old = await self._database.read(_OLD, [before])
        if old:
            await self._database.write(
                ("DELETE FROM batch_items WHERE batch_id = ?", old), ("DELETE FROM batches WHERE id = ?", old)
            )


def _claim(words: Words) -> str:
    # What somebody else has taken up meanwhile is looked at again, and no longer fits: hence the condition in both places.
    return f"""
        UPDATE batch_items SET state = 'running', holder = ?, claim = ?, lease_until = ?, attempts = attempts + 1
        WHERE (batch_id, id) IN (
            SELECT batch_id, id FROM batch_items
            WHERE (state = 'waiting' AND not_before <= ? AND gathered_by <= ?) OR (state = 'running' AND lease_until <= ?)
            ORDER BY urgency, queued_at, batch_id, seq LIMIT ? {words.skipping_locked}
        ) AND (state = 'waiting' OR (state = 'running' AND lease_until <= ?))
    """  # noqa: S608


def _ended(ended: Ended) -> tuple[Any, ...]:
    fault = ended.fault
    return (
        str(ended.state),
        None if ended.response is None else to_json(ended.response).decode(),
        None if fault is None else orjson.dumps([fault.type, fault.message]).decode(),
        ended.at if ended.state in FINISHED else None,
        ended.not_before,
        ended.batch_id,
        ended.id,
        ended.claim,
    )


def _taken(row: tuple[Any, ...]) -> QueuedItem:
    batch_id, item_id, seq, claim, request, urgency, group, attempts = row
    return QueuedItem(
        batch_id=batch_id,
        id=item_id,
        seq=seq,
        claim=claim,
        request=_read(request, Request, batch_id, item_id),
        urgency=URGENCIES[urgency],
        group=group,
        attempts=attempts,
    )


def _unreadable(row: tuple[Any, ...], error: StoreCorrupt, now: float) -> Ended:
    batch_id, item_id, _, claim, *_ = row
    fault = BatchFault(type=type(error).__name__, message=error.message)
    return Ended(batch_id=batch_id, id=item_id, claim=claim, state=ItemState.FAILED, at=now, fault=fault)


def _result(row: tuple[Any, ...]) -> ItemResult:
    batch_id, item_id, seq, state, response, fault, attempts, finished_at = row
    return ItemResult(
        batch_id=batch_id,
        id=item_id,
        seq=seq,
        state=ItemState(state),
        response=None if response is None else _read(response, Response, batch_id, item_id),
        fault=None if fault is None else BatchFault(**dict(zip(("type", "message"), orjson.loads(fault), strict=True))),
        attempts=attempts,
        finished_at=finished_at,
    )


def _read(text: str, kind: type[Any], batch_id: str, item_id: str) -> Any:
    try:
        return from_json(text.encode(), kind)
    except InvalidRequestError as error:
        raise StoreCorrupt(
            f"request {item_id!r} of batch {batch_id!r} cannot be read: {error}", store="batches"
        ) from error


def _parts(values: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(values), _MOST_AT_ONCE):
        yield values[start : start + _MOST_AT_ONCE]

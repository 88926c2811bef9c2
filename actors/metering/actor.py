"""Records every attempt that was sent to a provider, for good."""

from __future__ import annotations

import asyncio
import collections
import logging
from typing import Any, Final, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.errors import StoreError, StoreUnavailable
from ...messages.ledger import EntriesWanted, LedgerEntry, Settle, UsageReport, UsageWanted
from ...messages.routing import AttemptFinished
from ...runtime import ASYNCIO, Actor, spawned
from .backlog import Backlog
from .entry import entry_of
from .port import LedgerStore, Prices
from .report import report_of
from .totals import Totals

logger = logging.getLogger(__name__)

# Attempts shown in a snapshot.
_SHOWN: Final = 20

# Callers choose model names, so the rows they can open are bounded; what comes after these is summed under "(other)".
_MOST_ROWS: Final = 500

# Seconds for which rows gather before they are written, unless somebody waits for them: a commit costs the same for one as for a hundred.
_GATHER: Final = 0.02

# Rows in one commit.
_MOST_TOGETHER: Final = 500

# Seconds between two tries to write to a store that is away.
_RETRY: Final = 1.0


@attrs.frozen(kw_only=True)
class AttemptsWanted(Message[tuple[AttemptFinished, ...]]):
    """The attempts of one request, oldest first; of all requests where `request_id` is None. Only the last ones are kept in memory."""

    request_id: str | None = None


@attrs.frozen(kw_only=True)
class MeteringConfig:
    """How attempts are recorded.

    Attributes:
        keep_attempts: Attempts kept in memory.
        patience: Seconds after which those who wait for their rows hear that the store is away.
    """

    keep_attempts: int
    patience: float = 5.0


Command: TypeAlias = AttemptFinished | AttemptsWanted | Settle | UsageWanted | EntriesWanted


class Metering(Actor[Command]):
    """Keeps the ledger: one row per attempt, written in groups; totals and the last attempts in memory.

    Takes AttemptFinished from the connections, which nobody waits for; Settle from those who want to be sure. Tells nobody.
    The rows that are not in the store yet lie in a backlog that outlives this actor.
    """

    home = ASYNCIO

    def __init__(
        self, config: MeteringConfig, store: LedgerStore, backlog: Backlog, prices: Prices | None = None
    ) -> None:
        super().__init__()
        self._config = config
        self._store = store
        self._backlog = backlog
        self._prices = prices
        self._attempts: collections.deque[AttemptFinished] = collections.deque(maxlen=config.keep_attempts)
        self._totals: dict[str, Totals] = {}
        self._arrived = asyncio.Event()
        self._awaited = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._fault: StoreError | None = None

    async def on_start(self) -> None:
        """Begin to write, also what an earlier incarnation could not."""
        self._arrived.set()
        self.spawn(self._write)

    async def on_stop(self) -> None:
        """Write what is left."""
        while len(self._backlog) and await self._write_batch():
            pass
        if len(self._backlog):
            logger.error("%d rows of the ledger are lost: %s", len(self._backlog), self._fault)

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        """Record it, unless the provider never heard of it."""
        if not message.sent:
            return
        self._attempts.append(message)
        self._row(str(message.target)).add(message)
        if not self._backlog.add(entry_of(message, self._prices)):
            self._lost_one()
        self._arrived.set()

    def on_attempts_wanted(self, message: AttemptsWanted) -> tuple[AttemptFinished, ...]:
        """Return the kept records."""
        wanted = message.request_id
        return tuple(kept for kept in self._attempts if wanted is None or kept.request_id == wanted)

    @spawned
    async def on_settle(self, message: Settle) -> None:  # noqa: ARG002 - it says all by coming
        """Answer when all rows that came before are durable."""
        await self._settled()

    @spawned
    async def on_usage_wanted(self, message: UsageWanted) -> UsageReport:
        """Add up what was used, the rows that came before included."""
        await self._settled()
        rows = await self._store.usage(message.span, message.group_by)
        return report_of(message.span, message.group_by, rows)

    @spawned
    async def on_entries_wanted(self, message: EntriesWanted) -> tuple[LedgerEntry, ...]:
        """Return a page of the ledger."""
        await self._settled()
        return await self._store.entries(message.span, message.after, message.limit)

    def snapshot(self) -> dict[str, Any]:
        """Return totals by "instance/model", the last attempts, and how the writing goes."""
        return {
            "kept": len(self._attempts),
            "totals": {name: attrs.asdict(totals) for name, totals in self._totals.items()},
            "last": [_shown(attempt) for attempt in list(self._attempts)[-_SHOWN:]],
            "ledger": {
                "waiting": len(self._backlog),
                "written": self._backlog.settled - self._backlog.dropped,
                "dropped": self._backlog.dropped,
                "fault": None if self._fault is None else str(self._fault),
            },
        }

    def _row(self, name: str) -> Totals:
        totals = self._totals.get(name)
        if totals is None:
            totals = self._totals.setdefault(name if len(self._totals) < _MOST_ROWS else "(other)", Totals())
        return totals

    # -- writing

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._gather()
            while len(self._backlog):
                if not await self._write_batch():
                    await asyncio.sleep(_RETRY)

    async def _gather(self) -> None:
        if not self._waiting:
            try:
                async with asyncio.timeout(_GATHER):
                    await self._awaited.wait()
            except TimeoutError:
                pass
        self._awaited.clear()

    async def _write_batch(self) -> bool:
        """Write the oldest rows; returns whether that succeeded."""
        try:
            await self._store.append(self._backlog.take(_MOST_TOGETHER))
        except StoreError as error:
            if type(self._fault) is not type(error):
                logger.warning("the ledger is not written for now, %d rows wait: %s", len(self._backlog), error)
            self._fault = error
            return False
        self._backlog.confirm()
        self._fault = None
        self._tell_waiting()
        return True

    async def _settled(self) -> None:
        """Wait until every row added until now is written.

        Raises:
            StoreUnavailable: They were not, within the patience; or some were dropped.
        """
        if not len(self._backlog):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._backlog.added, future))
        self._awaited.set()
        try:
            async with asyncio.timeout(self._config.patience):
                await future
        except TimeoutError:
            raise self._too_late() from self._fault

    def _too_late(self) -> StoreUnavailable:
        why = self._fault or "it does not answer"
        store = self._fault.store if self._fault is not None else "unknown"
        return StoreUnavailable(f"the ledger was not written within {self._config.patience:g} s: {why}", store=store)

    def _tell_waiting(self) -> None:
        settled = self._backlog.settled
        for count, future in self._waiting:
            if count <= settled and not future.done():
                future.set_result(None)
        self._waiting = [(count, future) for count, future in self._waiting if not future.done()]

    def _lost_one(self) -> None:
        """Whoever waits for its rows cannot know any more that they are all there."""
        if self._backlog.dropped == 1:
            logger.error(
                "rows of the ledger are dropped, oldest first: the store has been away too long: %s", self._fault
            )
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(self._too_late())
        self._waiting.clear()


def _shown(attempt: AttemptFinished) -> dict[str, Any]:
    return {
        "request_id": attempt.request_id,
        "attempt": attempt.attempt,
        "target": str(attempt.target),
        "outcome": attempt.outcome,
        "error": attempt.error,
        "latency_ms": round(attempt.latency * 1000, 1),
        "input_tokens": attempt.usage.input_tokens,
        "output_tokens": attempt.usage.output_tokens,
    }

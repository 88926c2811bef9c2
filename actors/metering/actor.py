"""Records every attempt that was sent to a provider, for good."""

from __future__ import annotations

import collections
from typing import Any, Final, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.ledger import EntriesWanted, LedgerEntry, Settle, UsageReport, UsageWanted
from ...messages.prices import PricesChanged
from ...messages.routing import AttemptFinished
from ...messages.totals import AttemptTotals, AttemptTotalsWanted
from ...runtime import ASYNCIO, Actor, Address, spawned
from ..outlet.backlog import Backlog
from ..outlet.outlet import Outlet, OutletConfig
from .entry import entry_of
from .port import LedgerStore, Prices
from .report import report_of
from .totals import Totals

# Attempts shown in a snapshot.
_SHOWN: Final = 20

# Callers choose model names, so the rows they can open are bounded; what comes after these is summed under "(other)".
_MOST_ROWS: Final = 500
_OTHER: Final = ("(other)", "")


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


Command: TypeAlias = (
    AttemptFinished | AttemptsWanted | AttemptTotalsWanted | Settle | UsageWanted | EntriesWanted | PricesChanged
)


class Metering(Actor[Command]):
    """Keeps the ledger: one row per attempt, written in groups; totals and the last attempts in memory.

    Takes AttemptFinished from the connections, which nobody waits for; Settle from those who want to be sure. Tells `telemetry`, where there is one,
    of the attempts. The rows that are not in the store yet lie in a backlog that outlives this actor.
    """

    home = ASYNCIO
    hears_out = True

    def __init__(
        self,
        config: MeteringConfig,
        store: LedgerStore,
        backlog: Backlog[LedgerEntry],
        prices: Prices | None = None,
        telemetry: Address | None = None,
    ) -> None:
        super().__init__()
        self._store = store
        self._prices = prices
        self._telemetry = telemetry
        self._outlet = Outlet(OutletConfig(what="the ledger", patience=config.patience), store.append, backlog)
        self._attempts: collections.deque[AttemptFinished] = collections.deque(maxlen=config.keep_attempts)
        self._totals: dict[tuple[str, str], Totals] = {}

    async def on_start(self) -> None:
        """Begin to write, also what an earlier incarnation could not."""
        self.spawn(self._outlet.run)

    async def on_stop(self) -> None:
        """Write what is left."""
        await self._outlet.finish()

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        """Record it, unless the provider never heard of it."""
        if self._telemetry is not None:
            self._telemetry.leave(message)
        if not message.sent:
            return
        entry = entry_of(message, self._prices)
        self._attempts.append(message)
        self._row(entry).add(message, entry)
        self._outlet.add(entry)

    def on_prices_changed(self, message: PricesChanged) -> None:
        """Go by these from the next attempt on."""
        self._prices = message.prices

    def on_attempts_wanted(self, message: AttemptsWanted) -> tuple[AttemptFinished, ...]:
        """Return the kept records."""
        wanted = message.request_id
        return tuple(kept for kept in self._attempts if wanted is None or kept.request_id == wanted)

    def on_attempt_totals_wanted(self, _message: AttemptTotalsWanted) -> tuple[AttemptTotals, ...]:
        """Return what was counted since the start."""
        return tuple(totals.told(*named) for named, totals in self._totals.items())

    @spawned
    async def on_settle(self, message: Settle) -> None:  # noqa: ARG002 - it says all by coming
        """Answer when all rows that came before are durable."""
        await self._outlet.settled()

    @spawned
    async def on_usage_wanted(self, message: UsageWanted) -> UsageReport:
        """Add up what was used, the rows that came before included."""
        await self._outlet.settled()
        rows = await self._store.usage(message.span, message.group_by)
        return report_of(message.span, message.group_by, rows)

    @spawned
    async def on_entries_wanted(self, message: EntriesWanted) -> tuple[LedgerEntry, ...]:
        """Return a page of the ledger."""
        await self._outlet.settled()
        return await self._store.entries(message.span, message.after, message.limit)

    def snapshot(self) -> dict[str, Any]:
        """Return totals by "instance/model", the last attempts, and how the writing goes."""
        return {
            "kept": len(self._attempts),
            "totals": {"/".join(filter(None, named)): totals.described() for named, totals in self._totals.items()},
            "last": [_shown(attempt) for attempt in list(self._attempts)[-_SHOWN:]],
            "ledger": self._outlet.describe(),
        }

    def _row(self, entry: LedgerEntry) -> Totals:
        named = (entry.instance, entry.model)
        totals = self._totals.get(named)
        if totals is None:
            totals = self._totals.setdefault(named if len(self._totals) < _MOST_ROWS else _OTHER, Totals())
        return totals


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

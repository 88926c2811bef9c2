"""What was used and what it cost: the rows of the ledger, and the reports made of them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import attrs

from .base import Message
from .chat import Usage
from .outcome import Outcome

# reported: by the provider itself; priced: from the table of prices; unknown: nobody knows, which is not the same as nothing.
CostSource: TypeAlias = Literal["reported", "priced", "unknown"]

GroupBy: TypeAlias = Literal[
    "provider",
    "instance",
    "model",
    "tier",
    "caller",
    "conversation",
    "request",
    "rule",
    "outcome",
    "request_type",
    "hour",
    "day",
    "month",
]
GROUPS: Final[tuple[GroupBy, ...]] = get_args(GroupBy)

# Groups of time, UTC: "2026-01-31T22", "2026-01-31", "2026-01". They sort by themselves.
TIMES: Final[frozenset[GroupBy]] = frozenset({"hour", "day", "month"})


@attrs.frozen(kw_only=True)
class LedgerEntry:
    """One attempt at a provider: one row, written once and never changed.

    Attributes:
        id: Of the attempt, unique for ever; a row that is written twice is kept once.
        attempt: Counted from 1 within the request.
        recorded_at: Unix seconds of its end.
        request_type: chat, embedding, or what else was asked for.
        provider: Name of the provider ("openai"); `instance` is the one of its instances that was called ("openai/eu").
        caller: Identity of who asked, or None where nobody is known.
        rule: The routing rule that chose the target, or None.
        error: Class name of the error, or None after success.
        cost_usd: US dollars, or None where `cost_source` is unknown.
        latency: Seconds.
    """

    id: str
    request_id: str
    attempt: int
    recorded_at: float
    provider: str
    instance: str
    model: str
    tier: str
    outcome: Outcome
    usage: Usage
    latency: float
    request_type: str = "chat"
    caller: str | None = None
    caller_type: str = "external"
    conversation_id: str | None = None
    rule: str | None = None
    error: str | None = None
    streamed: bool = False
    cost_usd: float | None = None
    cost_source: CostSource = "unknown"


@attrs.frozen(kw_only=True)
class Span:
    """A stretch of time.

    Attributes:
        since: Unix seconds at which it begins, that moment included; None for the beginning of the ledger.
        until: Unix seconds at which it ends, that moment excluded; None for now and later.
    """

    since: float | None = None
    until: float | None = None

    def holds(self, moment: float) -> bool:
        """Whether a moment lies in it."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


@attrs.frozen(kw_only=True)
class UsageRow:
    """What a group of attempts used; sums.

    Attributes:
        group: What they have in common, one value per name in `UsageReport.group_by`; None where an attempt has no such thing.
        succeeded: Attempts that brought an answer.
        unmetered: Successful attempts for which the provider reported no tokens; they are missing from the sums, not zero.
        unpriced: Attempts that used tokens whose price nobody knows; they are missing from `cost_usd`.
        input_tokens: All prompt tokens, those read from and written to the provider's cache included.
        output_tokens: All generated tokens, those spent on reasoning included.
        cost_usd: US dollars, as far as prices are known.
        latency: Seconds, all attempts together.
    """

    group: tuple[str | None, ...] = ()
    attempts: int = 0
    succeeded: int = 0
    unmetered: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    latency: float = 0.0

    @property
    def mean_latency(self) -> float:
        """Seconds per attempt; 0.0 without any."""
        return self.latency / self.attempts if self.attempts else 0.0


@attrs.frozen(kw_only=True)
class UsageReport:
    """What was used in a span of time.

    Attributes:
        rows: One per group: by time where a group is a time, else the dearest first.
        total: All of them together.
    """

    span: Span
    group_by: tuple[GroupBy, ...]
    rows: tuple[UsageRow, ...]
    total: UsageRow


@attrs.frozen(kw_only=True)
class UsageWanted(Message[UsageReport]):
    """What was used?"""

    span: Span = Span()
    group_by: tuple[GroupBy, ...] = ("model",)


@attrs.frozen(kw_only=True)
class EntriesWanted(Message[tuple[LedgerEntry, ...]]):
    """The rows themselves, in order of time, page by page.

    Attributes:
        after: The last row of the page before, or None for the first page.
        limit: Rows at most (1 to 1000).
    """

    span: Span = Span()
    after: LedgerEntry | None = None
    limit: int = 1000


@attrs.frozen(kw_only=True)
class Settle(Message[None]):
    """Answer when every row that was told before is durable.

    Raises:
        StoreUnavailable: They could not be kept in time; they still will be, once that is possible.
    """

"""Counts the requests that have ended."""

from __future__ import annotations

import collections

from ...messages.audit import RequestFinished
from ...messages.embedding import EmbedRequest
from ...messages.totals import RequestTotals
from ..histogram import Histogram


class Tally:
    """How many requests have ended, how, and how fast. Owned by the audit actor."""

    def __init__(self) -> None:
        self._latencies: dict[tuple[str, str], Histogram] = collections.defaultdict(Histogram)

    def add(self, finished: RequestFinished) -> None:
        """Count one."""
        kind = "embedding" if isinstance(finished.request, EmbedRequest) else "chat"
        self._latencies[kind, finished.outcome.value].add(finished.seconds)

    def totals(self) -> tuple[RequestTotals, ...]:
        """Return what was counted so far."""
        return tuple(
            RequestTotals(request_type=kind, outcome=outcome, latency=latency.distribution())
            for (kind, outcome), latency in self._latencies.items()
        )

"""The last requests, as their timelines tell them: for whoever wants to know why one was slow or went where it went."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from typing import Any

import attrs

from ....messages.audit import AuditEntry, TimelineRow
from ....messages.base import Message
from ....messages.caller import Profile
from ....messages.chat import RoutingInfo
from ....messages.outcome import Outcome, outcome_of
from .flow import Flow
from .timeline import Event, events_of, participants_of


@attrs.frozen(kw_only=True)
class Passage:
    """A request that has ended, or is under way. It holds no prompt text.

    Attributes:
        caller: Identity of who asked, or None.
        began_at: Unix seconds.
        seconds: How long it took, or takes until now.
        outcome: How it ended; None while it is under way.
        error: Class name of what the caller got instead of an answer, or None.
        answered_by: The step that had the answer without a provider, or None.
        routing: How the answer came about; None without one.
        steps: (step, seconds) in the order in which they were taken; the last one goes on where the request is under way.
        events: What happened, oldest first; `events_dropped` more were not kept.
        participants: Who took part, in the order in which they were first seen.
        decisions: What its steps decided.
        enrichments: Keys of what they found out.
        is_running: Whether it is under way.
    """

    request_id: str
    conversation_id: str | None
    trace_id: str | None
    caller: str | None
    profile: Profile
    began_at: float
    seconds: float
    outcome: Outcome | None
    error: str | None
    answered_by: str | None
    routing: RoutingInfo | None
    steps: tuple[tuple[str, float], ...]
    events: tuple[Event, ...]
    events_dropped: int
    participants: tuple[str, ...]
    decisions: tuple[AuditEntry, ...]
    warnings: tuple[str, ...]
    enrichments: tuple[str, ...]
    is_running: bool = False


@attrs.frozen(kw_only=True)
class PassagesWanted(Message[tuple[Passage, ...]]):
    """The last requests that have ended, newest first.

    Attributes:
        request_id: That one alone, be it under way; or None.
        most: So many at most (at least 1).
    """

    request_id: str | None = None
    most: int = 20


@attrs.frozen
class _Kept:
    """What is left of a request when it has ended: no text, and nothing made that nobody may ever read.

    Tuples of plain values, since the garbage collector stops looking at those.
    """

    request_id: str
    conversation_id: str | None
    trace_id: str | None
    caller: str | None
    profile: Profile
    began_at: float
    seconds: float
    error: type[BaseException] | None
    outcome: Outcome
    answered_by: str | None
    routing: RoutingInfo | None
    steps: tuple[tuple[str, float], ...]
    rows: tuple[TimelineRow, ...]
    rows_dropped: int
    decisions: tuple[AuditEntry, ...]
    warnings: tuple[str, ...]
    enrichments: tuple[str, ...]

    def passage(self) -> Passage:
        """Return it as others may have it."""
        return Passage(
            request_id=self.request_id,
            conversation_id=self.conversation_id,
            trace_id=self.trace_id,
            caller=self.caller,
            profile=self.profile,
            began_at=self.began_at,
            seconds=self.seconds,
            outcome=self.outcome,
            error=None if self.error is None else self.error.__name__,
            answered_by=self.answered_by,
            routing=self.routing,
            steps=self.steps,
            events=events_of(self.rows),
            events_dropped=self.rows_dropped,
            participants=participants_of(self.rows),
            decisions=self.decisions,
            warnings=self.warnings,
            enrichments=self.enrichments,
        )


class Archive:
    """The last requests, bounded. Owned by the inference actor; its requests' tasks add to it, all on its loop.

    Args:
        most: Requests kept; the oldest goes first.
    """

    def __init__(self, most: int) -> None:
        self._kept: collections.deque[_Kept] = collections.deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, flow: Flow) -> None:
        """Keep what there is to know of a request that has ended."""
        self._kept.append(_kept_of(flow))

    def last(self, most: int, request_id: str | None = None) -> tuple[Passage, ...]:
        """Return the newest first; of one request alone where its id is given."""
        found = (kept for kept in reversed(self._kept) if request_id is None or kept.request_id == request_id)
        return tuple(kept.passage() for kept, _ in zip(found, range(most), strict=False))

    def step_times(self) -> Mapping[str, dict[str, Any]]:
        """Return how often each step was taken by the kept requests, and how long it took on average and at most, in milliseconds."""
        times: dict[str, list[float]] = collections.defaultdict(list)
        for kept in self._kept:
            for name, seconds in kept.steps:
                times[name].append(seconds)
        return {
            name: {
                "taken": len(each),
                "mean_ms": round(sum(each) / len(each) * 1000, 3),
                "most_ms": round(max(each) * 1000, 3),
            }
            for name, each in times.items()
        }


def passage_now(flow: Flow) -> Passage:
    """Return how far a request has come that is under way."""
    passage = _kept_of(flow).passage()
    taken = sum(seconds for _, seconds in passage.steps)
    steps = (*passage.steps, (flow.step, max(0.0, passage.seconds - taken)))
    return attrs.evolve(passage, outcome=None, steps=steps, is_running=True)


def _kept_of(flow: Flow) -> _Kept:
    elapsed = flow.elapsed
    request, response, error = flow.request, flow.response, flow.error
    return _Kept(
        request.id,
        request.conversation_id,
        None if flow.trace is None else flow.trace.trace_id,
        request.caller.identity,
        flow.profile,
        flow.services.clock.time() - elapsed,
        elapsed,
        None if error is None else type(error),
        Outcome.SUCCESS if error is None else outcome_of(error),
        flow.answered_by,
        None if response is None else response.routing,
        tuple(flow.durations),
        flow.timeline.rows,
        flow.timeline.dropped,
        tuple(flow.audit),
        flow.told,
        tuple(flow.enrichments),
    )

"""What may keep a target from being used, in the order in which it is asked. The first objection counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ...messages.catalogue import Capability, ModelFacts
from ...messages.exclusion import Exclusion
from ...messages.explanation import Source
from ...messages.reasons import Reason, Rejection
from ...messages.routing import CircuitState
from .bars import Bar
from .board import Board, Moment
from .candidate import Candidate
from .memory import shortage
from .question import Question

# An estimate of tokens may be so much too high: a request that might just fit is tried.
_CERTAIN: Final = 0.85

# Families whose catalogue lists what is on the disk of this or that machine.
_PULLED: Final = frozenset({"ollama"})
# Families that load a model into the memory of the machine they run on when it is asked for.
_LOADED: Final = frozenset({"ollama", "mlx"})


class Gate:
    """What may keep targets from being used in one decision. Objections that nobody can have this time are not asked for.

    Attributes:
        question: What is asked.
        board: What is known.
        moment: Now.
        bars: Closed tiers.
    """

    __slots__ = ("_of_chosen", "_of_named", "bars", "board", "moment", "question")

    def __init__(self, question: Question, board: Board, moment: Moment, bars: Mapping[str, Bar]) -> None:
        self.question = question
        self.board = board
        self.moment = moment
        self.bars = bars
        self._of_chosen = asked = _possible(question, board, bars)
        self._of_named = [objection for objection in asked if objection not in _TRUSTED_OF_NAMED]

    def objection(self, candidate: Candidate) -> Rejection | None:
        """Return why the target may not be used, or None; the first objection counts."""
        for objects in self._of_named if candidate.source is Source.EXPLICIT else self._of_chosen:
            rejection = objects(self, candidate)
            if rejection is not None:
                return rejection
        return None


Objection: TypeAlias = Callable[[Gate, Candidate], Rejection | None]


def rejected(
    candidate: Candidate, reason: Reason, values: tuple[str | float, ...] = (), until: float | None = None
) -> Rejection:
    """Return the rejection of a candidate."""
    return Rejection(str(candidate.target), reason, values, until, candidate.target.rule)


def _barred(gate: Gate, candidate: Candidate) -> Rejection | None:
    bar = gate.bars.get(candidate.instance.tier)
    if bar is None:
        return None
    return rejected(candidate, bar.reason, (bar.what, candidate.instance.tier))


def _excluded(gate: Gate, candidate: Candidate) -> Rejection | None:
    if any(_matches(each, candidate) for each in gate.question.route.exclude):
        return rejected(candidate, Reason.EXCLUDED)
    return None


def _matches(exclusion: Exclusion, candidate: Candidate) -> bool:
    instance = candidate.instance
    return (
        (exclusion.provider is None or exclusion.provider in (instance.name, instance.provider))
        and (exclusion.model is None or exclusion.model == candidate.target.model)
        and (exclusion.tier is None or exclusion.tier == instance.tier)
        and exclusion != _EXCLUDES_NOTHING
    )


_EXCLUDES_NOTHING: Final = Exclusion()


def _absent(_gate: Gate, candidate: Candidate) -> Rejection | None:
    instance = candidate.instance
    if not instance.is_known or instance.facts_of(candidate.target.model) is not None:
        return None
    if instance.kind in _PULLED:
        return rejected(candidate, Reason.NOT_PULLED)
    # What the settings name as an instance's default is believed: not every catalogue is whole.
    return None if instance.has(candidate.target.model) else rejected(candidate, Reason.NOT_LISTED)


def _too_big(gate: Gate, candidate: Candidate) -> Rejection | None:
    instance, board = candidate.instance, gate.board
    facts = instance.facts_of(candidate.target.model)
    if facts is None or facts.loaded or not instance.is_here or instance.kind not in _LOADED:
        return None
    policy = board.policy
    short = shortage(facts.size_bytes, board.memory.available_mb, policy.memory_floor_mb, policy.memory_overhead)
    return None if short is None else rejected(candidate, Reason.MEMORY, short)


def _unable(gate: Gate, candidate: Candidate) -> Rejection | None:
    facts = candidate.instance.facts_of(candidate.target.model)
    if (facts is None or not facts.cannot) and gate.board.policy.allows_unknown:
        return None
    missing = _missing(gate, facts)
    return None if missing is None else rejected(candidate, Reason.CAPABILITY, (str(missing),))


def _missing(gate: Gate, facts: ModelFacts | None) -> Capability | None:
    """Return the first capability that the model lacks, or may lack where that is not allowed."""
    needed = gate.question.route.needs.capabilities
    if facts is not None and facts.cannot:
        lacking = needed & facts.cannot
        if lacking:
            return min(lacking)
    if gate.board.policy.allows_unknown:
        return None
    # Every model is taken to chat that nobody says anything else of: settings name models that no catalogue describes.
    known = facts.can if facts is not None else frozenset()
    return min(needed - known - {Capability.CHAT}, default=None)


def _too_small(gate: Gate, candidate: Candidate) -> Rejection | None:
    needs = gate.question.route.needs
    facts = candidate.instance.facts_of(candidate.target.model)
    window = facts.context_window if facts is not None else None
    if window is None or needs.input_tokens * _CERTAIN + needs.output_tokens <= window:
        return None
    return rejected(candidate, Reason.CONTEXT, (needs.input_tokens + needs.output_tokens, window))


def _unready(gate: Gate, candidate: Candidate) -> Rejection | None:
    news = gate.board.unready.get(candidate.instance.name)
    return None if news is None else rejected(candidate, Reason.NOT_READY, (news.stage, news.reason))


def _ill(gate: Gate, candidate: Candidate) -> Rejection | None:
    news = gate.board.health.get(candidate.instance.name)
    if news is None:
        return None
    if news.state is CircuitState.OPEN:
        return rejected(candidate, Reason.CIRCUIT_OPEN, (news.why_open,), news.retry_at)
    until = news.throttled.get(candidate.target.model) if news.throttled else None
    if until is None or until <= gate.moment.monotonic:
        return None
    return rejected(candidate, Reason.RATE_LIMITED, (until - gate.moment.monotonic,), until)


def _possible(question: Question, board: Board, bars: Mapping[str, Bar]) -> list[Objection]:
    """Return the objections that can come at all this time, in order. Privacy holds where routing is switched off, too."""
    route, enabled = question.route, board.policy.enabled
    possible: tuple[tuple[Objection, object], ...] = (
        (_barred, bars),
        (_excluded, enabled and route.exclude),
        (_absent, enabled),
        (_too_big, enabled and board.memory.available_mb is not None),
        (_unable, enabled),
        (_too_small, enabled and route.needs.input_tokens),
        # Whether routing is switched off or not: nothing good can come of it.
        (_unready, board.unready),
        (_ill, enabled and board.health),
    )
    return [objection for objection, can_come in possible if can_come]


# What the caller names is its own decision: it is believed to be there, to fit and to be long enough.
_TRUSTED_OF_NAMED: Final = frozenset({_absent, _too_big, _too_small})

"""A decision while it is being made: who is considered, who is left out, and in which order the others are tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ...messages.explanation import Source
from ...messages.reasons import Rejection
from ...messages.routing import CircuitState
from .balance import PEERS, balanced
from .board import Board
from .candidate import Candidate
from .gate import Gate
from .order import PROBE, in_order
from .question import Question
from .rulebook import Rule


@attrs.define(eq=False)
class Deliberation:
    """A decision in the making. It lives as long as that takes.

    Attributes:
        in_force: The rules that fit the intent and are in force.
        gate: What may keep a target from being used.
        admitted: The candidates that may be used, group by group.
        rejected: Those that may not, each target once, and what rules and settings name that is not there.
        judged: Why each target that was considered may not be used, or None.
    """

    question: Question
    board: Board
    gate: Gate
    in_force: Sequence[Rule]
    admitted: list[Candidate] = attrs.field(factory=list)
    rejected: list[Rejection] = attrs.field(factory=list)
    judged: dict[tuple[str, str], Rejection | None] = attrs.field(factory=dict)
    _group: int = 0

    def admit(self, candidates: Iterable[Candidate]) -> bool:
        """Take those that nothing speaks against, as a group behind all earlier ones; return whether there were any."""
        group = self._group
        for candidate in candidates:
            if self.judgement(candidate) is None:
                candidate.group = group
                self.admitted.append(candidate)
                self._group = group + 1
        return self._group > group

    def reject(self, rejection: Rejection) -> None:
        """Note something that is left out without being judged."""
        self.rejected.append(rejection)

    def judgement(self, candidate: Candidate) -> Rejection | None:
        """Return why a target may not be used, or None; a target is judged once."""
        key = candidate.key
        judged = self.judged
        if key in judged:
            return judged[key]
        rejection = judged[key] = self.gate.objection(candidate)
        if rejection is not None:
            self.rejected.append(rejection)
        return rejection

    def weigh(self, candidate: Candidate) -> Candidate:
        """Give the candidate the points of its instance's health; where routing is switched off nobody asks for that."""
        news = self.board.health.get(candidate.instance.name)
        if news is not None and self.board.policy.enabled:
            candidate.health = news.adjustment
            if news.state is CircuitState.HALF_OPEN:
                candidate.waits = candidate.instance.name in self.board.probed
                candidate.probe = 0.0 if candidate.waits else PROBE
        return candidate

    def chain(self) -> list[Candidate]:
        """Return what was admitted in the order in which it is tried."""
        candidates = in_order(self.admitted)
        if not self.board.policy.enabled:
            return candidates[:1]
        return candidates if len(candidates) == 1 else self._balanced(candidates)

    def _balanced(self, candidates: list[Candidate]) -> list[Candidate]:
        board = self.board
        peers = PEERS[board.policy.balance]
        if peers is None:
            return candidates
        affinity = self.question.route.affinity
        return balanced(candidates, peers=peers, loads=board.loads, affinity=affinity, draw=board.draw)

    def strategy(self, first: Candidate) -> str:
        """Return how the first candidate came to be the first."""
        match first.source:
            case Source.RULE | Source.FALLBACK:
                return "rule"
            case Source.DEFAULT:
                return "default" if self.board.policy.defaults.are_stated else "auto"
            case Source.FOUND:
                return "auto"
            case _:
                return first.source.value

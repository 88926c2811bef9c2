"""Why a request would go where it would go: the router's decision with everything that led to it."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs

from .base import Message
from .explanation_text import explanation_text
from .reasons import Rejection
from .routing import Route, Target


class Source(enum.StrEnum):
    """What put a candidate into the chain."""

    EXPLICIT = "explicit"  # the caller named it
    RULE = "rule"
    FALLBACK = "fallback"  # of the best rule
    ARBITRAGE = "arbitrage"  # it is the cheapest
    DEFAULT = "default"  # the settings' default, and every instance's own behind it
    FOUND = "found"  # discovery knows it, and nothing else was left


@attrs.frozen(kw_only=True)
class Ranked:
    """A candidate and what its place rests on: first the group, within it the score.

    Attributes:
        source: What put it into the chain.
        group: Candidates of a lower group go first, 0 and up. The chain's order of preference: a rule's own targets, its fallback, other rules.
        priority: Points of its rule.
        health: Points for the state of its circuit and the latency of its answers; 0 when well.
        cost: Points for its rule's cost multiplier.
        probe: Points that make up for a half-open circuit where this request would be the probe.
        waits: Whether another request is probing it now, so that it goes last.
        usd: What the request would cost there, estimated; None when the price is unknown.
        price_source: Who says so, or None.
    """

    target: Target
    source: Source
    group: int
    priority: float = 0.0
    health: float = 0.0
    cost: float = 0.0
    probe: float = 0.0
    waits: bool = False
    usd: float | None = None
    price_source: str | None = None

    @property
    def score(self) -> float:
        """The sum of the points: priority + health + (1 - cost_multiplier) * 10, and those of a probe."""
        return self.priority + self.health + self.cost + self.probe


@attrs.frozen(kw_only=True)
class RuleVerdict:
    """What became of a rule.

    Attributes:
        name: Its name.
        priority: Points it would have given.
        rejection: Why it had no say; None where one of its targets, or its constraint, has.
        place: Place of its first target in the chain, 1 and up; None where it has none.
        note: The note of the settings.
    """

    name: str
    priority: float
    rejection: Rejection | None = None
    place: int | None = None
    note: str | None = None


@attrs.frozen(kw_only=True)
class Explanation:
    """The whole of a decision.

    Attributes:
        route: What was asked, aliases replaced.
        intent: What matters, the default intent included.
        strategy: As of `Resolution`; "none" where there is no candidate.
        candidates: In the order in which they would be tried.
        rejected: Every target that was considered and left out.
        rules: Every rule, in the order of the settings.
        constraints: What kept tiers out: the constraint, or the kind of privacy, and the rule or the request that brought it.
        error: What a request would get instead of an answer, or None.
        retry_after: Seconds after which that may be different, or None.
    """

    route: Route
    intent: Mapping[str, str]
    strategy: str
    candidates: tuple[Ranked, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    rules: tuple[RuleVerdict, ...] = ()
    constraints: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    retry_after: float | None = None

    def __str__(self) -> str:
        """Return tables for people: the candidates with each part of their scores, what was left out, and the rules, with the reasons."""
        return explanation_text(self)


@attrs.frozen(kw_only=True)
class ExplainRoute(Message[Explanation]):
    """Where would this go now, and why? Nothing is sent, and no probe is taken."""

    route: Route

"""Which tiers a request may not go to, and who says so. Holds at every candidate, whatever chose it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from ...messages.reasons import Reason
from ...messages.routing import Route
from ...messages.settings.rules import Constraint
from .policy import Policy
from .question import Question, asked
from .rulebook import Rule

# Tiers outside the user's own machines.
EXTERNAL: Final = frozenset({"openai_compat", "cloud", "frontier"})

FORBIDDEN: Final[Mapping[Constraint, frozenset[str]]] = MappingProxyType(
    {"never_cloud": frozenset({"cloud", "frontier"}), "never_external": EXTERNAL}
)


@attrs.frozen
class Bar:
    """Why a tier is closed to a request.

    Attributes:
        reason: CONSTRAINT or PRIVACY.
        what: The constraint, or the kind of privacy.
        whence: The rule that brought it, "request", or "settings".
    """

    reason: Reason
    what: str
    whence: str


_ENTERPRISE: Final = Bar(Reason.PRIVACY, "enterprise privacy", "settings")
_STRICT: Final = Bar(Reason.PRIVACY, "privacy=strict", "request")


def bars(question: Question, in_force: Iterable[Rule], policy: Policy) -> Mapping[str, Bar]:
    """Return the closed tiers; of several bars to one the strongest: privacy, then the caller's constraints, then the rules'."""
    closed: dict[str, Bar] = {}
    for bar, tiers in stated_bars(question, in_force, policy):
        for tier in tiers:
            closed.setdefault(tier, bar)
    return closed


def closed_tiers(intent: Mapping[str, str], policy: Policy, now: float) -> Mapping[str, Bar]:
    """Return the tiers that are closed to whatever has this intent at this moment (Unix seconds), also where no target is chosen by rules."""
    question = asked(Route(intent=intent), policy)
    return bars(question, rules_in_force(question, policy, now), policy)


def rules_in_force(question: Question, policy: Policy, now: float) -> list[Rule]:
    """Return the rules that fit the question and hold at this moment; none where routing is switched off."""
    return [rule for rule in policy.rules.fitting(question.intent) if rule.holds(now)] if policy.enabled else []


def stated_bars(question: Question, in_force: Iterable[Rule], policy: Policy) -> list[tuple[Bar, frozenset[str]]]:
    """Return every bar with the tiers that it closes, the strongest first."""
    found: list[tuple[Bar, frozenset[str]]] = []
    if policy.is_private:
        found.append((_ENTERPRISE, EXTERNAL))
    if question.is_strict:
        found.append((_STRICT, EXTERNAL))
    stated = [(constraint, "request") for constraint in question.route.constraints]
    stated += [(rule.constraint, rule.name) for rule in in_force if rule.constraint is not None]
    found += [(Bar(Reason.CONSTRAINT, what, whence), FORBIDDEN[what]) for what, whence in stated]
    return found

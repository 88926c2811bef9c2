"""The targets that the rules speak of."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.explanation import Source
from ...messages.reasons import Reason, Rejection
from ...messages.settings.rules import PlaceSettings
from .candidate import Candidate
from .deliberation import Deliberation
from .places import Place, targets_at
from .roster import Roster
from .rulebook import Rule


def add_rules(made: Deliberation) -> bool:
    """Consider the targets of the rules that fit: those of the best one, then its fallbacks, then the others'. Return whether one may be used.

    The best rule is the one with the highest score, of equals the first. Its fallbacks stand in for it, so they are followed even where none of its
    own targets may be used.
    """
    tried = [(rule, _targets(made, rule, rule.place)) for rule in made.in_force if rule.place is not None]
    if not tried:
        return False
    best, targets = max(tried, key=lambda each: _score(*each)) if len(tried) > 1 else tried[0]
    found = made.admit(targets)
    for group in _fallbacks(made, best):
        found |= made.admit(group)
    if len(tried) > 1:
        found |= made.admit([candidate for rule, candidates in tried if rule is not best for candidate in candidates])
    return found


def _targets(made: Deliberation, rule: Rule, place: PlaceSettings, source: Source = Source.RULE) -> list[Candidate]:
    """Return the targets of a place with the rule's points; where there are none, note why."""
    found = rule_targets(rule, place, made.board.roster, source)
    if isinstance(found, Rejection):
        made.reject(found)
        return []
    return [made.weigh(Candidate(each, target, source, rule.priority, rule.cost)) for each, target in found]


def rule_targets(rule: Rule, place: PlaceSettings, roster: Roster, source: Source = Source.RULE) -> Place | Rejection:
    """Return the targets of a rule's place, or of its fallback; or why there are none."""
    return roster.once((rule.number, source), lambda roster: targets_at(place, roster, rule.name))


def _score(rule: Rule, candidates: list[Candidate]) -> float:
    return max([candidate.score for candidate in candidates], default=rule.priority + rule.cost)


def _fallbacks(made: Deliberation, rule: Rule) -> Iterator[list[Candidate]]:
    """Return the targets of one fallback after the other."""
    passed = {rule.name}
    while rule.fallback_rule is not None and rule.fallback_rule not in passed:
        rule = made.board.policy.rules.by_name[rule.fallback_rule]
        passed.add(rule.name)
        obstacle = rule.obstacle(made.gate.moment.wall)
        if obstacle is not None:
            made.reject(Rejection(rule.name, Reason.SCHEDULE, (obstacle,), rule=rule.name))
        elif rule.place is not None:
            yield _targets(made, rule, rule.place)
    if rule.fallback_place is not None:
        yield _targets(made, rule, rule.fallback_place, Source.FALLBACK)

"""The decision with everything that led to it, for whoever asks why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...messages.errors import LegionError
from ...messages.explanation import Explanation, Ranked, RuleVerdict
from ...messages.reasons import Reason, Rejection
from ...messages.routing import Route
from .arbitrage import offers, tokens_of, wants_cheapest
from .bars import stated_bars
from .board import Board, Moment
from .by_rules import rule_targets
from .candidate import Candidate
from .decide import deliberate, refusal
from .deliberation import Deliberation
from .question import Question, asked
from .rulebook import Rule


def explain(route: Route, board: Board, now: Moment) -> Explanation:
    """Return where a request would go, and why. Whatever stands in the way of an answer becomes its `error`."""
    question = asked(route, board.policy)
    try:
        made = deliberate(route, board, now)
    except LegionError as error:
        return Explanation(
            route=question.route,
            intent=question.intent,
            strategy="none",
            error=error.message,
            retry_after=error.retry_after,
        )
    chain = made.chain()
    problem = None if chain else refusal(made)
    return Explanation(
        route=question.route,
        intent=question.intent,
        strategy=made.strategy(chain[0]) if chain else "none",
        candidates=tuple(_ranked(each, made) for each in chain),
        rejected=(*made.rejected, *_left_out(made)),
        rules=tuple(_verdicts(made, chain)),
        constraints=tuple((bar.what, bar.whence) for bar, _ in stated_bars(question, made.in_force, board.policy)),
        error=None if problem is None else problem.message,
        retry_after=None if problem is None else problem.retry_after,
    )


def _ranked(candidate: Candidate, made: Deliberation) -> Ranked:
    price = made.board.prices.price_of(*candidate.key)
    return Ranked(
        target=candidate.target,
        source=candidate.source,
        group=candidate.group,
        priority=candidate.priority,
        health=candidate.health,
        cost=candidate.cost,
        probe=candidate.probe,
        waits=candidate.waits,
        usd=None if price is None else price.estimate(*tokens_of(made.question.route.needs)),
        price_source=None if price is None else price.source,
    )


def _left_out(made: Deliberation) -> tuple[Rejection, ...]:
    """Return the models that were not among the cheapest because nobody knows their price, or for their quality."""
    asked_for = made.board.policy.enabled and not made.question.names_target and wants_cheapest(made)
    return offers(made).left_out if asked_for else ()


def _verdicts(made: Deliberation, chain: Sequence[Candidate]) -> Iterator[RuleVerdict]:
    places = {candidate.key: place for place, candidate in enumerate(chain, 1)}
    for rule in made.board.policy.rules.rules:
        rejection, targets = _objection(rule, made), _targets(rule, made)
        place = None
        if isinstance(targets, Rejection):
            rejection = rejection or targets
        elif rejection is None or _stands_in(rule, chain):
            place = min((places[key] for key in targets if key in places), default=None)
            judged = [made.judged.get(key) for key in targets]
            rejection = None if place else rejection or next(filter(None, judged), None)
        yield RuleVerdict(name=rule.name, priority=rule.priority, rejection=rejection, place=place, note=rule.note)


def _targets(rule: Rule, made: Deliberation) -> list[tuple[str, str]] | Rejection:
    if rule.place is None:
        return []
    found = rule_targets(rule, rule.place, made.board.roster)
    return found if isinstance(found, Rejection) else [(target.instance, target.model) for _, target in found]


def _stands_in(rule: Rule, chain: Sequence[Candidate]) -> bool:
    """Whether a rule that had no say itself is in the chain as another one's fallback."""
    return any(candidate.target.rule == rule.name for candidate in chain)


def _objection(rule: Rule, made: Deliberation) -> Rejection | None:
    """Return why a rule had no say, or None where its targets had."""
    if not made.board.policy.enabled:
        return _of_rule(rule, Reason.BYPASSED, "routing is switched off")
    unmet = _unmet(rule.when, made.question)
    if unmet is not None:
        return _of_rule(rule, Reason.INTENT, *unmet)
    obstacle = rule.obstacle(made.gate.moment.wall)
    if obstacle is not None:
        return _of_rule(rule, Reason.SCHEDULE, obstacle)
    if rule.place is None:
        return None
    if made.question.names_target:
        return _of_rule(rule, Reason.BYPASSED, "the caller named a target")
    return None


def _of_rule(rule: Rule, reason: Reason, *values: str) -> Rejection:
    return Rejection(rule.name, reason, values, rule=rule.name)


def _unmet(when: Mapping[str, str], question: Question) -> tuple[str, str, str] | None:
    """Return the first wish of a rule that the intent does not meet: key, value wanted, and what is said instead."""
    for key, wanted in when.items():
        said = question.intent.get(key)
        if said != wanted:
            return key, wanted, "nothing of it" if said is None else f"{key}={said}"
    return None

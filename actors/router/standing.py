"""The targets that need no rule: what the caller names, the defaults, and what discovery has found."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ...messages.catalogue import Capability, ModelFacts
from ...messages.errors import InvalidRequestError, UnknownModelError
from ...messages.explanation import Source
from ...messages.reasons import Reason, Rejection
from ...messages.routing import Target
from .candidate import Candidate, target_of
from .catalogue import Instance
from .deliberation import Deliberation
from .explicit import named_targets, serving
from .places import Place
from .roster import Roster
from .suited import is_suited

# What a nearer tier is worth to an automatic rule.
_TIER_STEP = 100.0


def add_named(made: Deliberation) -> None:
    """Consider what the caller names: equals, all of them.

    Raises:
        LegionError: It does not exist, or makes no request.
    """
    named = named_targets(made.question.route, made.board.roster)
    made.admit([made.weigh(_candidate(instance, model, Source.EXPLICIT)) for instance, model in named])


def add_defaults(made: Deliberation) -> None:
    """Consider the settings' default, then every other instance's own default model, so that a failure has somewhere to go.

    Lateral before upward: first those of the same tier, then the tiers above it, then those below.
    """
    groups, missing = made.board.roster.once("defaults", _defaults)
    if missing is not None:
        made.reject(missing)
    for group in groups:
        made.admit([made.weigh(Candidate(instance, target, Source.DEFAULT)) for instance, target in group])


def _candidate(instance: Instance, model: str, source: Source) -> Candidate:
    return Candidate(instance, target_of(instance, model), source)


def _defaults(roster: Roster) -> tuple[list[Place], Rejection | None]:
    """Return the targets that need nobody's word, group by group, and what is wrong with the settings' default."""
    stated, missing = _stated(roster)
    groups = [stated] if stated else []
    anchor = stated[0][0] if stated else None
    for _, siblings in itertools.groupby(_others(roster, anchor), key=_provider):
        groups.append([(each, each.default_model) for each in siblings if each.default_model is not None])
    return [[(each, target_of(each, model)) for each, model in group] for group in groups], missing


def _stated(roster: Roster) -> tuple[list[tuple[Instance, str]], Rejection | None]:
    """Return the targets of the settings' default; where it is not there, why."""
    defaults = roster.policy.defaults
    if defaults.provider is not None:
        pool = roster.named(defaults.provider)
        found = [(each, model) for each in pool if (model := defaults.model or each.default_model) is not None]
        if not pool:
            return [], Rejection(defaults.provider, Reason.PROVIDER_UNAVAILABLE, (defaults.provider,))
        return found, None if found else Rejection(defaults.provider, Reason.NO_MODEL)
    if defaults.model is None:
        return [], None
    try:
        return serving(defaults.model, roster.instances, defaults), None
    except (UnknownModelError, InvalidRequestError):
        return [], Rejection(defaults.model, Reason.NOT_LISTED)


def _others(roster: Roster, anchor: Instance | None) -> list[Instance]:
    instances = [each for each in roster.instances if each.default_model is not None]
    first = anchor or next(iter(instances), None)
    if first is None:
        return []
    order = roster.policy.tier_priority
    here = _height(first, order)
    return sorted(instances, key=lambda each: _distance(_height(each, order), here))


def _height(instance: Instance, order: Sequence[str]) -> int:
    return order.index(instance.tier) if instance.tier in order else len(order)


def _distance(height: int, here: int) -> tuple[bool, int]:
    """Return the sort key of a tier as seen from another: itself, those above from the nearest, those below from the nearest."""
    return height < here, abs(height - here)


def _provider(instance: Instance) -> tuple[str, str]:
    return instance.provider, instance.tier


def add_found(made: Deliberation) -> None:
    """Consider every model that a catalogue lists and that chats, where nothing else is left: the automatic rules.

    One is called "auto:instance:model:chat" and has (number of tiers - place of its tier) * 100 - its place in its catalogue as points; models that
    are known to be able to do what is needed go before those of which nobody knows.
    """
    needed = made.question.route.needs.capabilities - {Capability.CHAT}
    known: list[Candidate] = []
    unknown: list[Candidate] = []
    for instance, target, facts, points in made.board.roster.once("found", _found):
        candidate = made.weigh(Candidate(instance, target, Source.FOUND, points))
        (known if needed <= facts.can else unknown).append(candidate)
    made.admit(known)
    made.admit(unknown)


def _found(roster: Roster) -> list[tuple[Instance, Target, ModelFacts, float]]:
    order = roster.policy.tier_priority
    return [
        (
            instance,
            target_of(instance, facts.name, f"auto:{instance.name}:{facts.name}:chat"),
            facts,
            (len(order) - _height(instance, order)) * _TIER_STEP - place,
        )
        for instance in roster.instances
        for place, facts in enumerate(instance.models or ())
        if is_suited(facts)
    ]

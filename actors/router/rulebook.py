"""The rules, compiled: found by what a request wants, not by looking at each of them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from ...messages.settings.rules import Constraint, PlaceSettings, RuleSettings
from .schedule import Schedule

# What a cost multiplier of 0 gains.
_SAVING: Final = 10.0


@attrs.frozen(kw_only=True, eq=False)
class Rule:
    """One rule.

    Attributes:
        number: Place in the settings, 0 and up.
        when: What the intent must say.
        place: Where it sends requests, or None for a rule that is only a constraint.
        cost: Points for its cost multiplier: (1 - multiplier) * 10.
        fallback_rule: Name of the rule to fall back to, or None.
        fallback_place: Place to fall back to, or None.
        schedule: When it holds; None: always.
    """

    number: int
    name: str
    when: Mapping[str, str]
    place: PlaceSettings | None
    priority: float
    cost: float
    constraint: Constraint | None
    fallback_rule: str | None
    fallback_place: PlaceSettings | None
    schedule: Schedule | None
    note: str | None

    @classmethod
    def of(cls, number: int, settings: RuleSettings) -> Rule:
        """Return the rule that the settings describe."""
        return cls(
            number=number,
            name=settings.name,
            when=settings.when,
            place=settings.then,
            priority=settings.priority,
            cost=(1.0 - settings.cost_multiplier) * _SAVING,
            constraint=settings.constraint,
            fallback_rule=settings.fallback.rule if settings.fallback else None,
            fallback_place=settings.fallback.place if settings.fallback else None,
            schedule=Schedule.of(settings.schedule) if settings.schedule else None,
            note=settings.note,
        )

    def holds(self, now: float) -> bool:
        """Whether it is in force at this moment, Unix seconds."""
        return self.schedule is None or self.schedule.holds(now)

    def obstacle(self, now: float) -> str | None:
        """Return why it is not in force at this moment, in words; None where it is."""
        if self.schedule is None:
            return None
        obstacle = self.schedule.obstacle(now)
        return None if obstacle is None else self.schedule.words(obstacle)


class _Shape:
    """The rules that look at the same keys of an intent, by the values that they want."""

    __slots__ = ("_by_values", "keys")

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self._by_values: dict[tuple[str | None, ...], list[Rule]] = collections.defaultdict(list)

    def add(self, rule: Rule) -> None:
        self._by_values[tuple(rule.when[key] for key in self.keys)].append(rule)

    def fitting(self, intent: Mapping[str, str]) -> Sequence[Rule]:
        return self._by_values.get(tuple([intent.get(key) for key in self.keys]), ())


class RuleBook:
    """All rules. Made when the settings change; what it costs to find those that fit does not grow with those that do not.

    Attributes:
        rules: In the order of the settings.
        by_name: The same by their names.
    """

    def __init__(self, rules: Iterable[RuleSettings] = ()) -> None:
        self.rules = tuple(Rule.of(number, each) for number, each in enumerate(rules))
        self.by_name: Mapping[str, Rule] = {rule.name: rule for rule in self.rules}
        self._always = [rule for rule in self.rules if not rule.when]
        self._by_key = _indexed([rule for rule in self.rules if rule.when])

    def fitting(self, intent: Mapping[str, str]) -> list[Rule]:
        """Return the rules whose every wish the intent meets, in order, whether in force or not."""
        found = list(self._always)
        for key in intent:
            for shape in self._by_key.get(key, ()):
                found += shape.fitting(intent)
        if len(found) > 1:
            found.sort(key=_number)
        return found


def _indexed(rules: Iterable[Rule]) -> Mapping[str, tuple[_Shape, ...]]:
    """Return the shapes, each under the one of its keys that the fewest shapes have."""
    shapes: dict[tuple[str, ...], _Shape] = {}
    for rule in rules:
        keys = tuple(sorted(rule.when))
        shapes.setdefault(keys, _Shape(keys)).add(rule)
    common = collections.Counter(key for keys in shapes for key in keys)
    by_key: dict[str, list[_Shape]] = collections.defaultdict(list)
    for keys, shape in shapes.items():
        by_key[min(keys, key=lambda key: (common[key], key))].append(shape)
    return {key: tuple(each) for key, each in by_key.items()}


def _number(rule: Rule) -> int:
    return rule.number

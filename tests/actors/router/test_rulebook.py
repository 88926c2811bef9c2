from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.router.rulebook import RuleBook
from legion_llm.messages.settings import PlaceSettings, RuleSettings

KEYS = st.sampled_from(["privacy", "cost", "capability", "task"])
VALUES = st.sampled_from(["a", "b", "c"])
INTENTS = st.dictionaries(KEYS, VALUES)


def book(*wishes):
    place = PlaceSettings(tier="local")
    return RuleBook(RuleSettings(name=f"r{number}", when=when, then=place) for number, when in enumerate(wishes))


@given(st.lists(INTENTS, max_size=12), INTENTS)
def test_a_rule_fits_if_the_intent_meets_every_wish_of_it_and_those_that_fit_keep_their_order(wishes, intent):
    expected = [f"r{number}" for number, when in enumerate(wishes) if when.items() <= intent.items()]

    assert [rule.name for rule in book(*wishes).fitting(intent)] == expected


def test_a_rule_without_wishes_fits_every_request():
    assert [rule.name for rule in book({}, {"a": "b"}).fitting({})] == ["r0"]


class CountingIntent(dict):
    """Counts how often it is looked into."""

    looks = 0

    def get(self, key, default=None):
        self.looks += 1
        return super().get(key, default)


def looks(rules):
    intent = CountingIntent(privacy="strict", cost="minimize")
    assert [rule.name for rule in book(*rules, {"cost": "minimize"}).fitting(intent)] == [f"r{len(rules)}"]
    return intent.looks


def test_rules_that_do_not_fit_are_not_looked_at_however_many_they_are():
    others = [{"task": f"t{number}", "cost": "minimize"} for number in range(5000)]
    others += [{f"key{number}": "x", "privacy": "strict"} for number in range(5000)]

    assert looks(others) == looks(others[:5] + others[-5:])


def test_a_cost_multiplier_below_one_gains_points():
    rules = [
        RuleSettings(name=str(multiplier), then=PlaceSettings(tier="local"), cost_multiplier=multiplier)
        for multiplier in (0.0, 0.5, 1.0, 2.0)
    ]

    assert [rule.cost for rule in RuleBook(rules).rules] == [10.0, 5.0, 0.0, -10.0]

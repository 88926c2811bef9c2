"""What holds for every decision, whatever the rules, the intent, the clock and the state of the providers."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from legion_llm.actors.router.board import Board, Moment
from legion_llm.actors.router.catalogue import Instance
from legion_llm.actors.router.decide import decide
from legion_llm.actors.router.explain import explain
from legion_llm.actors.router.policy import Defaults, Policy
from legion_llm.actors.router.roster import Roster
from legion_llm.actors.router.rulebook import RuleBook
from legion_llm.messages.catalogue import Capability, MemoryChanged, ModelFacts
from legion_llm.messages.errors import LegionError
from legion_llm.messages.prices import PriceBook, Rates, Seller
from legion_llm.messages.routing import CircuitState, Exclusion, HealthChanged, Needs, Resolution, Route
from legion_llm.messages.settings import (
    ArbitrageSettings,
    FallbackSettings,
    PlaceSettings,
    RuleSettings,
    ScheduleSettings,
)
from legion_llm.messages.settings.routing import TIERS

EXTERNAL = {"openai_compat", "cloud", "frontier"}
MONOTONIC = 1000.0

NAMES = ("ollama", "vllm", "gateway", "azure", "openai", "openai/eu", "anthropic")
MODELS = ("m", "n", "qwen3:8b", "gpt-4o", "claude-x", "embed-1")
CAN = (Capability.TOOLS, Capability.VISION)


class Dice:
    """Throws a whole case from one number, which Hypothesis chooses: drawn piece by piece a case takes it a thousand times as long."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def one(self, *choices):
        return self._random.choice(choices)

    def maybe(self, choices, chance=0.5):
        return self._random.choice(choices) if self._random.random() < chance else None

    def some(self, choices, most):
        return self._random.sample(list(choices), self._random.randint(0, min(most, len(choices))))

    def intent(self, most=3):
        words = ("strict", "normal", "minimize", "reasoning", "code")
        return {key: self.one(*words) for key in self.some(("privacy", "cost", "capability", "task"), most)}

    def place(self):
        return PlaceSettings(tier=self.maybe(TIERS), provider=self.maybe(NAMES), model=self.one("m", "n", "gpt-4o"))

    def schedule(self):
        return ScheduleSettings(
            hours=tuple(self.some(("22:00-06:00", "08:00-17:00", "00:00-24:00"), 2)),
            days=tuple(self.some(("monday", "sunday"), 2)),
            timezone=self.one(None, "Europe/Berlin", "America/New_York"),
        )

    def rule(self, name, names):
        return RuleSettings(
            name=name,
            when=self.intent(2),
            then=self.place(),
            priority=self.one(0.0, 1.0, 50.0),
            constraint=self.one(None, None, None, "never_cloud", "never_external"),
            # Rings too: the settings refuse them, a decision survives them.
            fallback=self.one(None, FallbackSettings(rule=self.one(*names)), FallbackSettings(tier=self.one(*TIERS))),
            cost_multiplier=self.one(0.0, 1.0, 3.0),
            schedule=self.one(None, None, self.schedule()),
        )

    def facts(self, name):
        return ModelFacts(
            name=name,
            can=frozenset(self.some(CAN, 2)),
            cannot=frozenset(self.some(CAN, 1)),
            context_window=self.one(None, 2000, 100_000),
            size_bytes=self.one(None, 2**30, 2**36),
        )

    def instance(self, name):
        provider = name.split("/")[0]
        return Instance(
            name=name,
            provider=provider,
            kind=provider if provider != "gateway" else "openai_compat",
            tier=self.one(*TIERS),
            default_model=self.maybe(MODELS),
            models=self.one(None, tuple(map(self.facts, self.some(MODELS, 3)))),
            is_here=self.one(True, False),
        )

    def news(self, name):
        return HealthChanged(
            instance=name,
            state=self.one(*CircuitState),
            adjustment=self.one(0.0, -10.0, -25.0, -50.0),
            epoch=1,
            retry_at=self.one(None, MONOTONIC + 30),
            throttled={self.one(*MODELS): MONOTONIC + self.one(-10, 10)},
        )

    def board(self):
        instances = tuple(map(self.instance, self.some(NAMES, 6)))
        names = [f"r{number}" for number in range(self._random.randint(0, 6))]
        policy = Policy(
            enabled=self.one(True, True, True, True, False),
            rules=RuleBook([self.rule(name, names) for name in names]),
            defaults=Defaults(model=self.maybe(MODELS, 0.3), provider=self.maybe(NAMES, 0.3)),
            is_private=self.one(False, False, True),
            allows_unknown=self.one(True, False),
            arbitrage=ArbitrageSettings(enabled=self.one(True, False)),
        )
        sellers = {each.name: Seller(kind=each.kind, tier=each.tier) for each in instances}
        rates = {"m": Rates(input=1.0, output=1.0), "gpt-4o": Rates(input=3.0, output=9.0)}
        return Board(
            roster=Roster(instances, policy),
            health={name: self.news(name) for name in self.some(NAMES, 4)},
            memory=MemoryChanged(available_mb=self.one(None, 1000, 10**6)),
            prices=PriceBook(sellers, rates),
            probed=frozenset(self.some(NAMES, 2)),
        )

    def route(self):
        return Route(
            model=self.maybe((*MODELS, "auto"), 0.3),
            provider=self.maybe((*NAMES, "auto"), 0.15),
            tier=self.maybe(TIERS, 0.15),
            intent=self.intent(),
            needs=Needs(
                capabilities=frozenset({Capability.CHAT, *self.some(CAN, 1)}), input_tokens=self.one(0, 500, 5000)
            ),
            constraints=self.one((), (), (), ("never_cloud",), ("never_external",)),
            exclude=self.one((), (), (Exclusion(provider=self.maybe(NAMES), tier=self.maybe(TIERS)),)),
        )

    def clock(self):
        return self._random.uniform(0, 4e9)


CASES = st.integers(0, 2**63).map(Dice).map(lambda dice: (dice.route(), dice.board(), dice.clock()))

many = settings(
    max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)


def decided(route, board, now):
    """Return the decision, or the error that it ended with."""
    try:
        return decide(route, board, Moment(MONOTONIC, now))
    except LegionError as error:
        return error


@many
@given(CASES)
def test_what_is_strictly_private_is_never_sent_outside(case):
    route, board, now = case
    resolution = decided(route, board, now)

    assume(isinstance(resolution, Resolution))
    if board.policy.is_private or route.intent.get("privacy") == "strict":
        assert EXTERNAL.isdisjoint({target.tier for target in resolution.candidates})


@many
@given(CASES)
def test_a_constraint_holds_at_every_candidate(case):
    route, board, now = case
    intent = {**board.policy.intent, **route.intent}
    stated = [
        rule.constraint
        for rule in board.policy.rules.rules
        if board.policy.enabled and rule.when.items() <= intent.items() and rule.holds(now)
    ]

    resolution = decided(route, board, now)

    assume(isinstance(resolution, Resolution))
    tiers = {target.tier for target in resolution.candidates}
    if {"never_cloud", "never_external"} & {*stated, *route.constraints}:
        assert {"cloud", "frontier"}.isdisjoint(tiers)
    if "never_external" in {*stated, *route.constraints}:
        assert EXTERNAL.isdisjoint(tiers)


@many
@given(CASES)
def test_the_chosen_candidate_has_the_highest_score_of_its_group_and_no_group_goes_before_it(case):
    route, board, now = case
    explanation = explain(route, board, Moment(MONOTONIC, now))

    assume(explanation.candidates)
    first = explanation.candidates[0]
    standing = [each for each in explanation.candidates if each.waits == first.waits]
    if first.probe == 0.0:
        assert first.group == min(each.group for each in standing)
    assert first.score == max(
        each.score for each in standing if each.group == first.group and each.probe >= first.probe
    )


@many
@given(CASES)
def test_groups_and_scores_go_down_the_chain(case):
    route, board, now = case
    explanation = explain(route, board, Moment(MONOTONIC, now))

    usual = [each for each in explanation.candidates if not each.waits and each.probe == 0.0]
    assert usual == sorted(usual, key=lambda each: (each.group, -each.score))


@many
@given(CASES)
def test_the_chain_never_repeats(case):
    route, board, now = case
    resolution = decided(route, board, now)

    assume(isinstance(resolution, Resolution))
    places = [(target.instance, target.model) for target in resolution.candidates]
    assert len(places) == len(set(places))


@many
@given(CASES)
def test_no_target_is_both_taken_and_left_out(case):
    route, board, now = case
    resolution = decided(route, board, now)

    assume(isinstance(resolution, Resolution))
    assert {str(target) for target in resolution.candidates}.isdisjoint({each.subject for each in resolution.rejected})


@many
@given(CASES, st.lists(st.floats(0, 4e9), max_size=3))
def test_decisions_are_deterministic_also_after_the_clock_has_jumped_about(case, moments):
    route, board, first = case
    fresh = Board(
        roster=Roster(board.roster.instances, board.policy),
        health=dict(reversed(board.health.items())),
        memory=board.memory,
        prices=board.prices,
        probed=board.probed,
    )

    results = [decided(route, board, now) for now in (first, *moments, first)]

    again = decided(route, fresh, first)
    assert comparable(results[0]) == comparable(results[-1]) == comparable(again)


def comparable(result):
    if isinstance(result, Resolution):
        return [(str(target), target.rule) for target in result.candidates], result.strategy, result.rejected
    return type(result), str(result), result.retry_after


@many
@given(CASES)
def test_nothing_open_throttled_or_unable_is_tried(case):
    route, board, now = case
    resolution = decided(route, board, now)

    assume(isinstance(resolution, Resolution) and board.policy.enabled)
    for target in resolution.candidates:
        news = board.health.get(target.instance)
        assert news is None or news.state is not CircuitState.OPEN
        assert news is None or news.throttled.get(target.model, 0.0) <= MONOTONIC
        (instance,) = (each for each in board.roster.instances if each.name == target.instance)
        facts = instance.facts_of(target.model)
        assert facts is None or not route.needs.capabilities & facts.cannot


@many
@given(CASES)
def test_whoever_gets_no_target_is_told_why_and_a_wait_is_never_negative(case):
    route, board, now = case
    error = decided(route, board, now)

    assume(isinstance(error, LegionError))
    assert error.message
    assert error.retry_after is None or error.retry_after >= 0.0


@pytest.mark.parametrize("count", [0, 1, 7])
def test_without_instances_there_is_nothing_whatever_the_rules(count):
    rules = RuleBook(RuleSettings(name=f"r{n}", then=PlaceSettings(tier="local")) for n in range(count))
    board = Board(roster=Roster((), Policy(rules=rules)))

    with pytest.raises(LegionError):
        decide(Route(), board, Moment(0.0, 0.0))

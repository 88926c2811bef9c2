"""What one decision of the router costs, with few rules and with many that do not fit."""

from __future__ import annotations

import time
from collections.abc import Iterator

from legion_llm.actors.router.board import Board, Moment
from legion_llm.actors.router.catalogue import Instance
from legion_llm.actors.router.decide import decide
from legion_llm.actors.router.policy import Policy
from legion_llm.actors.router.roster import Roster
from legion_llm.actors.router.rulebook import RuleBook
from legion_llm.messages.prices import PriceBook, Rates, Seller
from legion_llm.messages.routing import CircuitState, HealthChanged, Route
from legion_llm.messages.settings import PlaceSettings, RuleSettings, ScheduleSettings

ROUNDS = 20

NOON = Moment(1000.0, 1_780_000_000.0)

# Name, kind, tier, default model, catalogue: what a busy gateway has.
PROVIDERS = (
    ("ollama", "ollama", "local", "qwen3:8b", ("qwen3:8b", "gemma3:4b")),
    ("vllm", "vllm", "fleet", "big", ("big",)),
    ("gateway", "openai_compat", "openai_compat", None, tuple(f"model-{number}" for number in range(300))),
    ("openai", "openai", "frontier", "gpt-4o", ("gpt-4o", "gpt-4o-mini")),
    ("openai/eu", "openai", "frontier", "gpt-4o", ("gpt-4o", "gpt-4o-mini")),
    ("anthropic", "anthropic", "frontier", "claude-sonnet-4-6", ("claude-sonnet-4-6",)),
)

FITTING = (
    RuleSettings(
        name="cheap",
        when={"cost": "low"},
        then=PlaceSettings(provider="openai", model="gpt-4o-mini"),
        priority=5,
        fallback="near",
    ),
    RuleSettings(
        name="near",
        when={"cost": "low"},
        then=PlaceSettings(tier="local"),
        schedule=ScheduleSettings(hours=("00:00-24:00",), timezone="Europe/Berlin"),
    ),
)

ROUTES = {
    "by rule": Route(intent={"cost": "low", "task": "chat"}),
    "by model": Route(model="gpt-4o"),
    "by default": Route(),
    "by price": Route(intent={"cost": "minimize"}),
}


def board(others: int) -> Board:
    """A board with rules of which two fit, behind so many that do not."""
    rules = [
        RuleSettings(
            name=f"r{number}", when={"task": f"t{number}", "cost": "low"}, then=PlaceSettings(provider="openai")
        )
        for number in range(others)
    ]
    instances = [
        Instance(name=name, provider=name.split("/")[0], kind=kind, tier=tier, default_model=model, models=models)
        for name, kind, tier, model, models in PROVIDERS
    ]
    health = {
        each.name: HealthChanged(instance=each.name, state=CircuitState.CLOSED, adjustment=0.0, epoch=1)
        for each in instances
    }
    sellers = {each.name: Seller(kind=each.kind, tier=each.tier) for each in instances}
    prices = {name: Rates(input=1.0 + number, output=5.0) for number, name in enumerate(PROVIDERS[2][4])}
    policy = Policy(rules=RuleBook([*rules, *FITTING]))
    return Board(roster=Roster(instances, policy), health=health, prices=PriceBook(sellers, prices))


def decisions(count: int) -> Iterator[tuple[str, int, float]]:
    """Yield the way, the number of rules that do not fit, and the least CPU microseconds that a decision has taken."""
    for others in (10, 10_000):
        known = board(others)
        for way, route in ROUTES.items():
            yield way, others, min(_cost(route, known, max(1, count // ROUNDS)) for _ in range(ROUNDS))


def _cost(route: Route, known: Board, count: int) -> float:
    decide(route, known, NOON)
    started = time.process_time()
    for _ in range(count):
        decide(route, known, NOON)
    return (time.process_time() - started) / count * 1e6

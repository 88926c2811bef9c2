"""A board to decide on: five providers in four tiers, whose catalogues are known, and rules as a settings file has them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from legion_llm.actors.router.board import Board, Moment
from legion_llm.actors.router.catalogue import Instance
from legion_llm.actors.router.decide import decide
from legion_llm.actors.router.explain import explain
from legion_llm.actors.router.policy import Policy
from legion_llm.actors.router.roster import Roster
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.catalogue import Capability, MemoryChanged, ModelFacts
from legion_llm.messages.prices import Price, PriceBook, Rates, Seller
from legion_llm.messages.routing import CircuitState, HealthChanged, Needs, Route

UTC_NOON = datetime(2026, 6, 3, 12, 0, tzinfo=ZoneInfo("UTC")).timestamp()  # a Wednesday

GIGABYTE = 2**30


def facts(name, **fields):
    return ModelFacts(name=name, **fields)


EMBEDS = {"can": frozenset({Capability.EMBED}), "cannot": frozenset({Capability.CHAT})}
SEES = {"can": frozenset({Capability.CHAT, Capability.VISION}), "cannot": frozenset({Capability.TOOLS})}
BLIND = {"can": frozenset({Capability.CHAT, Capability.TOOLS}), "cannot": frozenset({Capability.VISION})}


def instance(name, kind, tier, default_model=None, models=None, **fields):
    return Instance(
        name=name,
        provider=name.split("/")[0],
        kind=kind,
        tier=tier,
        default_model=default_model,
        models=models,
        **fields,
    )


OLLAMA = instance(
    "ollama",
    "ollama",
    "local",
    "qwen3:8b",
    (
        facts("qwen3:8b", context_window=40_000, size_bytes=5 * GIGABYTE, **BLIND),
        facts("llava:7b", context_window=4096, size_bytes=4 * GIGABYTE, **SEES),
        facts("qwen3:235b", context_window=40_000, size_bytes=140 * GIGABYTE),
        facts("nomic-embed-text", size_bytes=GIGABYTE // 4, **EMBEDS),
    ),
    is_here=True,
)
VLLM = instance("vllm", "vllm", "fleet", "big", (facts("big", context_window=131_072),))
GATEWAY = instance("gateway", "openai_compat", "openai_compat", "small", ("small", "medium"))
AZURE = instance("azure", "azure", "cloud", "deployment")
OPENAI = instance("openai", "openai", "frontier", "gpt-4o", ("gpt-4o", "gpt-4o-mini", "text-embedding-3-small"))
OPENAI_EU = instance("openai/eu", "openai", "frontier", "gpt-4o", ("gpt-4o", "gpt-4o-mini"))
ANTHROPIC = instance("anthropic", "anthropic", "frontier", "claude-sonnet-4-6", ("claude-sonnet-4-6",))

EVERYBODY = (OLLAMA, VLLM, GATEWAY, AZURE, OPENAI, OPENAI_EU, ANTHROPIC)

PRICES = {
    "gpt-4o": (2.5, 10.0),
    "gpt-4o-mini": (0.15, 0.6),
    "claude-sonnet-4-6": (3.0, 15.0),
    "small": (0.05, 0.4),
    "text-embedding-3-small": (0.02, 0.0),
}


class List:
    """What the vendors of these tests ask."""

    def __init__(self, prices):
        self._prices = prices

    def price_of(self, seller, model):
        if model not in self._prices:
            return None
        return Price(rates=Rates(input=self._prices[model][0], output=self._prices[model][1]))


class Table:
    """A board, and what is decided on it."""

    def __init__(self):
        self.instances = EVERYBODY
        self.settings = {}
        self.health = {}
        self.prices = PRICES
        self.memory = MemoryChanged(available_mb=None)
        self.probed = frozenset()
        self.now = UTC_NOON

    def rules(self, *rules):
        self.settings.setdefault("routing", {})["rules"] = list(rules)

    @property
    def board(self):
        providers = {each.provider: {"kind": each.kind, "base_url": "http://h/v1"} for each in EVERYBODY}
        providers["openai"] = {"instances": {"default": {}, "eu": {}}}
        policy = Policy.of(load_settings(overrides={"providers": providers, **self.settings}, environ={}))
        sellers = {each.name: Seller(kind=each.kind, tier=each.tier) for each in self.instances}
        return Board(
            roster=Roster(self.instances, policy),
            health=self.health,
            memory=self.memory,
            prices=PriceBook(sellers, {}, List(self.prices)),
            probed=self.probed,
        )

    def ill(self, name, state="open", *, adjustment=-50.0, retry_at=None, throttled=()):
        self.health[name] = HealthChanged(
            instance=name,
            state=CircuitState(state),
            adjustment=adjustment,
            epoch=1,
            retry_at=retry_at,
            throttled=dict(throttled),
        )

    def decide(self, route=None, *, now=None, **fields):
        moment = Moment(1000.0, self.now if now is None else now)
        return decide(route or _route(fields), self.board, moment)

    def explain(self, route=None, *, now=None, **fields):
        moment = Moment(1000.0, self.now if now is None else now)
        return explain(route or _route(fields), self.board, moment)

    def chain(self, *args, **keywords):
        return [str(target) for target in self.decide(*args, **keywords).candidates]

    def first(self, *args, **keywords):
        return self.chain(*args, **keywords)[0]

    def told(self, *args, **keywords):
        """Return why each target was left out."""
        return list(map(str, self.decide(*args, **keywords).rejected))


def _route(fields):
    needs = {name: fields.pop(name) for name in ("capabilities", "input_tokens", "output_tokens") if name in fields}
    if "capabilities" in needs:
        needs["capabilities"] = frozenset({Capability.CHAT, *map(Capability, needs["capabilities"])})
    if fields.get("model") is None and "intent" not in fields:
        fields.setdefault("intent", {})
    return Route(needs=Needs(**needs), **fields)


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def everybody():
    return EVERYBODY


@pytest.fixture
def at():
    """Return the Unix seconds of a moment on the wall of a timezone."""

    def moment(text, zone="UTC", *, fold=0):
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()

    return moment

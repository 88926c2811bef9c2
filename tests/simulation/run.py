"""One run: a scenario, a policy, a seed; hours of simulated time in seconds, always the same for the same seed."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Iterator
from typing import Any

import attrs
import trio
from legion_llm.adapters.assembly import Plan, tree_of
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import LegionError
from legion_llm.messages.routing import Infer
from legion_llm.messages.settings import Settings, expand_instances
from legion_llm.runtime import ActorSystem
from policies import OURS, SIMPLE, Ask
from scenarios import Jump, Scenario
from virtual_clock import VirtualClock
from world import SimulatedProvider, Upstream


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one request.

    Attributes:
        at: Seconds after the start at which it was made.
        took: Seconds until its end.
        error: Name of the error's class, or None.
        retry_after: Seconds after which the error says that another try makes sense, or None.
        patience: Seconds that the caller had.
    """

    at: float
    took: float
    error: str | None
    retry_after: float | None = None
    patience: float = 0.0


@attrs.frozen(kw_only=True)
class Result:
    """What became of all of them.

    Attributes:
        upstream: By provider.
        trips: How often each provider was put aside; empty for the simple rules.
    """

    scenario: str
    policy: str
    seed: int
    outcomes: tuple[Outcome, ...]
    upstream: dict[str, Upstream]
    trips: dict[str, int]

    @property
    def replay(self) -> str:
        """The command that plays it once more."""
        return f"make simulate ARGS=\"--scenario '{self.scenario}' --policy '{self.policy}' --seed {self.seed}\""

    @property
    def success(self) -> float:
        """Part of the requests that were answered."""
        return sum(each.error is None for each in self.outcomes) / len(self.outcomes)

    @property
    def calls_per_request(self) -> float:
        """Upstream calls over requests."""
        return sum(each.calls for each in self.upstream.values()) / len(self.outcomes)

    @property
    def wasted(self) -> float:
        """Part of the upstream calls that gave no answer."""
        calls = sum(each.calls for each in self.upstream.values())
        return sum(each.wasted for each in self.upstream.values()) / calls if calls else 0.0

    def latency(self, quantile: float) -> float:
        """Seconds that this part of the answered requests took at most."""
        took = sorted(each.took for each in self.outcomes if each.error is None)
        return took[min(len(took) - 1, int(quantile * len(took)))] if took else float("inf")

    def goodput(self, begins: float, ends: float) -> float:
        """Part of the requests of a stretch of time that were answered."""
        part = [each for each in self.outcomes if begins <= each.at < ends]
        return sum(each.error is None for each in part) / len(part) if part else 0.0


def simulate(name: str, scenario: Scenario, policy: str, seed: int) -> Result:
    """Run to the end."""
    random.seed(seed)
    with _deterministic_scheduling(seed), _world(scenario, seed) as world:
        outcomes = world.run(policy)
        trips = world.trips() if policy == OURS else {}
    return Result(
        scenario=name, policy=policy, seed=seed, outcomes=tuple(outcomes), upstream=world.upstream, trips=trips
    )


class World:
    """The actors on a virtual clock, with simulated providers behind them."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._seed = seed
        self._clock = VirtualClock()
        self._began = self._clock.monotonic()
        self._numbers = itertools.count()
        self.upstream = {nature.name: Upstream() for nature in scenario.natures}
        self.system = ActorSystem("simulation", clock=self._clock)
        self._providers = {
            nature.name: SimulatedProvider(nature, seed, self._began, self.upstream[nature.name])
            for nature in scenario.natures
        }

    def start(self) -> None:
        settings = self._settings()
        instances = expand_instances(settings)
        plan = Plan.drawn(settings, instances, {}, self.system, lambda each: self._providers[each.name])
        self.system.start(tree_of(settings, instances, {}, self.system, plan=plan))

    def _settings(self) -> Settings:
        providers: dict[str, Any] = {}
        for nature in self._scenario.natures:
            provider, _, instance = nature.name.partition("/")
            block = {"kind": "openai_compat", "base_url": "http://127.0.0.1:1/v1", "models": ["m"], **nature.settings}
            if instance:
                providers.setdefault(provider, {"kind": "openai_compat", "instances": {}})["instances"][instance] = (
                    block
                )
            else:
                providers[provider] = block
        return load_settings(overrides={"providers": providers, "audit": {"enabled": False}}, environ={})

    def trips(self) -> dict[str, int]:
        return {name: ward["trips"] for name, ward in self.system.inspect("health")["snapshot"].items()}

    def run(self, policy: str) -> list[Outcome]:
        outcomes: list[Outcome] = []
        self.system.trio.run(self._play, policy, outcomes)
        return outcomes

    async def _play(self, policy: str, outcomes: list[Outcome]) -> None:
        self._clock.trio.autojump_threshold = 0
        ask = self._ours() if policy == OURS else SIMPLE[policy](self._providers, self._seed)
        try:
            async with trio.open_nursery() as nursery:
                for jump in self._scenario.jumps:
                    nursery.start_soon(self._set_clocks, jump)
                await self._arrive(ask, outcomes, nursery)
        finally:
            self._clock.trio.autojump_threshold = float("inf")

    async def _arrive(self, ask: Ask, outcomes: list[Outcome], nursery: trio.Nursery) -> None:
        """Let requests come as they do: independent of each other, so many per second on average."""
        dice = random.Random(f"{self._seed}/arrivals")
        ends = self._scenario.minutes * 60
        while (now := trio.current_time() - self._began) < ends:
            nursery.start_soon(self._request, ask, now, self._scenario.patience(dice), outcomes)
            await trio.sleep(dice.expovariate(self._scenario.load(now)))

    async def _set_clocks(self, jump: Jump) -> None:
        await trio.sleep(jump.at)
        self._clock.set_wall(jump.wall)
        self._clock.trio.jump(jump.monotonic)

    async def _request(self, ask: Ask, at: float, patience: float, outcomes: list[Outcome]) -> None:
        error, retry_after = "DeadlineExceeded", None
        request = Request(
            messages=(ChatMessage(content="?"),), model="m", id=f"req_{next(self._numbers)}", timeout=patience
        )
        with trio.move_on_after(patience):
            try:
                await ask(request)
                error = None
            except LegionError as failure:
                error, retry_after = type(failure).__name__, failure.retry_after
        took = trio.current_time() - self._began - at
        outcomes.append(Outcome(at=at, took=took, error=error, retry_after=retry_after, patience=patience))

    def _ours(self) -> Ask:
        inference = self.system.address("inference")

        async def ask(request: Request):
            return await inference.ask(Infer(request=request), timeout=request.timeout)

        return ask


@contextlib.contextmanager
def _world(scenario: Scenario, seed: int) -> Iterator[World]:
    world = World(scenario, seed)
    try:
        world.start()
        yield world
    finally:
        world.system.shutdown(drain=0.0)


@contextlib.contextmanager
def _deterministic_scheduling(seed: int) -> Iterator[None]:
    """trio shuffles the tasks that are ready, on purpose; for a replay it must not. hypothesis does it in the same way."""
    run = trio._core._run
    before = run._ALLOW_DETERMINISTIC_SCHEDULING
    run._ALLOW_DETERMINISTIC_SCHEDULING = True
    run._r.seed(seed)
    try:
        yield
    finally:
        run._ALLOW_DETERMINISTIC_SCHEDULING = before

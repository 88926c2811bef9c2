"""Decides where a request goes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.catalogue import CatalogueChanged, CatalogueState, CatalogueWanted, MemoryChanged, ModelFacts
from ...messages.chat import ModelInfo, ProviderInfo
from ...messages.credentials import StageChanged, StagesWanted
from ...messages.explanation import ExplainRoute, Explanation
from ...messages.load import Load
from ...messages.prices import PriceBook
from ...messages.routing import (
    CircuitState,
    HealthChanged,
    HealthWanted,
    ListModels,
    ListProviders,
    Resolution,
    Route,
)
from ...runtime import Actor, Address
from .board import Board, Moment, the_first
from .catalogue import Instance
from .decide import decide
from .explain import explain
from .policy import Policy
from .roster import Roster

# Seconds after which a probe that nobody has heard of counts as lost.
_PROBE_LEASE: Final = 30.0

# Who serves an alias, and where: that is decided for every request.
_OURS: Final = "legion"
_ANY_TIER: Final = "auto"


@attrs.frozen(kw_only=True)
class RouterConfig:
    """What the router goes by.

    Attributes:
        instances: All instances, in order of preference.
        policy: How targets are chosen.
        prices: What models cost.
        lacking: What the settings name and what is not connected, for want of a credential; it is only shown.
    """

    instances: tuple[Instance, ...]
    policy: Policy = attrs.field(factory=Policy)
    prices: PriceBook = attrs.field(factory=lambda: PriceBook({}, {}))
    lacking: tuple[ProviderInfo, ...] = ()


@attrs.frozen(kw_only=True)
class RouterReconfigured(Message[None]):
    """Go by this from the next decision on; what was heard of the instances that remain still holds."""

    config: RouterConfig


Command: TypeAlias = (
    Route
    | ExplainRoute
    | HealthChanged
    | CatalogueChanged
    | MemoryChanged
    | StageChanged
    | ListModels
    | ListProviders
    | RouterReconfigured
)


class Router(Actor[Command]):
    """Owns the compiled rules, the last word heard from health, and what was heard of the instances' catalogues and of this machine's memory.

    Takes Route, ExplainRoute, ListModels, ListProviders; HealthChanged, CatalogueChanged, MemoryChanged and StageChanged; RouterReconfigured. Asks
    nobody.
    """

    def __init__(
        self,
        config: RouterConfig,
        health: Address,
        discovery: Address | None = None,
        credentials: Address | None = None,
        loads: Mapping[str, Load] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._prices = config.prices
        self._lacking = config.lacking
        self._roster = Roster(config.instances, config.policy)
        self._health: dict[str, HealthChanged] = {}
        self._health_address = health
        self._discovery_address = discovery
        self._credentials_address = credentials
        self._stages: dict[str, StageChanged] = {}
        self._unready: dict[str, StageChanged] = {}
        self._loads = (
            loads  # what connections publish of themselves: values that never change, looked at and not copied
        )
        self._catalogues: dict[str, CatalogueChanged] = {}
        self._memory = MemoryChanged(available_mb=None)
        # Half-open instances whose probe is out, and until when it may be: a caller that gives up tells nobody how it ended.
        self._probes: dict[str, float] = {}

    async def on_start(self) -> None:
        """Hear where health, discovery and credentials stand."""
        self._health_address.offer(HealthWanted())
        if self._discovery_address is not None:
            self._discovery_address.offer(CatalogueWanted())
        if self._credentials_address is not None:
            self._credentials_address.offer(StagesWanted())

    def on_route(self, message: Route) -> Resolution:
        """Decide; a request that goes to a half-open instance first is its probe."""
        now = self._now()
        if self._probes:
            self._probes = {instance: until for instance, until in self._probes.items() if until > now.monotonic}
        resolution = decide(message, self._board(random.randrange), now)
        first = resolution.candidates[0].instance
        news = self._health.get(first)
        if news is not None and news.state is CircuitState.HALF_OPEN and message.is_attempted:
            self._probes[first] = now.monotonic + _PROBE_LEASE
        return resolution

    def on_explain_route(self, message: ExplainRoute) -> Explanation:
        """Decide without consequences, and say why."""
        return explain(message.route, self._board(the_first), self._now())

    def on_health_changed(self, message: HealthChanged) -> None:
        """Remember it for the next decision."""
        before = self._health.get(message.instance)
        if before is not None and before.epoch != message.epoch:
            self._probes.pop(message.instance, None)
        self._health[message.instance] = message

    def on_catalogue_changed(self, message: CatalogueChanged) -> None:
        """Remember which models the instance has."""
        for instance in self._roster.instances:
            if instance.name == message.instance:
                self._catalogues[message.instance] = message
                self._roster = self._roster.with_changed(instance.told(message))

    def on_router_reconfigured(self, message: RouterReconfigured) -> None:
        """Go by other settings from now on."""
        config = message.config
        self._prices, self._lacking = config.prices, config.lacking
        names = {instance.name for instance in config.instances}
        for heard in (self._health, self._catalogues, self._stages, self._unready, self._probes):
            for gone in heard.keys() - names:
                heard.pop(gone)
        self._roster = Roster(
            [
                instance.told(self._catalogues[instance.name]) if instance.name in self._catalogues else instance
                for instance in config.instances
            ],
            config.policy,
        )

    def on_memory_changed(self, message: MemoryChanged) -> None:
        """Remember how much memory there is for models."""
        self._memory = message

    def on_stage_changed(self, message: StageChanged) -> None:
        """Send nothing to an instance that has no credential, or none that works."""
        self._stages[message.instance] = message
        self._unready = {name: each for name, each in self._stages.items() if not each.stage.is_routable}

    def on_list_models(self, _message: ListModels) -> tuple[ModelInfo, ...]:
        """List every model once per instance that has it; where a catalogue is unknown, the default model. Then the aliases."""
        models = [
            _model_info(instance, model, self._catalogue_of(instance))
            for instance in self._roster.instances
            for model in dict.fromkeys(
                (*((instance.default_model,) if instance.default_model else ()), *instance.by_name)
            )
        ]
        aliases = [ModelInfo(id=alias, provider=_OURS, tier=_ANY_TIER) for alias in self._roster.policy.aliases]
        return (*models, *aliases)

    def on_list_providers(self, _message: ListProviders) -> tuple[ProviderInfo, ...]:
        """List the instances, and those that are not connected."""
        return (*[self._provider_info(instance) for instance in self._roster.instances], *self._lacking)

    def _now(self) -> Moment:
        return Moment(self.clock.monotonic(), self.clock.time())

    def _board(self, draw: Callable[[int], int]) -> Board:
        return Board(
            roster=self._roster,
            health=self._health,
            memory=self._memory,
            prices=self._prices,
            probed=self._probes,
            loads=self._loads,
            draw=draw,
            unready=self._unready,
        )

    def _catalogue_of(self, instance: Instance) -> CatalogueState:
        news = self._catalogues.get(instance.name)
        return CatalogueState.NEVER_FETCHED if news is None else news.state

    def _provider_info(self, instance: Instance) -> ProviderInfo:
        news = self._health.get(instance.name)
        stage = self._stages.get(instance.name) or StageChanged(instance=instance.name)
        wait = None
        if news is not None and news.retry_at is not None:
            wait = max(0.0, news.retry_at - self.clock.monotonic())
        return ProviderInfo(
            name=instance.name,
            kind=instance.kind,
            tier=instance.tier,
            default_model=instance.default_model,
            state=str(news.state if news is not None else CircuitState.CLOSED),
            retry_after=wait,
            catalogue=self._catalogue_of(instance),
            models=len(instance.by_name),
            stage=stage.stage,
            reason=stage.reason,
            credential=stage.credential,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return what the next decision would be based on."""
        return {
            "defaults": attrs.asdict(self._roster.policy.defaults),
            "rules": len(self._roster.policy.rules.rules),
            "instances": {
                each.name: {"tier": each.tier, "models": len(each.by_name)} for each in self._roster.instances
            },
            "health": {
                name: {"state": news.state, "adjustment": news.adjustment} for name, news in self._health.items()
            },
            "available_mb": self._memory.available_mb,
        }


def _model_info(instance: Instance, model: str, catalogue: CatalogueState) -> ModelInfo:
    facts = instance.facts_of(model) or ModelFacts(name=model)
    return ModelInfo(
        id=model,
        provider=instance.name,
        tier=instance.tier,
        context_window=facts.context_window,
        created=facts.created,
        capabilities=tuple(sorted(facts.can)),
        family=facts.family,
        size_bytes=facts.size_bytes,
        loaded=facts.loaded,
        catalogue=catalogue,
    )

"""New settings for a system that runs: its actors are told, one after the other, so that no request is in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from ...actors.connection.actor import ConnectionReconfigured
from ...actors.connection.port import Provider
from ...actors.embedder.actor import EmbedderReconfigured
from ...actors.health.actor import HealthReconfigured
from ...actors.inference.actor import InferenceReconfigured
from ...actors.router.actor import RouterReconfigured
from ...messages.errors import SettingsError, StartFailed
from ...messages.prices import PricesChanged
from ...messages.reload import ReloadReport
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem
from ..providers.choose import choose_instances
from ..settings.changes import merged
from .connections import connection_config, connection_spec
from .embedding import embedder_config
from .fleet import has_fleet
from .plan import Plan
from .routing import health_config, router_config

# Seconds that an actor may take to hear of it; they decide in microseconds, so one that does not is blocked.
_PATIENCE: Final = 10.0


class Reloader:
    """Changes the settings of a running system. From hosts' threads, one change after the other.

    Args:
        system: The system.
        plan: What its actors are made by.
        environ: Where credentials are looked up.
        keys_of: Looks up the keys of the API; returns what puts them in the place of those that held. None: there is no API.
        demo_if_empty: Whether the demo model answers where no provider is configured or found.
    """

    def __init__(
        self,
        system: ActorSystem,
        plan: Plan,
        environ: Mapping[str, str],
        keys_of: Callable[[Settings], Callable[[], None]] | None = None,
        *,
        demo_if_empty: bool = False,
    ) -> None:
        self._system = system
        self._plan = plan
        self._environ = environ
        self._keys_of = keys_of or (lambda _settings: lambda: None)
        self._demo_if_empty = demo_if_empty
        self._lock = threading.Lock()
        self._had_fleet = has_fleet(plan)
        # Instances that are gone, but whose connections still serve who knew them; the tokens tell one goodbye from a later one.
        self._retired: dict[str, object] = {}

    def reload(self, wanted: Settings) -> tuple[Settings, ReloadReport]:
        """Have other settings hold from now on; returns those that do. Running requests go on as they began.

        Raises:
            SettingsError: They are wrong; those that held still do.
            StartFailed: A connection could not be made; likewise.
            SystemNotRunning: It is not ready.
        """
        with self._lock:
            self._system.check_ready()
            chosen = choose_instances(wanted, self._environ, demo_if_empty=self._demo_if_empty)
            wanted = attrs.evolve(wanted, default_model=chosen.default_model)
            settings, report = merged(self._plan.settings, wanted)
            plan = Plan.drawn(settings, chosen.instances, self._environ, self._system)
            self._check_fleet(plan)
            change = Change(self._plan.instances, plan)
            use_keys = self._keys_of(settings)
            self._apply(plan, change)
            use_keys()
            return settings, report

    def _check_fleet(self, plan: Plan) -> None:
        if has_fleet(plan) and not self._had_fleet:
            raise SettingsError(
                "providers: a gateway that started without a fleet gets one by a restart", path="providers"
            )

    def _apply(self, plan: Plan, change: Change) -> None:
        before = attrs.evolve(self._plan)
        self._plan.redraw(plan)
        try:
            self._connect(change.added)
        except StartFailed:
            self._plan.redraw(before)
            raise
        self._tell_connections(change)
        settings, instances, prices = plan.settings, plan.instances, plan.prices
        # Whoever knows the credentials first: what is routed to must have its own.
        self._system.renew("credentials")
        for who in ("metering", "audit", "budgets"):
            self._ask(who, PricesChanged(prices=prices))
        config = health_config(settings, instances)
        self._ask("health", HealthReconfigured(config=config, changed=frozenset(change.providers)))
        self._ask("router", RouterReconfigured(config=router_config(settings, instances, prices, plan.unconnected)))
        self._ask("embedder", EmbedderReconfigured(config=embedder_config(settings, instances)))
        assert self._plan.services is not None
        self._ask("inference", InferenceReconfigured(services=self._plan.services()))
        if change.is_any or plan.settings.discovery != before.settings.discovery:
            self._system.renew("discovery")
        self._retire(change.removed)

    def _connect(self, added: tuple[InstanceSettings, ...]) -> None:
        """Make connections to new instances, all or none.

        Raises:
            StartFailed: One could not be made.
        """
        made: list[str] = []
        for instance in added:
            if self._retired.pop(instance.name, None) is not None:
                self._tell_connection(instance, self._plan.provider(instance))
                continue
            try:
                self._system.add("connections", connection_spec(self._plan, instance, self._system))
            except StartFailed:
                for name in made:
                    self._system.remove("connections", name, drain=0.0)
                raise
            made.append(instance.name)

    def _tell_connections(self, change: Change) -> None:
        for instance in change.kept:
            self._tell_connection(instance, change.providers.get(instance.name))

    def _tell_connection(self, instance: InstanceSettings, provider: Provider | None) -> None:
        news = ConnectionReconfigured(
            config=connection_config(self._plan.settings, instance),
            provider=provider,
            publish=self._plan.loads.publisher(instance.name),
        )
        self._ask(f"connections/{instance.name}", news)

    def _retire(self, removed: tuple[str, ...]) -> None:
        """Let connections go when no request can know them any more."""
        for name in removed:
            token = self._retired[name] = object()

            def is_wanted(name: str = name, token: object = token) -> bool:
                return self._retired.get(name) is not token

            self._system.remove_after(self._plan.settings.request_timeout, "connections", name, is_wanted)

    def _ask(self, path: str, news: Any) -> None:
        self._system.address(path).request(news, timeout=_PATIENCE).get()


class Change:
    """What becomes of the provider instances.

    Args:
        before: The instances that are connected.
        plan: What shall be.

    Attributes:
        added: Instances that there were not.
        removed: Names of those that are no more.
        kept: Those that there were, as they shall be.
        providers: The providers of those of them that are called otherwise from now on.
        is_any: Whether anything becomes of any.

    Raises:
        SettingsError: A provider cannot be made.
    """

    def __init__(self, before: tuple[InstanceSettings, ...], plan: Plan) -> None:
        known = {each.name: each for each in before}
        self.added = tuple(each for each in plan.instances if each.name not in known)
        self.kept = tuple(each for each in plan.instances if each.name in known)
        self.removed = tuple(known.keys() - {each.name for each in plan.instances})
        changed = [each for each in self.kept if each != known[each.name]]
        self.providers = {each.name: plan.provider(each) for each in changed}
        self.is_any = bool(self.added or self.removed or self.providers)
        for each in self.added:
            plan.provider(each)  # so that one that cannot be made is known before anything has changed

"""What the settings say about routing, made ready for decisions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from ...messages.settings import AliasSettings, ArbitrageSettings, Settings, TierSettings, TiersSettings
from ...messages.settings.families import Tier
from ...messages.settings.routing import DEFAULT_INTENT, TIERS, Balance
from .rulebook import RuleBook

_NO_ALIASES: Final[Mapping[str, AliasSettings]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Defaults:
    """What the settings say about requests that name nothing.

    Attributes:
        model: Model name, or None.
        provider: Provider or instance name, or None.
    """

    model: str | None = None
    provider: str | None = None

    @property
    def are_stated(self) -> bool:
        """Whether there is one."""
        return self.model is not None or self.provider is not None


@attrs.frozen(kw_only=True)
class Policy:
    """How targets are chosen.

    Attributes:
        enabled: False: explicit and default targets only.
        rules: The rules.
        intent: What matters to a request that does not say.
        defaults: Where requests go that name nothing and fit no rule.
        tier_priority: All tiers, the nearest first.
        tiers: Who serves each tier, and with which model.
        aliases: Model names of the user's own.
        is_private: Whether nothing may leave for an external tier, whatever is asked.
        allows_unknown: Whether a model of which nobody knows that it can do something may be asked to.
        balance: Among whom requests are spread.
        arbitrage: When the cheapest model is chosen.
        memory_floor_mb: Megabytes that local models leave alone.
        memory_overhead: What a model takes when it runs, over the size of its files.
    """

    enabled: bool = True
    rules: RuleBook = attrs.field(factory=RuleBook, eq=False)
    intent: Mapping[str, str] = attrs.field(default=DEFAULT_INTENT)
    defaults: Defaults = Defaults()
    tier_priority: tuple[Tier, ...] = TIERS
    tiers: TiersSettings = TiersSettings()
    aliases: Mapping[str, AliasSettings] = _NO_ALIASES
    is_private: bool = False
    allows_unknown: bool = True
    balance: Balance = "siblings"
    arbitrage: ArbitrageSettings = ArbitrageSettings()
    memory_floor_mb: int = 2048
    memory_overhead: float = 1.4

    def model_of_tier(self, tier: str | None) -> str | None:
        """Return the model to ask a tier for, or None for each provider's default."""
        if tier is None or tier not in TIERS:
            return None
        section: TierSettings = getattr(self.tiers, tier)
        return section.model

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        """Return what the settings say."""
        routing = settings.routing
        named = routing.tier_priority
        return cls(
            enabled=routing.enabled,
            rules=RuleBook(routing.rules),
            intent=routing.default_intent,
            defaults=Defaults(model=settings.default_model, provider=settings.default_provider),
            tier_priority=(*named, *(tier for tier in TIERS if tier not in named)),
            tiers=routing.tiers,
            aliases=settings.aliases,
            is_private=settings.enterprise_privacy,
            allows_unknown=routing.unknown_capabilities == "allow",
            balance=routing.balance,
            arbitrage=settings.arbitrage,
            memory_floor_mb=settings.discovery.memory_floor_mb,
            memory_overhead=settings.discovery.memory_overhead_factor,
        )

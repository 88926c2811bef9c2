"""How a target is chosen, apart from the single rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias, get_args

import attrs

from .checks import EMPTY, between, fault, frozen_mapping, not_blank_entries, one_of
from .escalation import EscalationSettings, HedgingSettings, RescueSettings
from .families import Tier
from .retries import RetrySettings
from .rules import RuleSettings
from .sections import HealthSettings

Permission: TypeAlias = Literal["allow", "refuse"]
Balance: TypeAlias = Literal["siblings", "equals", "off"]

TIERS: Final[tuple[Tier, ...]] = get_args(Tier)

DEFAULT_INTENT: Final[Mapping[str, str]] = {"privacy": "normal", "capability": "moderate", "cost": "normal"}


def _intent(stated: Mapping[str, str]) -> Mapping[str, str]:
    return frozen_mapping({**DEFAULT_INTENT, **stated})


def _each_once(_: object, attribute: attrs.Attribute[tuple[Tier, ...]], value: tuple[Tier, ...]) -> None:
    for number, tier in enumerate(value):
        if tier not in TIERS:
            raise fault(f"{attribute.name}.{number}", f"no tier {tier!r}; there are {', '.join(TIERS)}")
        if tier in value[:number]:
            raise fault(f"{attribute.name}.{number}", f"{tier} stands there twice")


@attrs.frozen(kw_only=True)
class TierSettings:
    """Who serves a tier, where a request or a rule names the tier and no provider.

    Attributes:
        providers: Providers or instances, the preferred first; those that are not named come after them, in the order of the settings.
        model: Model to ask for instead of each provider's default, or None. Default None.
    """

    providers: tuple[str, ...] = attrs.field(default=(), validator=not_blank_entries)
    model: str | None = None


@attrs.frozen(kw_only=True)
class TiersSettings:
    """Who serves each tier.

    Attributes:
        local: This machine. Default: ollama first.
        fleet: Machines of one's own. Default: ollama, then vllm.
        openai_compat: Gateways. Default: in the order of the settings.
        cloud: Default: bedrock, azure, gemini.
        frontier: Default: anthropic, openai.
    """

    local: TierSettings = TierSettings(providers=("ollama",))
    fleet: TierSettings = TierSettings(providers=("ollama", "vllm"))
    openai_compat: TierSettings = TierSettings()
    cloud: TierSettings = TierSettings(providers=("bedrock", "azure", "gemini"))
    frontier: TierSettings = TierSettings(providers=("anthropic", "openai"))

    def items(self) -> Iterator[tuple[Tier, TierSettings]]:
        """Return each tier's name and settings."""
        for tier in TIERS:
            yield tier, getattr(self, tier)


@attrs.frozen(kw_only=True)
class RoutingSettings:
    """How a target is chosen.

    Attributes:
        enabled: False: a request goes to what it names, or to the default, and nowhere else; only privacy is still kept. Default True.
        default_intent: What matters to a request that does not say ({"privacy": "normal", "capability": "moderate", "cost": "normal"}, over
            which the setting is laid).
        tier_priority: The tiers from the nearest to the farthest; after a failure the same tier is asked first, then those above. Tiers that are
            not named come last. Default: local, fleet, openai_compat, cloud, frontier.
        tiers: Who serves each tier.
        rules: The rules; among equal scores the earlier goes first.
        unknown_capabilities: What becomes of a model of which nobody knows whether it can do what a request needs: allow or refuse. Default
            "allow".
        balance: Among whom requests are spread by load, and led to one by their affinity: siblings (instances of one provider that serve the same
            model with the same points), equals (everybody with the same points), or off (the earlier in the settings goes first). Default
            "siblings".
        health: How the health of targets is judged.
        retries: What follows an attempt that gave no answer.
        escalation: Whether a poor answer is tried again elsewhere.
        hedging: Whether a slow call gets a second one beside it.
        rescue: Whether a broken stream is gone on with elsewhere.
    """

    enabled: bool = True
    default_intent: Mapping[str, str] = attrs.field(default=EMPTY, converter=_intent)
    tier_priority: tuple[Tier, ...] = attrs.field(default=TIERS, validator=_each_once)
    tiers: TiersSettings = TiersSettings()
    rules: tuple[RuleSettings, ...] = ()
    unknown_capabilities: Permission = attrs.field(default="allow", validator=one_of(Permission))
    balance: Balance = attrs.field(default="siblings", validator=one_of(Balance))
    health: HealthSettings = HealthSettings()
    retries: RetrySettings = RetrySettings()
    escalation: EscalationSettings = EscalationSettings()
    hedging: HedgingSettings = HedgingSettings()
    rescue: RescueSettings = RescueSettings()

    def __attrs_post_init__(self) -> None:
        seen: dict[str, int] = {}
        for number, rule in enumerate(self.rules):
            if rule.name in seen:
                raise fault(f"rules.{number}.name", f"{rule.name!r} is also the name of rule {seen[rule.name]}")
            seen[rule.name] = number


@attrs.frozen(kw_only=True)
class ArbitrageSettings:
    """The cheapest capable model, where no rule says more.

    Attributes:
        enabled: Whether a request that names nothing and fits no rule goes to the cheapest model; one whose intent says {"cost": "minimize"} does
            in any case. Default False.
        quality: How good models are, 0 to 1, by the beginning of their names; the longest counts. A model that is not in it has no score and is
            not measured. Default {}.
        quality_floor: Models with a lower score are left out (0 to 1). Default 0.7.
        unfit_for_reasoning: Models, by the beginning of their names, that a request whose intent says {"capability": "reasoning"} does not go to.
            Default: gpt-4o-mini, gemini-2.0-flash, llama3.
    """

    enabled: bool = False
    quality: Mapping[str, float] = attrs.field(default=EMPTY, converter=frozen_mapping)
    quality_floor: float = attrs.field(default=0.7, validator=between(0, 1))
    unfit_for_reasoning: tuple[str, ...] = attrs.field(
        default=("gpt-4o-mini", "gemini-2.0-flash", "llama3"), validator=not_blank_entries
    )

    def __attrs_post_init__(self) -> None:
        for name, score in self.quality.items():
            if not 0 <= score <= 1:
                raise fault(f"quality.{name}", f"must be between 0 and 1, got {score!r}")

"""The rules of routing: what a request must want, and where it then goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from ..exclusion import Constraint as Constraint  # noqa: PLC0414 - a word of the settings, too
from .checks import EMPTY, between, fault, frozen_mapping, not_blank, one_of
from .families import Tier
from .schedule import ScheduleSettings

_COMPRESS_LEVELS: Final = (0, 3)


@attrs.frozen(kw_only=True)
class PlaceSettings:
    """Where a request goes; at least one of tier, provider and model.

    Attributes:
        tier: local, fleet, openai_compat, cloud or frontier: any provider in it. Default None.
        provider: Provider or instance ("openai", "openai/eu"). Default None: whoever serves the model, or any of the tier.
        model: Model name. Default None: the provider's default model.
        compress_level: How much the prompt may be shortened, 0 (not at all) to 3. Default None: not at all.
    """

    tier: Tier | None = attrs.field(default=None, validator=one_of(Tier))
    provider: str | None = attrs.field(default=None, validator=not_blank)
    model: str | None = attrs.field(default=None, validator=not_blank)
    compress_level: int | None = attrs.field(default=None, validator=between(*_COMPRESS_LEVELS))

    def __attrs_post_init__(self) -> None:
        if self.tier is None and self.provider is None and self.model is None:
            raise fault("tier", "name a tier, a provider or a model")


@attrs.frozen(kw_only=True)
class FallbackSettings:
    """Where a request goes when the rule's own targets cannot take it: another rule, or a place. As text: the rule's name.

    Attributes:
        rule: Name of a rule; what it wants of a request is not asked, its schedule and every constraint are.
        tier: As of a place.
        provider: Likewise.
        model: Likewise.
        compress_level: Likewise.
    """

    shorthand: ClassVar[str] = "rule"

    rule: str | None = attrs.field(default=None, validator=not_blank)
    tier: Tier | None = attrs.field(default=None, validator=one_of(Tier))
    provider: str | None = attrs.field(default=None, validator=not_blank)
    model: str | None = attrs.field(default=None, validator=not_blank)
    compress_level: int | None = attrs.field(default=None, validator=between(*_COMPRESS_LEVELS))

    def __attrs_post_init__(self) -> None:
        names_place = self.tier is not None or self.provider is not None or self.model is not None
        if (self.rule is not None) == names_place:
            raise fault("rule", "name either a rule, or a tier, provider or model")

    @property
    def place(self) -> PlaceSettings | None:
        """The place, or None where it is a rule."""
        if self.rule is not None:
            return None
        return PlaceSettings(
            tier=self.tier, provider=self.provider, model=self.model, compress_level=self.compress_level
        )


def _fallback(value: FallbackSettings | str | None) -> FallbackSettings | None:
    return FallbackSettings(rule=value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class RuleSettings:
    """One rule: requests that want what `when` says go where `then` says. Of several that fit, the one with the highest score goes first.

    Attributes:
        name: Unique; answers, explanations and the ledger show it.
        when: What a request's intent must say, every key of it ({"privacy": "strict"}). Default {}: every request.
        then: Where it goes. Default None, for a rule that is only a constraint.
        priority: Points of its score. Default 0.
        constraint: never_cloud keeps requests that fit out of the tiers cloud and frontier, never_external also out of openai_compat: at every
            candidate, fallback and later hop, whichever rule chose it. Default None.
        fallback: Where they go when `then` cannot take them. Default None.
        cost_multiplier: What its targets cost, 1 being usual (at least 0); the score gains (1 - cost_multiplier) * 10. Default 1.0.
        schedule: When it holds. Default None: always.
        note: For people. Default None.
    """

    name: str = attrs.field(validator=not_blank)
    when: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)
    then: PlaceSettings | None = None
    priority: float = attrs.field(default=0.0, validator=between(-1e6, 1e6))
    constraint: Constraint | None = attrs.field(default=None, validator=one_of(Constraint))
    fallback: FallbackSettings | None = attrs.field(default=None, converter=_fallback)
    cost_multiplier: float = attrs.field(default=1.0, validator=between(0))
    schedule: ScheduleSettings | None = None
    note: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.then is None and self.constraint is None:
            raise fault("then", f"rule {self.name!r} goes nowhere: it needs `then`, or a constraint")
        if self.then is None and self.fallback is not None:
            raise fault("fallback", f"rule {self.name!r} goes nowhere, so there is nothing to fall back from")


@attrs.frozen(kw_only=True)
class AliasSettings:
    """What a model name of the user's own stands for. As text: a model. Nothing at all means "auto".

    Attributes:
        model: Model name, also as "instance/model". Default None.
        provider: Provider or instance. Default None.
        tier: Tier. Default None.
        intent: What matters ({"cost": "minimize"}), under what the caller says itself. Default {}.
    """

    shorthand: ClassVar[str] = "model"

    model: str | None = attrs.field(default=None, validator=not_blank)
    provider: str | None = attrs.field(default=None, validator=not_blank)
    tier: Tier | None = attrs.field(default=None, validator=one_of(Tier))
    intent: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)


def alias_of(value: AliasSettings | str) -> AliasSettings:
    """Return the alias that a text, or a ready-made one, means."""
    return AliasSettings(model=value) if isinstance(value, str) else value

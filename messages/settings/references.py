"""Names in one part of the settings that must exist in another: providers in rules, rules in fallbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..errors import SettingsError
from .checks import fault, nearest
from .families import FAMILIES
from .provider import ProviderSettings
from .routing import RoutingSettings, TiersSettings
from .rules import AliasSettings, RuleSettings


def check_references(
    providers: Mapping[str, ProviderSettings],
    default_provider: str | None,
    routing: RoutingSettings,
    aliases: Mapping[str, AliasSettings],
) -> None:
    """Check that rules, tiers, aliases and the default name what there is.

    Raises:
        SettingsError: One does not; `path` says where.
    """
    known = frozenset(_known(providers))
    if default_provider is not None and default_provider not in known:
        raise fault("default_provider", f"no provider {default_provider!r}; {nearest(default_provider, known)}")
    for path, who, name in (*_named_by_rules(routing.rules), *_named_by_aliases(aliases)):
        if name is not None and name not in known:
            raise fault(path, f"{who}: no provider {name!r}; {nearest(name, known)}")
    _check_tiers(routing, known)
    _check_fallbacks(routing.rules)
    _check_aliases(aliases)


def check_instance(providers: Mapping[str, ProviderSettings], path: str, name: str | None) -> None:
    """Check that a setting names an instance that the settings themselves name.

    Raises:
        SettingsError: It does not.
    """
    named = [
        f"{provider}/{instance}" if instance else provider
        for provider, block in providers.items()
        for instance in block.instances or ("",)
    ]
    if name is not None and name not in named:
        raise fault(path, f"no instance {name!r} among the providers; {nearest(name, named)}")


def _known(providers: Mapping[str, ProviderSettings]) -> Iterator[str]:
    """Names that may become instances: those of the settings, and the families that are used without being named."""
    for name, provider in providers.items():
        yield name
        for instance in provider.instances:
            yield f"{name}/{instance}"
    for kind, family in FAMILIES.items():
        if not providers or (family.needs_key and family.base_url is not None):
            yield kind


def _named_by_rules(rules: Sequence[RuleSettings]) -> Iterator[tuple[str, str, str | None]]:
    for number, rule in enumerate(rules):
        who = f"rule {rule.name!r}"
        if rule.then is not None:
            yield f"routing.rules.{number}.then.provider", who, rule.then.provider
        if rule.fallback is not None:
            yield f"routing.rules.{number}.fallback.provider", who, rule.fallback.provider


def _named_by_aliases(aliases: Mapping[str, AliasSettings]) -> Iterator[tuple[str, str, str | None]]:
    for name, alias in aliases.items():
        yield f"aliases.{name}.provider", f"alias {name!r}", alias.provider


def _check_tiers(routing: RoutingSettings, known: frozenset[str]) -> None:
    # The defaults speak of families that may not be there.
    usual = known.union(*(section.providers for _, section in TiersSettings().items()))
    for tier, section in routing.tiers.items():
        for number, name in enumerate(section.providers):
            if name not in usual:
                raise fault(f"routing.tiers.{tier}.providers.{number}", f"no provider {name!r}; {nearest(name, known)}")


def _check_fallbacks(rules: Sequence[RuleSettings]) -> None:
    numbers = {rule.name: number for number, rule in enumerate(rules)}
    for number, rule in enumerate(rules):
        target = rule.fallback.rule if rule.fallback else None
        if target is None:
            continue
        path = f"routing.rules.{number}.fallback"
        if target not in numbers:
            raise fault(
                path, f"rule {rule.name!r} falls back to {target!r}, which is no rule; {nearest(target, numbers)}"
            )
        if rules[numbers[target]].then is None:
            raise fault(path, f"rule {rule.name!r} falls back to {target!r}, which goes nowhere: it is a constraint")
    _check_no_ring(rules, numbers)


def _check_no_ring(rules: Sequence[RuleSettings], numbers: Mapping[str, int]) -> None:
    safe: set[str] = set()
    for start in range(len(rules)):
        rule, way = rules[start], {rules[start].name: None}
        while rule.name not in safe and rule.fallback is not None and rule.fallback.rule is not None:
            if rule.fallback.rule in way:
                raise _ring([*way, rule.fallback.rule], start)
            rule = rules[numbers[rule.fallback.rule]]
            way[rule.name] = None
        safe.update(way)


def _ring(way: list[str], start: int) -> SettingsError:
    return fault(f"routing.rules.{start}.fallback", f"the fallbacks go round in a ring: {' -> '.join(way)}")


def _check_aliases(aliases: Mapping[str, AliasSettings]) -> None:
    for name, alias in aliases.items():
        if not name.strip() or name == "auto":
            raise fault(f"aliases.{name}", f"{name!r} cannot be an alias: it has a meaning already")
        if alias.model in aliases:
            raise fault(f"aliases.{name}.model", f"alias {name!r} stands for alias {alias.model!r}: name a model")

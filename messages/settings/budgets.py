"""What may be spent: the section `budgets`, and those of API keys."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from .checks import above, between, fault, not_blank, one_of
from .schedule import zone_of

if TYPE_CHECKING:
    from .api import KeySettings

Per: TypeAlias = Literal["all", "caller", "conversation"]
Window: TypeAlias = Literal["hour", "day", "week", "month", "forever"]


def _is_zone(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    zone_of(value, path=attribute.name)


@attrs.frozen(kw_only=True)
class BudgetSettings:
    """How much may be spent in a stretch of time: `usd`, `tokens`, or both.

    Attributes:
        name: How errors and reports call it. Default: what it says ("5 USD per caller and day").
        per: Whose calls are added up: of all together, of each caller (identity, or name of the API key), or of each conversation. Default all.
        callers: Whose calls count, as patterns ("ci-*"); None: everybody's. Default None.
        providers: Calls to which providers or instances count, as patterns ("openai", "openai/*"); None: to all. Default None.
        window: After what it begins anew: hour, day, week (on Monday), month, or forever: never. Default month.
        timezone: IANA name ("Europe/Berlin") by whose clock the window begins. Default None: UTC.
        usd: US dollars that may be spent (above 0). A model whose price nobody knows may not be called. Default None: not counted.
        tokens: Tokens, input and output, that may be used (above 0). Default None: not counted.
        answer_tokens: Tokens that are reserved for an answer whose request states no `max_tokens` (at least 0). Default 1024.
        warn_at: Parts of the budget (above 0, up to 1) past which it is told that they are spent. Default 0.8.
    """

    name: str | None = attrs.field(default=None, validator=not_blank)
    per: Per = attrs.field(default="all", validator=one_of(Per))
    callers: tuple[str, ...] | None = None
    providers: tuple[str, ...] | None = None
    window: Window = attrs.field(default="month", validator=one_of(Window))
    timezone: str | None = attrs.field(default=None, validator=_is_zone)
    usd: float | None = attrs.field(default=None, validator=above(0, unit="USD"))
    tokens: int | None = attrs.field(default=None, validator=above(0))
    answer_tokens: int = attrs.field(default=1024, validator=between(0))
    warn_at: tuple[float, ...] = (0.8,)

    def __attrs_post_init__(self) -> None:
        if self.usd is None and self.tokens is None:
            raise fault("usd", "state how much may be spent: usd, tokens, or both")
        for part in self.warn_at:
            if not 0 < part <= 1:
                raise fault("warn_at", f"must hold parts above 0 and up to 1, got {part!r}")

    @property
    def title(self) -> str:
        """Its name, or what it says."""
        if self.name is not None:
            return self.name
        limits = [f"{self.usd:g} USD"] if self.usd is not None else []
        limits += [f"{self.tokens} tokens"] if self.tokens is not None else []
        whose = [] if self.per == "all" else [self.per]
        when = [] if self.window == "forever" else [self.window]
        return " per ".join([" and ".join(limits), " and ".join([*whose, *when])]) if whose or when else limits[0]

    def covers(self, caller: str | None, instance: str) -> bool:
        """Whether a caller's call to a provider instance counts."""
        if self.callers is not None and not _fits(caller or "", self.callers):
            return False
        if self.providers is None:
            return True
        return _fits(instance, self.providers) or _fits(instance.partition("/")[0], self.providers)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def check_key_budgets(budgets: Iterable[BudgetSettings]) -> None:
    """Check the budgets of an API key.

    Raises:
        SettingsError: One says whose it is, which the key does already.
    """
    for number, budget in enumerate(budgets):
        if budget.per != "all" or budget.callers is not None:
            name = "callers" if budget.callers is not None else "per"
            raise fault(f"budgets.{number}.{name}", "leave it out: the budget of a key counts its holder's calls")


def all_budgets(stated: Iterable[BudgetSettings], keys: Mapping[str, KeySettings]) -> tuple[BudgetSettings, ...]:
    """Return the budgets of the settings: those of the section `budgets` and those of the keys."""
    of_keys = [
        attrs.evolve(budget, name=f"key {holder}: {budget.title}", callers=(holder,))
        for holder, rights in keys.items()
        for budget in rights.budgets
    ]
    return (*stated, *of_keys)

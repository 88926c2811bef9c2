"""The cheapest capable models, where no rule says more."""

from __future__ import annotations

import itertools
from typing import Final

import attrs

from ...messages.explanation import Source
from ...messages.reasons import Reason, Rejection
from ...messages.routing import Needs, Target
from ...messages.settings import ArbitrageSettings
from .candidate import Candidate, target_of
from .catalogue import Instance
from .deliberation import Deliberation
from .places import Place
from .roster import Roster
from .suited import is_suited

# Tokens of a request that nobody has counted, and of an answer that nobody has limited.
_USUAL_INPUT: Final = 1000
_USUAL_OUTPUT: Final = 500

# More candidates than anyone would try; a gateway may list hundreds of models.
_ENOUGH: Final = 5

# Seconds for which a price list is taken to stand: some vendors' prices change by the hour.
_STANDS: Final = 900.0


@attrs.frozen
class Offers:
    """Every model that chats, by what a request of a certain length would cost there.

    Attributes:
        groups: The cheapest first; those of equal cost are equals.
        left_out: Those of unknown price or too low quality.
    """

    groups: tuple[Place, ...]
    left_out: tuple[Rejection, ...]


def add_cheapest(made: Deliberation) -> bool:
    """Consider the cheapest models, if the settings or the request want that. Return whether one may be used."""
    if not wants_cheapest(made):
        return False
    found = 0
    for group in offers(made).groups:
        found += made.admit([made.weigh(Candidate(each, target, Source.ARBITRAGE)) for each, target in group])
        if found >= _ENOUGH:
            break
    return found > 0


def wants_cheapest(made: Deliberation) -> bool:
    """Whether a request that fits no rule goes where it costs least."""
    return made.board.policy.arbitrage.enabled or made.question.is_thrifty


def offers(made: Deliberation) -> Offers:
    """Return the models by what a request of about this length costs. Lengths that differ by less than a factor of two share one list."""
    tokens_in, tokens_out = (_rounded(count) for count in tokens_of(made.question.route.needs))
    reasons = made.question.intent.get("capability") == "reasoning"
    slot = int(made.gate.moment.wall // _STANDS)
    prices = made.board.prices

    def make(roster: Roster) -> Offers:
        settings = roster.policy.arbitrage
        priced: list[tuple[float, Instance, Target]] = []
        left_out: list[Rejection] = []
        for instance, target in _models(roster):
            poor = _poor(target.model, settings, reasons=reasons)
            price = prices.price_of(instance.name, target.model)
            if poor is not None:
                left_out.append(Rejection(str(target), Reason.QUALITY, (poor,)))
            elif price is None:
                left_out.append(Rejection(str(target), Reason.PRICE))
            else:
                priced.append((price.estimate(tokens_in, tokens_out), instance, target))
        return Offers(tuple(_grouped(priced)), tuple(left_out))

    return made.board.roster.once(("offers", tokens_in, tokens_out, reasons), make, slot=slot)


def tokens_of(needs: Needs) -> tuple[int, int]:
    """Return about how many tokens go in and come out."""
    return needs.input_tokens or _USUAL_INPUT, needs.output_tokens or _USUAL_OUTPUT


def _rounded(count: int) -> int:
    """Return the power of two above it."""
    return 1 << count.bit_length()


def _grouped(priced: list[tuple[float, Instance, Target]]) -> list[Place]:
    in_order = sorted(priced, key=lambda each: each[0])
    groups = itertools.groupby(in_order, key=lambda each: each[0])
    return [[(instance, target) for _, instance, target in group] for _, group in groups]


def _models(roster: Roster) -> Place:
    """Return every model that chats: those that catalogues list, and what the settings name as an instance's default."""
    return [
        (instance, target_of(instance, name))
        for instance in roster.instances
        for name in dict.fromkeys(
            (
                *((instance.default_model,) if instance.default_model else ()),
                *(facts.name for facts in instance.models or () if is_suited(facts)),
            )
        )
    ]


def _poor(model: str, settings: ArbitrageSettings, *, reasons: bool) -> str | None:
    """Return what is wrong with the model's quality, or None."""
    bare = model.rpartition("/")[2]
    if reasons and bare.startswith(settings.unfit_for_reasoning):
        return "unfit for reasoning"
    names = [name for name in settings.quality if model.startswith(name) or bare.startswith(name)]
    score = settings.quality[max(names, key=len)] if names else None
    if score is None or score >= settings.quality_floor:
        return None
    return f"{score:g}, and at least {settings.quality_floor:g} is wanted"

"""Where a request goes: a pure function of what was asked and of everything that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...messages.errors import ContextOverflow, LegionError, NoRouteError, PrivacyModeError, UnsupportedCapability
from ...messages.reasons import Reason, Rejection
from ...messages.routing import Resolution, Route
from .arbitrage import add_cheapest
from .bars import bars, rules_in_force
from .board import Board, Moment
from .by_rules import add_rules
from .deliberation import Deliberation
from .gate import Gate
from .question import asked
from .standing import add_defaults, add_found, add_named

# Said of names behind which there is nothing that could be asked.
_NO_TARGETS: Final = frozenset(
    {
        Reason.PROVIDER_UNAVAILABLE,
        Reason.TIER_UNAVAILABLE,
        Reason.NO_MODEL,
        Reason.NOT_LISTED,
        Reason.SCHEDULE,
        Reason.PRICE,
        Reason.QUALITY,
    }
)


def decide(route: Route, board: Board, now: Moment) -> Resolution:
    """Return the targets for a request, best first.

    What the caller names goes before the rules, the rules before the cheapest, that before the defaults. Whatever chose a target, it is left out
    where privacy or a constraint forbids its tier, where it cannot do what is needed, while its circuit is open or its provider wants it left alone.
    An instance that is half open goes first for a single request, the probe, since only an answer can close its circuit; until that is back it
    goes last.

    Args:
        route: What was asked for.
        board: What is known.
        now: The moment.

    Raises:
        UnknownProviderError: No instance of that name.
        UnknownModelError: No instance is known to serve the model.
        InvalidRequestError: A provider was named that has no default model, and no model with it.
        NoRouteError: Targets exist, none may be used now; `retry_after` tells when one may.
        PrivacyModeError: Privacy forbids all there are.
        UnsupportedCapability: None can do what is needed.
        ContextOverflow: The request is too long for all of them.
    """
    made = deliberate(route, board, now)
    chain = made.chain()
    if not chain:
        raise refusal(made)
    return Resolution(
        candidates=tuple([candidate.target for candidate in chain]),
        strategy=made.strategy(chain[0]),
        rejected=tuple(made.rejected),
    )


def deliberate(route: Route, board: Board, now: Moment) -> Deliberation:
    """Return the decision about a route with all that was considered.

    Raises:
        LegionError: What the caller names does not exist, or makes no request.
    """
    policy = board.policy
    question = asked(route, policy)
    in_force = rules_in_force(question, policy, now.wall)
    gate = Gate(question, board, now, bars(question, in_force, policy))
    made = Deliberation(question, board, gate, in_force)
    if question.names_target:
        add_named(made)
        return made
    if policy.enabled:
        add_rules(made) or add_cheapest(made)
    add_defaults(made)
    if policy.enabled and not made.admitted:
        add_found(made)
    return made


def refusal(made: Deliberation) -> LegionError:
    """Return the error for a request that no target may take."""
    rejected = made.rejected
    if not rejected:
        return NoRouteError("no provider is configured: name one in the settings, or start a local one")
    reasons = tuple(map(str, rejected))
    text = f"no target may be used now: {'; '.join(reasons)}"
    kinds = {each.reason for each in rejected if each.reason not in _NO_TARGETS}
    if kinds == {Reason.PRIVACY}:
        return PrivacyModeError(text)
    if kinds == {Reason.CAPABILITY}:
        lacking = next(each for each in rejected if each.reason is Reason.CAPABILITY)
        return UnsupportedCapability(text, capability=str(lacking.values[0]))
    if kinds == {Reason.CONTEXT}:
        return ContextOverflow(text)
    return NoRouteError(text, reasons=reasons, retry_after=_wait(rejected, made.gate.moment))


def _wait(rejected: Sequence[Rejection], now: Moment) -> float | None:
    moments = [each.until for each in rejected if each.until is not None]
    return max(0.0, min(moments) - now.monotonic) if moments else None

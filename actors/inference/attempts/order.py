"""Which of the candidates that are left comes next: pure functions over the router's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ....messages.cause import Cause
from ....messages.target import Target


def distinct(candidates: Iterable[Target]) -> tuple[Target, ...]:
    """Return each target once, where it stood first: a chain never repeats."""
    found: dict[tuple[str, str], Target] = {}
    for target in candidates:
        found.setdefault(target.key, target)
    return tuple(found.values())


def in_order(cause: Cause, failed: Target, left: Sequence[Target], tiers: Sequence[str]) -> tuple[Target, ...]:
    """Return the candidates that may follow `failed`, the next one first.

    `tiers` are the tiers from the nearest to the farthest; one that is not named comes last.

    A failure leaves the router's order alone: it has weighed rules, health and cost. A poor answer goes to a peer in the same tier before a higher
    tier, and to a lower one last. An overflow leaves out what cannot hold the prompt either.
    """
    if cause is Cause.POOR:
        return _lateral_first(failed, left, tiers)
    if cause is Cause.OVERFLOW:
        return _lateral_first(failed, [each for each in left if _may_hold(each, failed)], tiers)
    return tuple(left)


def _lateral_first(failed: Target, left: Sequence[Target], tiers: Sequence[str]) -> tuple[Target, ...]:
    here = _place(failed, tiers)

    def distance(target: Target) -> tuple[int, bool]:
        steps = _place(target, tiers) - here
        # The same model elsewhere has the same weaknesses.
        return (steps if steps >= 0 else len(tiers) - steps), target.model == failed.model

    return tuple(sorted(left, key=distance))


def _may_hold(target: Target, failed: Target) -> bool:
    """Whether a prompt that was too long for `failed` may fit here: where the window is larger, or unknown and of another tier."""
    if target.context_window is not None and failed.context_window is not None:
        return target.context_window > failed.context_window
    return target.tier != failed.tier


def _place(target: Target, tiers: Sequence[str]) -> int:
    return tiers.index(target.tier) if target.tier in tiers else len(tiers)

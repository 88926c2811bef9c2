"""Faults that an operator has a connection meet, to see what becomes of them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import attrs

from .base import Message

# error: the provider fails. rate_limit: it takes no more for `seconds`. silence: it says nothing for `seconds`. slow: it answers, so much later.
FaultKind: TypeAlias = Literal["error", "rate_limit", "silence", "slow"]
FAULT_KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)


@attrs.frozen(kw_only=True)
class FaultSet(Message[None]):
    """The next calls of a provider instance meet a fault, in the place of one that was set before.

    Attributes:
        kind: Which; None: no more.
        calls: How many of them (at least 1).
        seconds: How long it lasts (at least 0).
    """

    kind: FaultKind | None
    calls: int = 1
    seconds: float = 0.0

"""What a host's call says of a debate about its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...messages.debate import DebateTerms
from ...messages.errors import InvalidRequestError
from .escalation import switch

DEBATE: Final = frozenset({"debate", "debate_rounds"})


def debate_of(parameters: Mapping[str, Any]) -> DebateTerms | None:
    """Return the terms of a debate; None where the call says nothing of it.

    Raises:
        InvalidRequestError: `debate` is neither True nor False, or `debate_rounds` is no number.
    """
    enabled, rounds = switch(parameters, "debate"), parameters.get("debate_rounds")
    if enabled is None and rounds is None:
        return None
    if rounds is not None and (isinstance(rounds, bool) or not isinstance(rounds, int)):
        raise InvalidRequestError(f"debate_rounds must be a whole number, not {rounds!r}", param="debate_rounds")
    return DebateTerms(enabled=enabled, rounds=rounds)

"""What a caller asks of the gateway itself. None of it is sent to a provider."""

from __future__ import annotations

import enum
import math
from typing import Any, Final

import attrs

from .errors import InvalidRequestError


class Level(enum.StrEnum):
    """How secret a text is, from the least to the most."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 for public, up to 3."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


_STRATEGIES: Final = (None, "full", "compact", "none")


@attrs.frozen(kw_only=True)
class Terms:
    """What a caller asks of the gateway itself; None leaves each to the settings.

    Attributes:
        classification: How secret the caller says the request is; what is found in it may raise the level, never lower it.
        max_input_tokens: Most tokens of the prompt, estimated, what the gateway adds included (at least 1).
        named_tools: Names of tools of the gateway's to offer, though they are not always at hand.
        context_strategy: full, compact or none: how much of what the host's retriever knows the model is told; None leaves it to the settings.
        skill: Key ("dev:release") of a skill to run for this request, in the place of those that it would call for.
        max_cost: Most USD that one exchange with a provider may cost, estimated (at least 0). A target whose price nobody knows is too dear.

    Raises:
        InvalidRequestError: A number is out of range, or a strategy is none; `param` names it.
    """

    classification: Level | None = None
    max_input_tokens: int | None = None
    max_cost: float | None = None
    named_tools: tuple[str, ...] = ()
    skill: str | None = None
    context_strategy: str | None = None

    def __attrs_post_init__(self) -> None:
        _check("max_input_tokens", self.max_input_tokens, 1)
        _check("max_cost", self.max_cost, 0)
        if not isinstance(self.skill, (str, type(None))):
            raise InvalidRequestError(f"skill must be the key of a skill, got {self.skill!r}", param="skill")
        if self.context_strategy not in _STRATEGIES:
            raise InvalidRequestError(
                f"context_strategy must be full, compact or none, got {self.context_strategy!r}",
                param="context_strategy",
            )


def _check(name: str, value: Any, least: int) -> None:
    """Check a number that a host may have given in any type."""
    if value is None:
        return
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value < least:
        raise InvalidRequestError(f"{name} must be a number of at least {least}, got {value!r}", param=name)

"""What a host's own mind advises for a request."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Advice:
    """What is advised; each part may be left out. None of it overrides what the caller says.

    Attributes:
        system_prompt: Goes before the caller's system prompt; "" for nothing. Where it is the same from turn to turn, providers' prompt caches keep
            hitting.
        tier: Tier that suits the request, or None; a wish.
        intent: What matters for it, laid under what the request says itself.
        tools: Names of tools of ours to offer, though they are not always at hand.
        suppress: Names of tools of ours not to offer.
        context_window: Entries of knowledge at most that the model is told (at least 0); None leaves it to the settings.
        debate: Whether models argue about the answer before its caller has it; None leaves it to the settings.
        data: For the caller, as enrichment "gaia:advisory" (JSON).
    """

    system_prompt: str = ""
    tier: str | None = None
    intent: Mapping[str, str] = _NOTHING
    tools: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    suppress: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    context_window: int | None = None
    debate: bool | None = None
    data: Mapping[str, Any] = _NOTHING

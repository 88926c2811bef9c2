"""Parameters that OpenAI's other dialect, responses, has in common with this one: they go along to OpenAI itself, its imitations know few of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Request
from ..rendering import RESPONSES, Rendering
from .words import NAME

_EVERYBODYS: Final = frozenset({"user"})
SHARED: Final = _EVERYBODYS | {"prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier"}
# Here at the top, there under `text`.
VERBOSITY: Final = "verbosity"


def add_shared(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write what a client of another dialect says and this one has a place for; of the rest it is noted that it was left out."""
    rest = dict(request.extra)
    if request.dialect == RESPONSES:
        known = _EVERYBODYS if rendering.is_imitation else SHARED
        body.update({key: rest.pop(key) for key in request.extra if key in known})
        text = rest.get("text")
        if not rendering.is_imitation and isinstance(text, Mapping) and VERBOSITY in text:
            body[VERBOSITY] = text[VERBOSITY]
            rest["text"] = {key: value for key, value in text.items() if key != VERBOSITY}
    rendering.leave_out(rest, NAME)

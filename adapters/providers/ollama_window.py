"""Whether an Ollama server has read the whole prompt: judged by what it says it has read."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

from ...messages.chat import Request

# Below so many tokens nothing is ever cut: the smallest window that Ollama gives is 2,048.
LEAST: Final = 1000
# An estimate is right within some 15 % for usual text; at twice the usual length of a token it is below the truth for all but blanks.
_USUAL_ERROR: Final = 0.85
_CERTAIN: Final = 0.5
# A runner that cuts fills the window to its last token, or nearly.
_FULL: Final = 0.97


class Verdict(enum.Enum):
    """What became of a prompt."""

    WHOLE = "whole"
    CUT = "cut"
    DOUBTFUL = "doubtful"


def is_suspicious(estimate: int, read: int) -> bool:
    """Return whether a server says that it read so much less than a prompt is likely to have that it is worth a closer look.

    Args:
        estimate: Tokens of the prompt's text, estimated.
        read: Tokens that the server says it has read; 0 where it says nothing.
    """
    return estimate >= LEAST and 0 < read < estimate * _USUAL_ERROR


def judge(estimate: int, read: int, window: int | None) -> Verdict:
    """Return what became of a prompt.

    A server that drops whole messages reads less than its window; one that drops tokens reads just as much. Old servers do not count what they
    found in their cache, so little read is no proof where the window is unknown.

    Args:
        estimate: Tokens of the prompt's text, estimated.
        read: Tokens that the server says it has read.
        window: Tokens of the window that the model was loaded with, or None.
    """
    if not is_suspicious(estimate, read):
        return Verdict.WHOLE
    if window is None:
        return Verdict.DOUBTFUL
    if estimate * _CERTAIN > window or (estimate > window and read >= window * _FULL):
        return Verdict.CUT
    return Verdict.DOUBTFUL if estimate * _USUAL_ERROR > window else Verdict.WHOLE


def stated_window(request: Request, extra_body: Mapping[str, Any]) -> int | None:
    """Return the window that the request or, before it, the settings ask for, or None."""
    for source in (extra_body, request.extra):
        options = source.get("options")
        for place in (source, options if isinstance(options, Mapping) else {}):
            window = place.get("num_ctx")
            if type(window) is int and window > 0:
                return window
    return None


def may_cut(request: Request, extra_body: Mapping[str, Any]) -> bool:
    """Return whether somebody said that the prompt may be cut."""
    return extra_body.get("truncate", request.extra.get("truncate")) is True

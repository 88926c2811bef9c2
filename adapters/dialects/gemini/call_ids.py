"""Ids of tool calls. Google has long told none.

An id that we had to make begins with a mark, so that it is left out again where Google will read it: nothing is sent there that it did not say.
"""

from __future__ import annotations

from typing import Final

from ....messages.chat import new_id

MARK: Final = "call_g_"


def made_id() -> str:
    """Return a new id for a call in an answer that has none."""
    return new_id(MARK)


def is_made(call_id: str) -> bool:
    """Return whether an id is one of ours, and not the provider's."""
    return call_id.startswith(MARK)

"""Ids of tool calls. Google has long told none, and pairs calls with results by name and order; everybody else pairs by id.

An id that we had to make begins with a mark, so that it is left out again where Google will read it: nothing is sent there that it did not say.
"""

from __future__ import annotations

import collections
from typing import Final

from ....messages.chat import new_id

_MARK: Final = "call_g_"


def made_id() -> str:
    """Return a new id for a call in an answer that has none."""
    return new_id(_MARK)


def is_made(call_id: str) -> bool:
    """Return whether an id is one of ours, and not the provider's."""
    return call_id.startswith(_MARK)


class CallIds:
    """The ids of one conversation as a client sends it.

    The same conversation gets the same ids with every turn, so that what is sent on stays the same to the byte.
    """

    def __init__(self) -> None:
        self._count = 0
        self._waiting: dict[str, collections.deque[str]] = {}

    def call(self, call_id: str | None, name: str) -> str:
        """Return the id of a call, numbered by its place where it has none."""
        self._count += 1
        known = call_id or f"{_MARK}{self._count}"
        self._waiting.setdefault(name, collections.deque()).append(known)
        return known

    def result(self, call_id: str | None, name: str) -> str:
        """Return the id of the call that a result answers: its own, else that of the first unanswered call of the same name."""
        waiting = self._waiting.get(name)
        if call_id:
            if waiting and call_id in waiting:
                waiting.remove(call_id)
            return call_id
        if waiting:
            return waiting.popleft()
        self._count += 1
        return f"{_MARK}{self._count}"

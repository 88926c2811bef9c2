"""Ids of tool calls for dialects whose vendors tell none, and pair calls with results by name and order; everybody else pairs by id."""

from __future__ import annotations


class CallIds:
    """The ids of one conversation as a client sends it.

    The same conversation gets the same ids with every turn, so that what is sent on stays the same to the byte.

    Args:
        mark: How made ids begin, so that they can be told from a vendor's own and left out again where that vendor will read them.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._count = 0
        self._waiting: list[tuple[str, str]] = []

    def call(self, call_id: str | None, name: str) -> str:
        """Return the id of a call, numbered by its place where it has none."""
        self._count += 1
        known = call_id or f"{self._mark}{self._count}"
        self._waiting.append((name, known))
        return known

    def result(self, call_id: str | None, name: str | None) -> str:
        """Return the id of the call that a result answers: its own, else that of the first unanswered call of its name, or of any."""
        answered = next((each for each in self._waiting if _answers(each, call_id, name)), None)
        if answered is not None:
            self._waiting.remove(answered)
        if call_id:
            return call_id
        if answered is not None:
            return answered[1]
        self._count += 1
        return f"{self._mark}{self._count}"


def _answers(call: tuple[str, str], call_id: str | None, name: str | None) -> bool:
    if call_id:
        return call[1] == call_id
    return name is None or call[0] == name

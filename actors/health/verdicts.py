"""Answers that are still to be judged."""

from __future__ import annotations

from typing import Final

# More than can wait at once where verdicts come. Where they got lost, the oldest make room.
_MOST: Final = 1024


class Verdicts:
    """Remembers in which epoch an answer's call began until somebody has judged the answer."""

    def __init__(self) -> None:
        self._began: dict[tuple[str, int], int] = {}  # in the order in which the answers came

    def __len__(self) -> int:
        return len(self._began)

    def expect(self, request_id: str, attempt: int, began: int) -> None:
        """Note an answer that will be judged."""
        self._began[request_id, attempt] = began
        if len(self._began) > _MOST:
            del self._began[next(iter(self._began))]

    def take(self, request_id: str, attempt: int) -> int | None:
        """Return the epoch in which the call began, and forget it; None if nobody expects a verdict on it."""
        return self._began.pop((request_id, attempt), None)

"""Puts requests together with their attempts, which others tell of, and not always before the request has ended."""

from __future__ import annotations

from ...messages.audit import RequestFinished
from ...messages.routing import AttemptFinished
from .port import Strand


class Strands:
    """What has been heard and not been taken yet, bounded.

    Args:
        most: Requests that are waited for at most, and as many that wait to be taken; the oldest goes first.

    Attributes:
        dropped: Requests that went, or of which attempts did.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._attempts: dict[str, list[AttemptFinished]] = {}
        self._ended: list[RequestFinished] = []
        self._ripe: list[RequestFinished] = []
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._ended) + len(self._ripe)

    def add(self, attempt: AttemptFinished) -> None:
        """Keep an attempt until its request has ended."""
        known = self._attempts.get(attempt.request_id)
        if known is not None:
            known.append(attempt)
            return
        if len(self._attempts) >= self._most:
            self._attempts.pop(next(iter(self._attempts)))
            self.dropped += 1
        self._attempts[attempt.request_id] = [attempt]

    def end(self, request: RequestFinished) -> None:
        """A request has ended."""
        if len(self) >= self._most:
            oldest = (self._ripe or self._ended).pop(0)
            self._attempts.pop(oldest.request.id, None)
            self.dropped += 1
        self._ended.append(request)

    def take(self) -> tuple[Strand, ...]:
        """Return the requests that had ended when this was last called: by now their attempts have been told of, too."""
        ripe, self._ripe, self._ended = self._ripe, self._ended, []
        return tuple(Strand(request=each, attempts=tuple(self._attempts.pop(each.request.id, ()))) for each in ripe)

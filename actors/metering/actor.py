"""Records every attempt that was sent to a provider."""

from __future__ import annotations

import collections
from typing import Any, Final

import attrs

from ...messages.base import Message
from ...messages.routing import AttemptFinished
from ...runtime import Actor
from .totals import Totals

# Attempts shown in a snapshot.
_SHOWN: Final = 20

# Callers choose model names, so the rows they can open are bounded; what comes after these is summed under "(other)".
_MOST_ROWS: Final = 500


@attrs.frozen(kw_only=True)
class AttemptsWanted(Message[tuple[AttemptFinished, ...]]):
    """The attempts of one request, oldest first; of all requests where `request_id` is None."""

    request_id: str | None = None


class Metering(Actor[AttemptFinished | AttemptsWanted]):
    """Keeps the last attempts, and totals by instance and model.

    Takes AttemptFinished from the connections. Tells nobody.
    """

    def __init__(self, keep_attempts: int) -> None:
        super().__init__()
        self._attempts: collections.deque[AttemptFinished] = collections.deque(maxlen=keep_attempts)
        self._totals: dict[str, Totals] = {}

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        """Record it, unless the provider never heard of it."""
        if not message.sent:
            return
        self._attempts.append(message)
        self._row(str(message.target)).add(message)

    def _row(self, name: str) -> Totals:
        totals = self._totals.get(name)
        if totals is None:
            totals = self._totals.setdefault(name if len(self._totals) < _MOST_ROWS else "(other)", Totals())
        return totals

    def on_attempts_wanted(self, message: AttemptsWanted) -> tuple[AttemptFinished, ...]:
        """Return the kept records."""
        wanted = message.request_id
        return tuple(kept for kept in self._attempts if wanted is None or kept.request_id == wanted)

    def snapshot(self) -> dict[str, Any]:
        """Return totals by "instance/model" and the last attempts."""
        return {
            "kept": len(self._attempts),
            "totals": {name: attrs.asdict(totals) for name, totals in self._totals.items()},
            "last": [_shown(attempt) for attempt in list(self._attempts)[-_SHOWN:]],
        }


def _shown(attempt: AttemptFinished) -> dict[str, Any]:
    return {
        "request_id": attempt.request_id,
        "attempt": attempt.attempt,
        "target": str(attempt.target),
        "outcome": attempt.outcome,
        "error": attempt.error,
        "latency_ms": round(attempt.latency * 1000, 1),
        "input_tokens": attempt.usage.input_tokens,
        "output_tokens": attempt.usage.output_tokens,
    }

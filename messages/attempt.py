"""What is remembered of one attempt of a request, for its caller and its audit."""

from __future__ import annotations

from typing import Final

import attrs

QUALITY_FAILURE: Final = "quality_failure"
SUCCESS: Final = "success"


@attrs.frozen(kw_only=True)
class AttemptRecord:
    """One attempt of a request, as it ended.

    Attributes:
        provider: Provider instance.
        outcome: A value of `Outcome` ("success", "throttled", ...), or "quality_failure" for an answer that was judged poor.
        failures: What the judge found wrong with the answer; () for every other outcome.
        error: Name of the error's class, or None.
        duration_ms: Milliseconds from its start to its end, waits before it not included.
    """

    provider: str
    model: str
    tier: str
    outcome: str = SUCCESS
    failures: tuple[str, ...] = ()
    error: str | None = None
    duration_ms: float = 0.0

    def __str__(self) -> str:
        """Return "instance/model: outcome", as chains show it."""
        return f"{self.provider}/{self.model}: {self.outcome}"

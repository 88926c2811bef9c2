"""Calls and tokens of one scope, a model or a whole instance, in the last minute."""

from __future__ import annotations

from typing import Any

import attrs

from ...messages.limits import Allowance, RateLimits
from ...messages.settings import ModelLimitSettings
from .window import Window


@attrs.frozen
class Share:
    """What one call has taken.

    Attributes:
        second: Where the windows count it.
        tokens: Tokens that were taken, at most the limit.
    """

    second: int
    tokens: int


@attrs.frozen
class Budget:
    """The windows of one scope; one that is not limited has none."""

    requests: Window | None
    tokens: Window | None

    @classmethod
    def of(cls, limits: ModelLimitSettings) -> Budget | None:
        """Return the windows that the settings ask for, or None where they ask for none."""
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        if requests is None and tokens is None:
            return None
        return cls(None if requests is None else Window(requests), None if tokens is None else Window(tokens))

    def fits_at(self, tokens: int, now: float) -> float:
        """Return the monotonic moment at which one more call of so many tokens fits, `now` if it does already."""
        for_request = now if self.requests is None else self.requests.fits_at(1, now)
        for_tokens = now if self.tokens is None else self.tokens.fits_at(tokens, now)
        return max(for_request, for_tokens)

    def take(self, tokens: int, now: float) -> Share:
        """Count one call."""
        second = 0 if self.requests is None else self.requests.take(1, now)
        if self.tokens is None:
            return Share(second, 0)
        tokens = min(tokens, self.tokens.limit)
        return Share(self.tokens.take(tokens, now), tokens)

    def settle(self, share: Share, tokens: int) -> None:
        """Count so many tokens for a call instead of those that it took."""
        if self.tokens is not None:
            self.tokens.change(share.second, tokens - share.tokens)

    def give_back(self, share: Share) -> None:
        """Forget a call."""
        if self.requests is not None:
            self.requests.change(share.second, -1)
        self.settle(share, 0)

    def tighten(self, said: RateLimits, now: float) -> None:
        """Count what others must have used, where the provider says that less is left than we believe."""
        for window, allowance in ((self.requests, said.requests), (self.tokens, said.tokens)):
            if window is not None and allowance is not None:
                _tighten(window, allowance, now)

    def described(self) -> dict[str, Any]:
        """Return "used/limit" by what is counted."""
        windows = {"requests": self.requests, "tokens": self.tokens}
        return {what: f"{window.used}/{window.limit}" for what, window in windows.items() if window is not None}


def _tighten(window: Window, allowance: Allowance, now: float) -> None:
    excess = int(window.limit - window.used - allowance.remaining)
    if excess <= 0:
        return
    seconds = allowance.reset_after
    if seconds is not None and allowance.limit is not None and allowance.limit > allowance.remaining:
        # All that is missing there flows back until the reset, so this part of it sooner.
        seconds *= excess / (allowance.limit - allowance.remaining)
    window.charge(excess, now, 60.0 if seconds is None else seconds)

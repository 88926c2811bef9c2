"""What all dialects have in common that we speak to providers: a clock, and one way to tell errors apart. The rest of each is a list of functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ...messages.errors import UpstreamError
from .classify import classify_error


class Speaking:
    """What the provider's half of a dialect begins with; see `ProviderDialect`."""

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        """Make one; `wall_clock` returns Unix seconds: when a stream began, and for a Retry-After that is a date."""
        self._wall_clock = wall_clock

    def classify_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """See `ProviderDialect`."""
        return classify_error(status, headers, body, now=self._wall_clock())

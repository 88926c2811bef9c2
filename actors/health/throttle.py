"""How long a provider has asked us to leave each of its models alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Seconds for a provider that says "too many" and not until when.
USUAL_WAIT: Final = 1.0

# A limit that moves by less is the same limit: nobody need be told.
_SAME: Final = 0.05


class Throttles:
    """Moments until which models are throttled. A wait is only ever lengthened: a late answer may know less."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def add(self, model: str, now: float, wait: float | None) -> None:
        """Note a refusal that asked to wait for so many seconds, or did not say."""
        until = now + (USUAL_WAIT if wait is None else wait)
        known = self._until.get(model, 0.0)
        if until > known + _SAME:
            self._until[model] = until

    def current(self, now: float) -> Mapping[str, float]:
        """Return the monotonic moments that have not passed, by model."""
        self._until = {model: until for model, until in self._until.items() if until > now}
        return MappingProxyType(dict(self._until))

"""A fault that an operator has the next calls meet; from there on it is what the provider's own would be."""

from __future__ import annotations

import trio

from ...messages.errors import ProviderError, ProviderSilent, RateLimitError
from ...messages.faults import FaultSet


class InjectedFault:
    """Meets so many calls.

    Args:
        wanted: What the operator wants; its kind is not None.
        instance: Provider instance, for errors.

    Attributes:
        left: Calls that it will still meet.
    """

    def __init__(self, wanted: FaultSet, instance: str) -> None:
        self.kind = wanted.kind
        self.left = wanted.calls
        self._seconds = wanted.seconds
        self._instance = instance

    async def strike(self) -> None:
        """Meet a call.

        Raises:
            UpstreamError: It ends the call.
        """
        self.left -= 1
        text = f"{self._instance}: a fault that an operator has set ({self.kind})"
        if self.kind == "rate_limit":
            raise RateLimitError(text, provider=self._instance, retry_after=self._seconds)
        await trio.sleep(self._seconds)
        if self.kind == "error":
            raise ProviderError(text, provider=self._instance)
        if self.kind == "silence":
            raise ProviderSilent(text, provider=self._instance, limit="first_byte")

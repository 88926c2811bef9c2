"""The port to the host's signal handlers."""

from __future__ import annotations

from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Verdict:
    """What came of a handler's call.

    Attributes:
        points: What the signal is worth, negative for a penalty; None when the handler has nothing to say.
        failure: Why it gave no verdict, in words for people; None where it did.
    """

    points: float | None = None
    failure: str | None = None


class SignalHandlers(Protocol):
    """The handlers that the host has registered. They are foreign code: slow, wrong, or hanging."""

    def knows(self, name: str) -> bool:
        """Whether somebody weighs signals of this name."""

    async def weigh(self, name: str, instance: str, value: float) -> Verdict:
        """Call the handler, beside the event loop and for a bounded time. Never raises for anything that the handler does."""

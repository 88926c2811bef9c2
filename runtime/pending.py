"""The waiting end of an ask between actors: cheaper than a future, because only one task of one loop ever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .home import Parker


class Pending:
    """Answered from any thread, awaited by the task that asked."""

    __slots__ = ("_canceller", "_error", "_parker", "_value", "cancelled", "done")

    def __init__(self, parker: Parker) -> None:
        self._parker = parker
        self._value: Any = None
        self._error: BaseException | None = None
        self._canceller: Callable[[], None] | None = None
        self.cancelled = False
        self.done = False

    def set(self, value: Any = None) -> None:
        """Answer; an answer after the first is ignored."""
        if not self.done:
            self._value = value
            self.done = True
            self._parker.unpark()

    def fail(self, error: BaseException) -> None:
        """Answer with an error; ignored after the first answer."""
        if not self.done:
            self._error = error
            self.done = True
            self._parker.unpark()

    def attach(self, canceller: Callable[[], None]) -> None:
        """Remember how to stop the work, or stop it now if nobody waits any more."""
        self._canceller = canceller
        if self.cancelled:
            canceller()

    def give_up(self) -> None:
        """Stop the work."""
        self.cancelled = True
        if self._canceller is not None:
            self._canceller()

    async def wait(self) -> Any:
        """Return the answer or raise the error; a wait that is cancelled cancels the work."""
        try:
            if not self.done:
                await self._parker.park()
        except BaseException:  # the library's own Cancelled: the asker gives up, so what it started is given up too
            self.give_up()
            raise
        if self._error is not None:
            raise self._error
        return self._value

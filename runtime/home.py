"""What an event loop offers to the actors that live on it.

The life of an actor (process.py) is written once, against this; `trio_home.py` and `asyncio_home.py` are the two implementations. All methods
that await run on the loop's own thread; `post` is the way in from everywhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from .envelope import Envelope
from .pending import Pending

logger = logging.getLogger(__name__)

# A loop is cancelled before it is joined, so it needs longer than this only when code blocks its thread.
_JOIN_TIMEOUT: Final = 5.0


class HomeKind(enum.StrEnum):
    """The event loop on which an actor lives."""

    TRIO = "trio"
    ASYNCIO = "asyncio"


TRIO = HomeKind.TRIO
ASYNCIO = HomeKind.ASYNCIO


class Parker(Protocol):
    """Lets one task of the loop sleep until somebody wakes it."""

    async def park(self) -> None:
        """Sleep until `unpark`; return at once if it was called since the last `park`."""

    def unpark(self) -> None:
        """Wake the sleeper, from any thread. Calls before `park` count once."""


class Tasks(Protocol):
    """The tasks of one actor, or of one supervisor."""

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start a task; it inherits the caller's context variables."""

    def cancel(self) -> None:
        """Cancel all of them; whether the block that opened them is cancelled too is the library's custom."""

    def abort(self) -> None:
        """Cancel all of them, and the block that opened them."""


class Home(Protocol):
    """An event loop in a thread of its own."""

    @property
    def kind(self) -> HomeKind:
        """Which library it runs."""

    def is_here(self) -> bool:
        """Whether the calling thread is this loop's."""

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` soon on the loop's thread; from any thread. Dropped silently once the loop has ended: nobody is left to care."""

    def spawn(self, function: Callable[..., Coroutine[Any, Any, object]], *args: Any) -> None:
        """Start a task that belongs to the loop itself; from any thread. It must handle its own errors."""

    def before_sleep(self, function: Callable[[], object]) -> bool:
        """Call `function` once this loop has run what is ready, so that several reasons to wake another loop become one; from its own thread.

        Returns False where that cannot be: then the caller calls it.
        """

    def later(self, function: Callable[[], object]) -> None:
        """Call `function` within some milliseconds, together with whatever else waits for that; from its own thread."""

    def tell_loop(self, loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
        """Call `function` soon on a host's asyncio loop; from this loop's thread."""

    def parker(self) -> Parker:
        """Return a new parker."""

    def pending(self) -> Pending:
        """Return a new waiting end."""

    def open_tasks(self) -> AbstractAsyncContextManager[Tasks]:
        """Open a scope for tasks; leaving it waits for all of them."""

    async def bounded(self, envelope: Envelope, handler: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run a handler until its ask's deadline passes or its caller gives up.

        Raises:
            DeadlineExceeded: The deadline passed.
            CancelledError: The caller gave up.
        """

    async def park_until(self, parker: Parker, deadline: float) -> bool:
        """Park until woken (True) or until a monotonic moment (False)."""

    async def checkpoint(self) -> None:
        """Let the other tasks of the loop run."""


def join(thread: threading.Thread) -> None:
    """Wait for a loop's thread to end; one that is blocked is left behind, as a daemon, so that the host is not blocked too."""
    thread.join(_JOIN_TIMEOUT)
    if thread.is_alive():
        logger.error(
            "thread %s did not end within %s s and is left behind: something blocks it", thread.name, _JOIN_TIMEOUT
        )


def turns(home: Home) -> bool:
    """Return whether a loop still takes what is posted to it; one that does not is blocked by something, or has ended."""
    turned = threading.Event()
    home.post(turned.set)
    return turned.wait(_JOIN_TIMEOUT)


def call_in(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: Any) -> None:
    """Call `function` soon on a host's asyncio loop, from another thread; nothing is done where that loop has ended, for nobody waits there."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


class LoopThread(threading.local):
    """Which event loop, if any, runs in this thread."""

    home: Home | None = None


loop_thread = LoopThread()


def tell_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Call `function` soon on a host's asyncio loop; from any thread."""
    home = loop_thread.home
    if home is None:
        call_in(loop, function)
    else:
        home.tell_loop(loop, function)

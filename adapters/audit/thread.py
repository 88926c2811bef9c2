"""A thread for what blocks: files have no other way."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class BlockingThread:
    """Runs one function after the other beside the event loop.

    A daemon, unlike the threads of an executor: one that a dead disk holds up must not keep a host from ending. It ends with nothing to do, after
    `close`.

    Args:
        name: Shown in lists of threads.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function and return its result; one that is waited for no longer is run all the same.

        Raises:
            Exception: What it raised.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._jobs.put(lambda: _run(loop, done, lambda: function(*args)))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        return await done

    def close(self) -> None:
        """Let the thread end when it has nothing to do."""
        self._jobs.put(None)
        self._thread = None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _run(loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], function: Callable[[], T]) -> None:
    def tell(set_it: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            set_it(value)

    try:
        value = function()
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        outcome: tuple[Callable[[Any], None], Any] = (done.set_exception, error)
    else:
        outcome = (done.set_result, value)
    if not loop.is_closed():
        loop.call_soon_threadsafe(tell, *outcome)

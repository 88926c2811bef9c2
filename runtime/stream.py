"""An answer in many items: a bounded channel between an actor and its reader, in three forms."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import sniffio

from ..messages.errors import CancelledError, RuntimeFault
from . import fork
from .home import Parker, loop_thread, tell_loop
from .reply import Reply

ItemT = TypeVar("ItemT")
ReplyT = TypeVar("ReplyT")

# Items that may wait for a slow reader. Enough to wake a reader in another thread once per burst, little enough to bound memory.
DEFAULT_CAPACITY: Final = 128

_END: Final = object()
_NOTHING: Final = object()


class Channel:
    """The items in between. The writer is one task of an actors' loop; the reader is any one thread or task."""

    __slots__ = ("_abandoned", "_capacity", "_ended", "_items", "_lock", "_make_parker", "_wake_reader", "_writer")

    def __init__(self, capacity: int, make_parker: Callable[[], Parker]) -> None:
        self._capacity = capacity
        self._make_parker = make_parker
        self._items: collections.deque[Any] = collections.deque()
        self._lock = threading.Lock()
        self._wake_reader: Callable[[], None] | None = None
        self._writer: Parker | None = None
        self._ended = False
        self._abandoned = False

    # -- the writer

    async def send(self, item: Any, /) -> None:
        """Hand over one item; waits while the reader is a whole buffer behind.

        Raises:
            CancelledError: The reader is gone.
        """
        with self._lock:
            if self._abandoned:
                raise CancelledError("the reader of the stream is gone")
            self._items.append(item)
            wake, self._wake_reader = self._wake_reader, None
            writer = self._writer = self._make_parker() if len(self._items) >= self._capacity else None
        if wake is not None:
            wake()
        if writer is not None:
            await writer.park()

    def end(self) -> None:
        """Say that no more items come; what is queued can still be read."""
        with self._lock:
            self._ended = True
            wake, self._wake_reader = self._wake_reader, None
        if wake is not None:
            wake()

    # -- the reader

    def take(self, wake: Callable[[], None]) -> Any:
        """Return the next item, `_END`, or `_NOTHING`; in the last case `wake` is called, from any thread, when that changes."""
        with self._lock:
            if self._items:
                item = self._items.popleft()
                writer = None
                # Half empty, not one place: a writer that is woken for every single item spends its time waking.
                if self._writer is not None and len(self._items) <= self._capacity // 2:
                    writer, self._writer = self._writer, None
            elif self._ended or self._abandoned:
                return _END
            else:
                self._wake_reader = wake
                return _NOTHING
        if writer is not None:
            writer.unpark()
        return item

    def take_rest(self) -> list[Any]:
        """Return all items that are queued, without waiting."""
        with self._lock:
            items = list(self._items)
            self._items.clear()
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.unpark()
        return items

    def abandon(self) -> None:
        """The reader goes: queued items are dropped and the writer hears of it."""
        with self._lock:
            self._abandoned = True
            self._items.clear()
            writer, self._writer = self._writer, None
            wake, self._wake_reader = self._wake_reader, None
        if writer is not None:
            writer.unpark()
        if wake is not None:
            wake()


class Stream(Generic[ItemT, ReplyT]):
    """The items of an answer as they come, and at the end the whole of it.

    Read it with `for` from a thread, with `async for` under asyncio or trio. It ends when the actor has finished, or raises the actor's error after
    the items that came before it. Closing it early (`close()`, leaving a `with` block, dropping it) cancels the work. A slow reader slows the writer.

    Attributes:
        reply: The final answer; `stream.reply.get()` or `await stream.reply` once the items are read.
    """

    def __init__(self, channel: Channel, reply: Reply[ReplyT]) -> None:
        self._born = fork.generation()
        self._channel = channel
        self.reply = reply
        reply.add_done_callback(lambda _reply: channel.end())

    def close(self) -> None:
        """Stop reading; cancels the work if it is not finished. May be called twice, from any thread."""
        self._channel.abandon()
        self.reply.cancel()

    async def aclose(self) -> None:
        """Stop reading."""
        self.close()

    def __del__(self) -> None:
        """A reader that forgets its stream must not leave the upstream call running."""
        # In a forked child the writer does not exist, and its locks may be held by threads that do not either.
        if self._born == fork.generation() and not self.reply.done():
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    # -- from a thread

    def __iter__(self) -> Iterator[ItemT]:
        return self

    def __next__(self) -> ItemT:
        """Return the next item, waiting for it.

        Raises:
            StopIteration: The answer is complete.
            LegionError: The answer failed after the items so far.
            RuntimeFault: The calling thread runs the actors.
        """
        fork.check(self._born, "the system this stream belongs to")
        if loop_thread.home is not None:
            raise RuntimeFault("iterating a stream would block the actors' own loop; use `async for`")
        woken = threading.Event()
        while (item := self._channel.take(woken.set)) is _NOTHING:
            woken.wait()
            woken.clear()
        if item is _END:
            self._raise_failure()
            raise StopIteration
        return item  # type: ignore[no-any-return]

    # -- from a task

    def __aiter__(self) -> AsyncIterator[ItemT]:
        return self

    async def __anext__(self) -> ItemT:
        """Return the next item.

        Raises:
            StopAsyncIteration: The answer is complete.
            LegionError: The answer failed after the items so far.
        """
        item = await self._next()
        if item is _END:
            self._raise_failure()
            raise StopAsyncIteration
        return item  # type: ignore[no-any-return]

    async def read_many(self) -> list[ItemT]:
        """Return the next item and all that wait behind it, for readers that can pass on several at once; [] when the answer is complete.

        Raises:
            LegionError: The answer failed after the items so far.
        """
        item = await self._next()
        if item is _END:
            self._raise_failure()
            return []
        return [item, *self._channel.take_rest()]

    async def _next(self) -> Any:
        """Wait for the next item, or `_END`."""
        fork.check(self._born, "the system this stream belongs to")
        item = self._channel.take(_never)
        while item is _NOTHING:
            item = await (self._next_trio() if sniffio.current_async_library() == "trio" else self._next_asyncio())
        return item

    def _raise_failure(self) -> None:
        error = self.reply.exception()
        if error is not None:
            raise error

    async def _next_trio(self) -> Any:
        import trio  # noqa: PLC0415 - only where trio runs already

        token = trio.lowlevel.current_trio_token()
        task = trio.lowlevel.current_task()
        waiting = True

        def rescheduled() -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                trio.lowlevel.reschedule(task)

        def wake() -> None:
            with contextlib.suppress(trio.RunFinishedError):  # the host's loop ended first: nobody waits there any more
                token.run_sync_soon(rescheduled)

        def abort(_raise_cancel: object) -> trio.lowlevel.Abort:
            nonlocal waiting
            waiting = False
            self.close()
            return trio.lowlevel.Abort.SUCCEEDED

        item = self._channel.take(wake)
        if item is _NOTHING:
            await trio.lowlevel.wait_task_rescheduled(abort)
        return item

    async def _next_asyncio(self) -> Any:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def arrived() -> None:
            if not woken.done():
                woken.set_result(None)

        def wake() -> None:
            tell_loop(loop, arrived)

        item = self._channel.take(wake)
        if item is _NOTHING:
            try:
                await woken
            except asyncio.CancelledError:
                self.close()
                raise
        return item


def _never() -> None:
    """Nobody is woken: the reader asks again at once, with a real waker."""

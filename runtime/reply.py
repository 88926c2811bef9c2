"""The future a host holds: a pykka future that also works where hosts are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Generator
from typing import Any, Final, Generic, TypeVar, cast

import pykka
import sniffio

from ..messages.errors import CancelledError, DeadlineExceeded, RuntimeFault
from . import fork
from .home import loop_thread, tell_loop

T = TypeVar("T")

logger = logging.getLogger(__name__)

_UNSET: Final = object()


class ReplyTimeout(DeadlineExceeded, pykka.Timeout):
    """`get(timeout)` waited long enough; the work has been cancelled."""


class Reply(pykka.ThreadingFuture[T], Generic[T]):
    """An answer that is on its way.

    `.get(timeout)` from a thread, `await` under asyncio and under trio, `.add_done_callback()` anywhere. A caller that gives up (a timeout,
    `cancel()`, a cancelled await) cancels the work it started. Resolved once; later answers are ignored, since an answer and a cancellation may race.
    """

    def __init__(self) -> None:
        super().__init__()
        self._born = fork.generation()
        self._value: Any = _UNSET
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Reply[T]], object]] = []
        self._canceller: Callable[[], None] | None = None
        self._cancelled = False

    def __repr__(self) -> str:
        state = "waiting" if not self.done() else "failed" if self._error is not None else "answered"
        return f"<Reply {state}>"

    # -- the asker

    def done(self) -> bool:
        """Whether there is an answer or an error."""
        return self._value is not _UNSET or self._error is not None

    @property
    def cancelled(self) -> bool:
        """Whether the caller gave up."""
        return self._cancelled

    def get(self, timeout: float | None = None) -> T:
        """Wait for the answer from a thread.

        Args:
            timeout: Seconds; None waits as long as it takes. When it passes, the work is cancelled.

        Raises:
            ReplyTimeout: The timeout passed (a `DeadlineExceeded` and a `pykka.Timeout`).
            RuntimeFault: The calling thread runs the actors; waiting there would stop them.
            LegionError: What the actor answered.
        """
        fork.check(self._born, "the system this reply belongs to")
        if self._get_hook is not None:
            return cast("T", super().get(timeout=timeout))
        if loop_thread.home is not None and not self.done():
            raise RuntimeFault("Reply.get() would block the actors' own loop; await the reply instead")
        if not self._wait(timeout):
            self.cancel()
            raise ReplyTimeout(f"no answer within {timeout} s")
        return self._result_now()

    def _wait(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._condition:
            while not self.done():
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._condition.wait(left)
        return True

    def _result_now(self) -> T:
        if self._error is not None:
            raise self._error
        return cast("T", self._value)

    def exception(self) -> BaseException | None:
        """Return the error of a finished reply, or None."""
        return self._error

    def add_done_callback(self, callback: Callable[[Reply[T]], object]) -> None:
        """Call `callback(self)` once there is an answer: in the thread that answers, or here and now if there is one already."""
        with self._condition:
            if not self.done():
                self._callbacks.append(callback)
                return
        self._call(callback)

    def cancel(self) -> bool:
        """Give up: the work is stopped, down to the socket it uses. Returns False when the answer was already there."""
        return self._resolve(error=CancelledError("the caller gave up"), cancelled=True)

    # -- await, under asyncio and under trio

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for the answer from a coroutine of either library."""
        return self._await().__await__()

    async def _await(self) -> T:
        fork.check(self._born, "the system this reply belongs to")
        library = sniffio.current_async_library()
        if self._get_hook is not None:
            return await self._await_hook(library)
        if not self.done():
            await (self._await_trio() if library == "trio" else self._await_asyncio())
        return self._result_now()

    async def within(self, timeout: float) -> T:
        """Await the answer, but not for ever: what `get(timeout)` is to a thread.

        Raises:
            ReplyTimeout: The timeout, seconds, passed; the work has been cancelled.
            LegionError: What the actor answered.
        """
        if sniffio.current_async_library() == "trio":
            import trio  # noqa: PLC0415 - only where trio runs already

            with trio.move_on_after(timeout):
                return await self
        else:
            scope = asyncio.timeout(timeout)
            try:
                async with scope:
                    return await self
            except TimeoutError:
                if not scope.expired():
                    raise
        raise ReplyTimeout(f"no answer within {timeout} s")

    async def _await_trio(self) -> None:
        import trio  # noqa: PLC0415 - only where trio runs already

        token = trio.lowlevel.current_trio_token()
        task = trio.lowlevel.current_task()
        waiting = True

        def wake() -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                trio.lowlevel.reschedule(task)

        def answered(_reply: Reply[T]) -> None:
            with contextlib.suppress(trio.RunFinishedError):  # the host's loop ended first: nobody waits there any more
                token.run_sync_soon(wake)

        def abort(_raise_cancel: object) -> trio.lowlevel.Abort:
            nonlocal waiting
            waiting = False
            self.cancel()
            return trio.lowlevel.Abort.SUCCEEDED

        self.add_done_callback(answered)
        await trio.lowlevel.wait_task_rescheduled(abort)

    async def _await_asyncio(self) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        def answered(_reply: Reply[T]) -> None:
            tell_loop(loop, wake)

        self.add_done_callback(answered)
        try:
            await woken
        except asyncio.CancelledError:
            self.cancel()
            raise

    async def _await_hook(self, library: str) -> T:
        """Wait for a future made by map(), filter() or join(), which pykka computes in `get`."""
        if library == "trio":
            import trio  # noqa: PLC0415 - only where trio runs already

            return await trio.to_thread.run_sync(self.get, abandon_on_cancel=True)
        return await asyncio.to_thread(self.get)

    # -- the answering side

    def set(self, value: Any = None) -> None:
        """Answer with a value."""
        self._resolve(value=value)

    def set_exception(self, exc_info: Any = None) -> None:
        """Answer with an error, given as pykka gives it: an exc_info triple, or None for the one being handled."""
        import sys  # noqa: PLC0415 - only for pykka's own calling convention

        self.fail((exc_info or sys.exc_info())[1] or RuntimeFault("an error without a value"))

    def fail(self, error: BaseException) -> None:
        """Answer with an error."""
        self._resolve(error=error)

    def attach(self, canceller: Callable[[], None]) -> None:
        """Say how to stop the work; called at once if the caller has given up already."""
        with self._condition:
            self._canceller = canceller
            given_up = self._cancelled
        if given_up:
            canceller()

    def _resolve(self, *, value: Any = _UNSET, error: BaseException | None = None, cancelled: bool = False) -> bool:
        with self._condition:
            if self.done():
                return False
            self._value, self._error, self._cancelled = value, error, cancelled
            callbacks, self._callbacks = self._callbacks, []
            canceller = self._canceller if cancelled else None
            self._canceller = None
            self._condition.notify_all()
        if canceller is not None:
            canceller()
        for callback in callbacks:
            self._call(callback)
        return True

    def _call(self, callback: Callable[[Reply[T]], object]) -> None:
        try:
            callback(self)
        except BaseException as error:
            # On an actors' loop even a SystemExit of the host's must not go on: it would end an actor that has done nothing.
            if loop_thread.home is None and not isinstance(error, Exception):
                raise
            logger.exception("a done callback of a reply failed")

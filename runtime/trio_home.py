"""A trio loop in a thread of its own, and what actors need of it."""

from __future__ import annotations

import collections
import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import trio
from trio.lowlevel import Abort, Task, current_task, reschedule, wait_task_rescheduled

from ..messages.errors import RuntimeFault
from .clock import Clock
from .envelope import Envelope
from .home import HomeKind, Parker, join, loop_thread
from .interruption import interruption
from .pending import Pending
from .reply import Reply

T = TypeVar("T")


class TrioParker:
    """Lets one trio task sleep. Its fields are touched on the loop's thread only, so it needs no lock."""

    __slots__ = ("_home", "_task", "_woken")

    def __init__(self, home: TrioHome) -> None:
        self._home = home
        self._task: Task | None = None
        self._woken = False

    async def park(self) -> None:
        """Sleep until `unpark`; a cancelled sleep leaves nothing behind."""
        if self._woken:
            self._woken = False
            return
        self._task = current_task()
        await wait_task_rescheduled(self._abort)

    def unpark(self) -> None:
        """Wake the sleeper, from any thread."""
        if self._home.is_here():
            self._unpark()
        else:
            self._home.post(self._unpark)

    def _unpark(self) -> None:
        task = self._task
        if task is None:
            self._woken = True
        else:
            self._task = None
            reschedule(task)

    def _abort(self, _raise_cancel: object) -> Abort:
        self._task = None
        return Abort.SUCCEEDED


class TrioTasks:
    """A nursery."""

    __slots__ = ("_nursery",)

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start a task in the nursery."""
        self._nursery.start_soon(function, *args)

    def cancel(self) -> None:
        """Cancel the nursery with all that runs in it."""
        self._nursery.cancel_scope.cancel()

    abort = cancel


class TrioHome:
    """Runs trio in a daemon thread until `stop`."""

    kind = HomeKind.TRIO

    def __init__(self, name: str, clock: Clock, lost: Callable[[BaseException], None] = lambda _error: None) -> None:
        self.name = name
        self._clock = clock
        self._lost = lost
        self._runs: set[Reply[Any]] = set()
        self._over = False
        self._posted: collections.deque[tuple[Callable[..., object], tuple[Any, ...]]] = collections.deque()
        self._awake = False
        self._ident: int | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._stop: trio.Event | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    # -- the thread

    def start(self) -> None:
        """Start the thread and wait until the loop runs.

        Raises:
            RuntimeFault: The loop ended before it ran.
        """
        running = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(running,), name=f"{self.name}-trio", daemon=True)
        self._thread.start()
        running.wait()
        if self._token is None:
            raise RuntimeFault(f"the trio loop of {self.name!r} could not start: {self._failure!r}")

    def stop(self) -> None:
        """Cancel what is left and join the thread. May be called twice."""
        if self._stop is not None:
            self.post(self._stop.set)
        if self._thread is not None and not self.is_here():
            join(self._thread)

    def run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run an async function on the loop, from another thread, and return its result.

        Not `trio.from_thread.run`: that refuses a thread in which the host runs a trio loop of its own.

        Raises:
            RuntimeFault: The loop has ended.
            BaseException: What the function raised.
        """
        reply: Reply[T] = Reply()
        self._runs.add(reply)
        self.spawn(self._answer, reply, function, args)
        if self._over:  # asked after the loop had told its last callers
            reply.fail(self._why_over())
        return reply.get()

    async def _answer(self, reply: Reply[T], function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> None:
        try:
            reply.set(await function(*args))
        except BaseException as error:
            reply.fail(error)
            if not isinstance(error, Exception):
                raise  # trio's own cancellation goes on
        finally:
            self._runs.discard(reply)

    def _why_over(self) -> RuntimeFault:
        why = f": {self._failure!r}" if self._failure is not None else ""
        return RuntimeFault(f"the trio loop of {self.name!r} has ended{why}")

    def _run(self, running: threading.Event) -> None:
        loop_thread.home = self
        try:
            trio.run(self._main, running, clock=self._clock.for_trio())
        except BaseException as error:  # noqa: BLE001 - a thread has no caller; `start` or `lost` tell
            self._failure = error
            if self._token is not None:
                self._lost(error)
        finally:
            self._over = True
            for reply in tuple(self._runs):
                reply.fail(self._why_over())
            running.set()

    async def _main(self, running: threading.Event) -> None:
        self._stop = trio.Event()
        try:
            async with trio.open_nursery() as self._nursery:
                self._ident = threading.get_ident()
                self._token = trio.lowlevel.current_trio_token()
                running.set()
                await self._stop.wait()
                self._nursery.cancel_scope.cancel()
        finally:
            self._nursery = None

    # -- what actors need

    def is_here(self) -> bool:
        """Whether the calling thread is this loop's."""
        return threading.get_ident() == self._ident

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` soon on the loop's thread."""
        if self._token is None:
            return
        self._posted.append((function, args))
        if self._awake:
            return
        self._awake = True
        try:
            # It wakes the loop by writing to a socket: once for all that is posted until the loop looks.
            self._token.run_sync_soon(self._call_posted)
        except trio.RunFinishedError:
            self._posted.clear()  # the loop has ended; whoever was to be told is gone with it

    def _call_posted(self) -> None:
        # First the flag, then the calls: what is posted meanwhile is either met here, or wakes the loop again.
        self._awake = False
        posted = self._posted
        while posted:
            function, args = posted.popleft()
            function(*args)

    def spawn(self, function: Callable[..., Coroutine[Any, Any, object]], *args: Any) -> None:
        """Start a task in the loop's own nursery."""
        self.post(self._spawn, function, args)

    def _spawn(self, function: Callable[..., Coroutine[Any, Any, object]], args: tuple[Any, ...]) -> None:
        if self._nursery is not None:  # else the loop is ending, and so would the task
            self._nursery.start_soon(function, *args)

    def parker(self) -> TrioParker:
        """Return a new parker."""
        return TrioParker(self)

    def pending(self) -> Pending:
        """Return a new waiting end."""
        return Pending(TrioParker(self))

    @asynccontextmanager
    async def open_tasks(self) -> AsyncIterator[TrioTasks]:
        """Open a nursery."""
        async with trio.open_nursery() as nursery:
            yield TrioTasks(nursery)

    async def bounded(self, envelope: Envelope, handler: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run a handler inside a cancel scope that its asker holds the other end of."""
        with trio.CancelScope(deadline=envelope.deadline) as scope:
            if envelope.reply_to is not None:
                envelope.reply_to.attach(lambda: self.call(scope.cancel))
            return await handler(*args)
        raise interruption(envelope)

    def call(self, function: Callable[[], object]) -> None:
        """Call `function` on the loop's thread: now if this is it, else soon."""
        if self.is_here():
            function()
        else:
            self.post(function)

    async def park_until(self, parker: Parker, deadline: float) -> bool:
        """Park until woken or until a moment."""
        if deadline == math.inf:
            await parker.park()
            return True
        with trio.CancelScope(deadline=deadline) as scope:
            await parker.park()
        return not scope.cancelled_caught

    async def checkpoint(self) -> None:
        """Let the other tasks run."""
        await trio.lowlevel.cancel_shielded_checkpoint()

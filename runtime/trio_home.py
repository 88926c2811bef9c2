"""A trio loop in a thread of its own, and what actors need of it."""

from __future__ import annotations

import asyncio
import collections
import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import trio
from trio.lowlevel import Abort, Task, current_task, reschedule, wait_task_rescheduled

from ..messages.errors import RuntimeFault
from .bugs import is_bug
from .clock import Clock
from .envelope import Envelope
from .home import Home, HomeKind, Parker, call_in, join, loop_thread, turns
from .interruption import interruption
from .pending import Pending
from .reply import Reply

T = TypeVar("T")

# Seconds for which news that nobody waits for may gather before another loop is woken for them.
_LATER: Final = 0.005

# Seconds between two looks whether a loop that is waited for still turns.
_LOOK_AGAIN: Final = 1.0


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


class _Outbox(trio.abc.Instrument):
    """Calls to hosts' asyncio loops, handed over together before the trio loop sleeps.

    Every wake of another thread is a system call, and gives it the GIL: answers that are ready together are better told together.
    """

    def __init__(self) -> None:
        self._calls: dict[asyncio.AbstractEventLoop, list[Callable[[], object]]] = {}

    def add(self, loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
        """Call `function` on `loop`, soon. On the trio loop's thread only."""
        self._calls.setdefault(loop, []).append(function)

    def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 - trio's hook
        """Hand over what has gathered."""
        while self._calls:
            loop, functions = self._calls.popitem()
            call_in(loop, _call_all, functions)


def _call_all(functions: list[Callable[[], object]]) -> None:
    for function in functions:
        function()


class TrioHome:
    """Runs trio in a daemon thread until `stop`."""

    kind = HomeKind.TRIO

    def __init__(self, name: str, clock: Clock, lost: Callable[[BaseException], None] = lambda _error: None) -> None:
        self.name = name
        self._clock = clock
        self._lost = lost
        self._runs: set[Reply[Any]] = set()
        self._over = False
        self._outbox = _Outbox()
        self._later: list[Callable[[], object]] = []
        self._posted: collections.deque[tuple[Callable[..., object], tuple[Any, ...]]] = collections.deque()
        self._awake = False
        self._promised: Home | None = None
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
            RuntimeFault: The loop has ended, or is the caller's own.
            BaseException: What the function raised.
        """
        return self._begin(function, args).get()

    def run_while_it_turns(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run an async function as `run` does, but wait only as long as nothing blocks the loop.

        Raises:
            RuntimeFault: Something blocks the loop, or as `run`.
            BaseException: What the function raised.
        """
        reply = self._begin(function, args)
        answered = threading.Event()
        reply.add_done_callback(lambda _reply: answered.set())
        while not answered.wait(_LOOK_AGAIN):
            if not turns(self) and not answered.is_set():
                raise RuntimeFault(f"the trio loop of {self.name!r} is blocked")
        return reply.get()

    def _begin(self, function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> Reply[T]:
        if loop_thread.home is not None:
            raise RuntimeFault("this waits for the actors' own loop, so it cannot be called on one of them")
        reply: Reply[T] = Reply()
        self._runs.add(reply)
        self.spawn(self._answer, reply, function, args)
        if self._over:  # asked after the loop had told its last callers
            reply.fail(self._why_over())
        return reply

    async def _answer(self, reply: Reply[T], function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> None:
        try:
            reply.set(await function(*args))
        except BaseException as error:
            # trio's own cancellation goes on here, but means nothing to the caller's thread.
            reply.fail(error if is_bug(error) else self._why_over())
            if not isinstance(error, Exception):
                raise
        finally:
            self._runs.discard(reply)

    def _why_over(self) -> RuntimeFault:
        why = f": {self._failure!r}" if self._failure is not None else ""
        return RuntimeFault(f"the trio loop of {self.name!r} has ended{why}")

    def _run(self, running: threading.Event) -> None:
        loop_thread.home = self
        try:
            trio.run(self._main, running, clock=self._clock.for_trio(), instruments=[self._outbox])
        except BaseException as error:  # noqa: BLE001 - a thread has no caller; `start` or `lost` tell
            self._failure = error
            if self._token is not None:
                self._lost(error)
        finally:
            self._over = True
            for reply in tuple(self._runs):
                reply.fail(self._why_over())
            self._outbox.before_io_wait(0.0)  # the last answers: this loop does not come to sleep any more
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
        here = loop_thread.home
        if self._awake or (here is not None and self._promised is here):
            return
        if here is not None and here.before_sleep(self._wake):
            # Not yet awake: should something block that other loop now, whoever posts from elsewhere must still wake this one.
            self._promised = here
            return
        self._wake()

    def _wake(self) -> None:
        assert self._token is not None
        self._promised = None
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

    def before_sleep(self, _function: Callable[[], object]) -> bool:
        """Not offered: nothing on this loop wakes another of ours often."""
        return False

    def later(self, function: Callable[[], object]) -> None:
        """Call `function` in `_LATER` seconds at most. On this loop's thread only."""
        self._later.append(function)
        if len(self._later) == 1:
            self.spawn(self._call_later)

    async def _call_later(self) -> None:
        try:
            await trio.sleep(_LATER)
        finally:
            functions, self._later = self._later, []
            _call_all(functions)

    def tell_loop(self, loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
        """Call `function` on a host's asyncio loop before this loop sleeps. On this loop's thread only."""
        self._outbox.add(loop, function)

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

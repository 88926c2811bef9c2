"""An asyncio loop (uvloop where it installs) in a thread of its own, and what actors need of it."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from ..messages.errors import RuntimeFault
from .clock import Clock
from .envelope import Envelope
from .home import HomeKind, Parker, call_in, join, loop_thread
from .interruption import interruption
from .pending import Pending


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - optional, and loaded only when an actor asks for this loop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class AsyncioParker:
    """Lets one asyncio task sleep. Its fields are touched on the loop's thread only."""

    __slots__ = ("_future", "_home", "_woken")

    def __init__(self, home: AsyncioHome) -> None:
        self._home = home
        self._future: asyncio.Future[None] | None = None
        self._woken = False

    async def park(self) -> None:
        """Sleep until `unpark`."""
        if self._woken:
            self._woken = False
            return
        self._future = asyncio.get_running_loop().create_future()
        try:
            await self._future
        finally:
            self._future = None

    def unpark(self) -> None:
        """Wake the sleeper, from any thread."""
        self._home.call(self._unpark)

    def _unpark(self) -> None:
        if self._future is None:
            self._woken = True
        elif not self._future.done():
            self._future.set_result(None)


class AsyncioTasks:
    """A set of tasks that ends together; unlike TaskGroup, a task's own cancellation does not look like the group's."""

    __slots__ = ("_cancelled", "_loop", "_owner", "_tasks", "aborted")

    def __init__(self, owner: asyncio.Task[Any] | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._owner = owner
        self._cancelled = False
        self.aborted = False
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start a task; after `cancel` it is cancelled too, as in a nursery: nobody would wait for it otherwise."""
        task = self._loop.create_task(function(*args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._cancelled:
            self._loop.call_soon(task.cancel)

    def cancel(self) -> None:
        """Cancel all tasks, each after its first step: one that never took it would leave its ask unanswered."""
        self._cancelled = True
        for task in tuple(self._tasks):
            self._loop.call_soon(task.cancel)

    def abort(self) -> None:
        """Cancel all tasks and the block that opened them."""
        self.cancel()
        if self._owner is not None and not self.aborted:
            self.aborted = True
            self._owner.cancel()

    async def join(self) -> None:
        """Wait until every task has ended. The block that opened them is over: an abort now means the tasks alone."""
        self._owner = None
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))


class AsyncioHome:
    """Runs asyncio in a daemon thread until `stop`."""

    kind = HomeKind.ASYNCIO

    def __init__(self, name: str, clock: Clock, lost: Callable[[BaseException], None] = lambda _error: None) -> None:
        self.name = name
        self._clock = clock
        self._lost = lost
        self._ident: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._own: set[asyncio.Task[Any]] = set()
        self._failure: BaseException | None = None

    # -- the thread

    def start(self) -> None:
        """Start the thread and wait until the loop runs.

        Raises:
            RuntimeFault: The loop ended before it ran.
        """
        running = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(running,), name=f"{self.name}-asyncio", daemon=True)
        self._thread.start()
        running.wait()
        if self._loop is None:
            raise RuntimeFault(f"the asyncio loop of {self.name!r} could not start: {self._failure!r}")

    def stop(self) -> None:
        """Cancel what is left and join the thread. May be called twice."""
        if self._stopping is not None:
            self.post(self._stopping.set)
        if self._thread is not None and not self.is_here():
            join(self._thread)

    def _run(self, running: threading.Event) -> None:
        loop_thread.home = self
        try:
            with asyncio.Runner(loop_factory=_new_event_loop) as runner:
                runner.run(self._main(running))
        except BaseException as error:  # noqa: BLE001 - a thread has no caller; `start` or `lost` tell
            self._failure = error
            if self._loop is not None:
                self._lost(error)
        finally:
            running.set()

    async def _main(self, running: threading.Event) -> None:
        self._stopping = asyncio.Event()
        self._ident = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        running.set()
        await self._stopping.wait()
        for task in tuple(self._own):
            task.cancel()
        if self._own:
            await asyncio.wait(tuple(self._own))

    # -- what actors need

    def is_here(self) -> bool:
        """Whether the calling thread is this loop's."""
        return threading.get_ident() == self._ident

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` soon on the loop's thread."""
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
            # The loop has ended; whoever was to be told is gone with it.

    def call(self, function: Callable[[], object]) -> None:
        """Call `function` on the loop's thread: now if this is it, else soon."""
        if self.is_here():
            function()
        else:
            self.post(function)

    def before_sleep(self, function: Callable[[], object]) -> bool:
        """Call `function` after what is ready now; False when the loop has ended."""
        if self._loop is None or self._loop.is_closed():
            return False
        self._loop.call_soon(function)
        return True

    def later(self, function: Callable[[], object]) -> None:
        """Call `function` after what is ready now: nothing on this loop leaves news for others often."""
        if not self.before_sleep(function):
            function()

    def tell_loop(self, loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
        """Call `function` on a host's asyncio loop."""
        call_in(loop, function)

    def spawn(self, function: Callable[..., Coroutine[Any, Any, object]], *args: Any) -> None:
        """Start a task that belongs to the loop itself."""
        self.post(self._spawn, function, args)

    def _spawn(self, function: Callable[..., Coroutine[Any, Any, object]], args: tuple[Any, ...]) -> None:
        task = asyncio.get_running_loop().create_task(function(*args))
        self._own.add(task)
        task.add_done_callback(self._own.discard)

    def parker(self) -> AsyncioParker:
        """Return a new parker."""
        return AsyncioParker(self)

    def pending(self) -> Pending:
        """Return a new waiting end."""
        return Pending(AsyncioParker(self))

    @asynccontextmanager
    async def open_tasks(self) -> AsyncIterator[AsyncioTasks]:
        """Open a set of tasks; leaving it by an error cancels them, leaving it in peace waits for them."""
        owner = asyncio.current_task()
        tasks = AsyncioTasks(owner)
        try:
            yield tasks
        except asyncio.CancelledError:
            tasks.cancel()
            if not tasks.aborted or owner is None:
                raise
            owner.uncancel()
        except BaseException:
            tasks.cancel()
            raise
        finally:
            await tasks.join()

    async def bounded(self, envelope: Envelope, handler: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run a handler inside an asyncio.timeout that its asker may bring forward."""
        loop = asyncio.get_running_loop()
        left = envelope.deadline - self._clock.monotonic()
        timeout = asyncio.timeout(None if left == math.inf else left)
        try:
            async with timeout:
                if envelope.reply_to is not None:
                    envelope.reply_to.attach(lambda: self.call(lambda: _bring_forward(timeout, loop)))
                return await handler(*args)
        except TimeoutError:
            if not timeout.expired():
                raise
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            raise RuntimeError("a cancellation of something that the handler awaited escaped from it") from error
        raise interruption(envelope)

    async def park_until(self, parker: Parker, deadline: float) -> bool:
        """Park until woken or until a moment."""
        left = deadline - self._clock.monotonic()
        try:
            async with asyncio.timeout(None if left == math.inf else left):
                await parker.park()
        except TimeoutError:
            return False
        return True

    async def checkpoint(self) -> None:
        """Let the other tasks run."""
        await asyncio.sleep(0)


def _is_cancelled() -> bool:
    """Whether this very task is being cancelled; else a CancelledError came from something it awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _bring_forward(timeout: asyncio.Timeout, loop: asyncio.AbstractEventLoop) -> None:
    try:
        timeout.reschedule(loop.time())
    except RuntimeError:
        return  # the handler has just finished: there is nothing left to cancel

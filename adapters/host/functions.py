"""Calls what a host has given us - tools, retrievers, checks - where it belongs, from the actors' trio loop.

A plain function runs in a worker thread: it may block. A coroutine function runs on the event loop that the host was running when it gave it to
us, since that is where its connections live; where it ran none, on the system's own asyncio loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol, TypeAlias

import sniffio
import trio

from ...messages.errors import HostError, LegionError
from ...runtime import ASYNCIO, ActorSystem, Reply
from ...runtime.home import loop_thread

AsyncFunction: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]

# Plain functions that run at once; the next one waits. As asyncio's own default for a machine of usual size.
_MOST_THREADS: Final = 40


class _Loop(Protocol):
    """An event loop on which a coroutine function is called."""

    def begin(self, reply: Reply[Any], call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Start the call; its end resolves the reply, and cancelling the reply cancels it.

        Raises:
            RuntimeError: The loop has ended.
        """


class _HostAsyncio:
    """The asyncio loop of a host."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def begin(self, reply: Reply[Any], call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        def start() -> None:
            task = self._loop.create_task(_answer(reply, call))
            _RUNNING.add(task)
            task.add_done_callback(_RUNNING.discard)
            reply.attach(lambda: self._cancel(task))

        self._loop.call_soon_threadsafe(start)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        with contextlib.suppress(RuntimeError):  # the host's loop has ended, and the task with it
            self._loop.call_soon_threadsafe(task.cancel)


# asyncio holds its tasks weakly.
_RUNNING: Final[set[asyncio.Task[None]]] = set()


class _HostTrio:
    """The trio loop of a host."""

    def __init__(self, token: trio.lowlevel.TrioToken) -> None:
        self._token = token

    def begin(self, reply: Reply[Any], call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await _answer(reply, call)

        def cancel() -> None:
            with contextlib.suppress(trio.RunFinishedError):
                self._token.run_sync_soon(scope.cancel)

        reply.attach(cancel)
        self._token.run_sync_soon(trio.lowlevel.spawn_system_task, run)


class _OwnAsyncio:
    """The system's asyncio loop, started with the first call."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    def begin(self, reply: Reply[Any], call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        async def run() -> None:
            task, loop = asyncio.current_task(), asyncio.get_running_loop()
            assert task is not None

            def cancel() -> None:
                loop.call_soon_threadsafe(task.cancel)

            reply.attach(cancel)
            await _answer(reply, call)

        self._system.home(ASYNCIO).spawn(run)


async def _answer(reply: Reply[Any], call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Put the outcome into the reply. This is the edge of the host's code: whatever it raises is its caller's answer."""
    try:
        reply.set(await call())
    except BaseException as error:
        reply.fail(error)
        if not isinstance(error, Exception):
            raise


class HostFunctions:
    """Makes what a host has given us callable from the actors.

    Args:
        system: The system that calls.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._own = _OwnAsyncio(system)
        self._limiter: trio.CapacityLimiter | None = None

    def bound(self, function: Callable[..., Any], what: str) -> Callable[..., Awaitable[Any]]:
        """Return a coroutine function for the actors' trio loop that calls `function` where it belongs.

        It raises a `LegionError` of the host's as it is, and `HostError` for anything else.

        Args:
            function: Plain or `async def`; the loop that runs here and now, if one does, is the one it will run on.
            what: Its name in errors.
        """
        is_async = _is_async(function)
        loop = self._loop_here() if is_async else self._own

        @functools.wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            try:
                if is_async:
                    return await self._on(loop, functools.partial(function, *args, **kwargs))
                return await self._in_a_thread(functools.partial(function, *args, **kwargs))
            except LegionError:
                raise
            except Exception as error:
                raise HostError(f"{what} failed: {type(error).__name__}: {error}") from error

        return call

    def _loop_here(self) -> _Loop:
        if loop_thread.home is not None:
            return self._own
        try:
            library = sniffio.current_async_library()
        except sniffio.AsyncLibraryNotFoundError:
            return self._own
        if library == "trio":
            return _HostTrio(trio.lowlevel.current_trio_token())
        return _HostAsyncio(asyncio.get_running_loop())

    async def _on(self, loop: _Loop, call: AsyncFunction) -> Any:
        reply: Reply[Any] = Reply()
        loop.begin(reply, call)
        return await reply

    async def _in_a_thread(self, call: Callable[[], Any]) -> Any:
        if sniffio.current_async_library() == "asyncio":
            return await asyncio.to_thread(call)
        if self._limiter is None:
            self._limiter = trio.CapacityLimiter(_MOST_THREADS)
        # A thread cannot be stopped: whoever gives up leaves it behind, and its place is free when it ends.
        return await trio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._limiter)


def _is_async(function: Callable[..., Any]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - whether it is `async`

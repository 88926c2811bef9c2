"""Where every thread is, and every task of the two loops."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Iterator
from types import CoroutineType, FrameType
from typing import Any, Final

import trio

from ...messages.errors import RuntimeFault
from ...runtime import ActorSystem

_MOST: Final = 500
_DEEPEST: Final = 40
# Seconds the trio loop gets to list its tasks; a blocked one is what somebody looks for.
_PATIENCE: Final = 1.0


async def stacks(system: ActorSystem) -> dict[str, Any]:
    """Return the stacks, innermost last. A loop that does not turn is told as such: its thread's stack shows why."""
    return {
        "threads": list(_threads()),
        "asyncio": [
            {"name": task.get_name(), "stack": list(_coroutine_stack(task.get_coro()))}
            for task in list(asyncio.all_tasks())[:_MOST]
        ],
        "trio": await _trio_tasks(system),
    }


def _threads() -> Iterator[dict[str, Any]]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - Python's own way to ask, documented as such
        stack = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_stack(frame, _DEEPEST)]
        yield {"name": names.get(ident, str(ident)), "stack": stack}


async def _trio_tasks(system: ActorSystem) -> Any:
    found: asyncio.Future[list[dict[str, Any]]] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def look() -> None:
        tasks = list(_tasks_below(trio.lowlevel.current_root_task()))
        loop.call_soon_threadsafe(lambda: None if found.done() else found.set_result(tasks))

    try:
        system.trio.post(look)
        async with asyncio.timeout(_PATIENCE):
            return await found
    except (TimeoutError, RuntimeFault) as error:
        return {"unavailable": str(error) or "the trio loop does not turn"}


def _tasks_below(task: trio.lowlevel.Task | None) -> Iterator[dict[str, Any]]:
    """Walk the tree of tasks, with a list instead of recursion, since it may be deep."""
    waiting = [] if task is None else [task]
    for _ in range(_MOST):
        if not waiting:
            return
        current = waiting.pop()
        yield {"name": current.name, "stack": list(_coroutine_stack(current.coro))}
        for nursery in current.child_nurseries:
            waiting.extend(nursery.child_tasks)


def _coroutine_stack(coroutine: Any) -> Iterator[str]:
    """Follow a suspended coroutine to where it waits."""
    for _ in range(_DEEPEST):
        if not isinstance(coroutine, CoroutineType):
            return
        if coroutine.cr_frame is not None:
            yield _frame(coroutine.cr_frame)
        coroutine = coroutine.cr_await


def _frame(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}"

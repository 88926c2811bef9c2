"""One actor as its supervisor sees it: started, stopped, started again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import trio

from ..messages.errors import LegionError, StartFailed
from .bugs import described
from .cell import Cell, CellState
from .decisions import Exit
from .envelope import Envelope
from .home import TRIO, Home, HomeKind
from .process import Process
from .specs import ChildSpec, Restart
from .system_messages import Stop

# Once cancelled, an actor has this long to unwind before it is left behind. Only code that blocks its event loop needs more.
_UNWIND = 1.0


class Supervised(Protocol):
    """What a supervisor asks of a child, be it an actor or another supervisor. All of it happens on the trio loop."""

    @property
    def name(self) -> str:
        """Path in the tree."""

    @property
    def restart(self) -> Restart:
        """Whether it is started again."""

    async def start(self) -> None:
        """Start, and return when ready.

        Raises:
            Exception: Whatever kept it from becoming ready; it is not running then.
        """

    async def stop(self, deadline: float, *, final: bool) -> None:
        """Stop: work may go on until the deadline, then it is cancelled. Returns when it is gone. Not an error if it is gone already."""

    def close(self, state: CellState) -> None:
        """It will not be started again: answer what still waits in its mailboxes."""

    def restarting(self) -> None:
        """It is down and will be started again soon."""

    def describe(self) -> dict[str, object]:
        """Return the state of the branch as plain data."""


class ActorChild:
    """Runs the incarnations of one actor, one after the other."""

    def __init__(self, cell: Cell, spec: ChildSpec, root_loop: Home, ended: Callable[[Supervised, Exit], None]) -> None:
        self.cell = cell
        self.spec = spec
        self._root_loop = root_loop
        self._ended = ended
        self._gone: trio.Event | None = None
        self._expected = False

    @property
    def name(self) -> str:
        """Path of the actor in the tree."""
        return self.cell.name

    @property
    def restart(self) -> Restart:
        """Whether it is started again."""
        return self.spec.restart

    async def start(self) -> None:
        """Start an incarnation and return when its `on_start` has ended."""
        cell, spec = self.cell, self.spec
        home = cell.settle(_home_of(spec))
        cell.state = CellState.STARTING
        cell.mailbox.reopen()
        cell.watch()
        self._expected = False
        self._gone = trio.Event()
        process = Process(cell, spec, home)
        ready = self._root_loop.pending()
        home.spawn(self._live, process, ready, self._gone)
        with trio.move_on_after(spec.start_timeout) as scope:
            await ready.wait()
        if scope.cancelled_caught:
            self._expected = True
            process.abort()
            raise StartFailed(f"actor {self.name!r} was not ready within {spec.start_timeout} s")

    async def _live(self, process: Process, ready: object, gone: trio.Event) -> None:
        """Run on the actor's own loop; report back on the supervisor's."""

        def became_ready() -> None:
            self.cell.state = CellState.READY
            ready.set()  # type: ignore[attr-defined]

        try:
            end = await process.run(became_ready)
        except BaseException:  # the loop itself ends: nothing is left to decide, but somebody may wait for this
            self._root_loop.post(self._lost, ready, gone)
            raise
        self._root_loop.post(self._over, ready, gone, end)

    def _lost(self, ready: object, gone: trio.Event) -> None:
        gone.set()
        if not ready.done:  # type: ignore[attr-defined]
            ready.fail(StartFailed(f"the loop of actor {self.name!r} ended while it started"))  # type: ignore[attr-defined]

    def _over(self, ready: object, gone: trio.Event, end: Exit) -> None:
        gone.set()
        if not ready.done:  # type: ignore[attr-defined]
            self._expected = True
            ready.fail(_why_not_ready(self.name, end))  # type: ignore[attr-defined]
        elif gone is self._gone and not self._expected:  # else one that was left behind has ended at last
            self._ended(self, end)

    async def stop(self, deadline: float, *, final: bool) -> None:
        """Stop the incarnation that lives, if any."""
        self._expected = True
        if self._gone is not None and not self._gone.is_set():
            self._say_stop(Stop(deadline=deadline, final=final))
            with trio.CancelScope(deadline=deadline + self.spec.stop_timeout):
                await self._gone.wait()
            await self._force()
        if final:
            self.close(CellState.STOPPED)

    def _say_stop(self, stop: Stop) -> None:
        try:
            self.cell.mailbox.put(Envelope(stop))
        except LegionError:
            # The system lane is flooded by inspections: no message gets through, so the actor is stopped the hard way.
            if self.cell.process is not None:
                self.cell.process.abort()

    async def _force(self) -> None:
        assert self._gone is not None
        if not self._gone.is_set() and self.cell.process is not None:
            self.cell.process.abort()
            with trio.move_on_after(_UNWIND):
                await self._gone.wait()

    def close(self, state: CellState) -> None:
        """Answer what still waits in the mailbox: nobody will take it."""
        self.cell.close(state)

    def restarting(self) -> None:
        """Note that the actor is between two incarnations."""
        self.cell.state = CellState.RESTARTING
        self.cell.statistics.restarts += 1
        self.cell.watch()

    def describe(self) -> dict[str, object]:
        """Return what the runtime knows about the actor."""
        return {**self.cell.describe(), "restart": str(self.spec.restart)}


def _why_not_ready(name: str, end: Exit) -> Exception:
    """An actor that calls sys.exit() while it starts must not take its supervisor's loop along."""
    if isinstance(end.error, Exception):
        return end.error
    failed = StartFailed(described(end.error) if end.error is not None else f"actor {name!r} stopped while it started")
    failed.__cause__ = end.error
    return failed


def _home_of(spec: ChildSpec) -> HomeKind:
    if spec.home is not None:
        return spec.home
    kind = getattr(spec.factory, "home", TRIO)
    return kind if isinstance(kind, HomeKind) else TRIO

"""The actor system: event loops, the tree, and their common life."""

from __future__ import annotations

import atexit
import enum
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final, Self

import trio

from ..messages.errors import LegionError, NotFoundError, RuntimeFault, StartFailed, SystemNotRunning
from . import fork
from .address import Address
from .asyncio_home import AsyncioHome
from .cell import Cell, CellState
from .child import Supervised
from .clock import Clock, SystemClock
from .dead_letters import DeadLetters
from .decisions import Exit
from .home import ASYNCIO, Home, HomeKind, loop_thread
from .reply import Reply
from .specs import ChildSpec, SupervisorSpec
from .supervisor import Supervisor
from .system_messages import Inspect, Kill
from .trio_home import TrioHome

logger = logging.getLogger(__name__)

_DEFAULT_CAPACITY = 10_000


class SystemState(enum.StrEnum):
    """Where the system is in its life."""

    NEW = "new"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"
    FAILED = "failed"


# Others may take its place, or it may be there soon; seconds after which it is worth a look.
_PASSING: Final = frozenset({SystemState.STARTING, SystemState.DRAINING})
_COME_BACK: Final = 1.0

# What becomes of the cells when it is over.
_OVER: Final = {SystemState.STOPPED: CellState.STOPPED, SystemState.FAILED: CellState.FAILED}


class ActorSystem:
    """A tree of supervised actors and the event loops they live on.

    Any number of systems may live side by side in one process. A system belongs to the process that started it: in a forked child its methods raise
    `ForkedProcess`, while a new system starts there as anywhere.

    Args:
        name: Shown in thread names and logs.
        clock: Source of time; tests pass a virtual one.
        dead_letters_kept: Number of dead letters kept for inspection.
    """

    def __init__(self, name: str = "legion", *, clock: Clock | None = None, dead_letters_kept: int = 100) -> None:
        self.name = name
        self.clock: Clock = clock or SystemClock()
        self.dead_letters = DeadLetters(dead_letters_kept, self.clock)
        self._born = fork.generation()
        self._state = SystemState.NEW
        self._failure: BaseException | None = None
        self._cells: dict[str, Cell] = {}
        self._root: Supervisor | None = None
        self._trio = TrioHome(name, self.clock, self._loop_lost)
        self._asyncio: AsyncioHome | None = None
        self._lock = threading.RLock()
        self._life = threading.Lock()

    def __repr__(self) -> str:
        return f"<ActorSystem {self.name} {self._state}>"

    # -- addresses

    def address(self, name: str) -> Address:
        """Return the address of the actor at a path ("router", "connections/openai"), whether it has started yet or not."""
        return Address(self.cell(name))

    def cell(self, name: str, capacity: int | None = None) -> Cell:
        """Return the cell at a path, made on first use. A capacity bounds its mailbox; None leaves it as it is."""
        with self._lock:
            cell = self._cells.get(name)
            if cell is None:
                size = capacity or _DEFAULT_CAPACITY
                cell = self._cells[name] = Cell(name, size, self.clock, self.dead_letters, self._home)
                if self._state in _OVER:
                    cell.close(_OVER[self._state])
            elif capacity is not None:
                cell.mailbox.resize(capacity)
            return cell

    @property
    def root_loop(self) -> Home:
        """The trio loop on which supervisors live."""
        return self._trio

    @property
    def trio(self) -> TrioHome:
        """The trio loop, for those that must run something on it."""
        return self._trio

    def _home(self, kind: HomeKind) -> Home:
        """Return the loop of a kind; the asyncio one starts with the first actor that asks for it."""
        if kind is not ASYNCIO:
            return self._trio
        with self._lock:
            if self._asyncio is None:
                home = AsyncioHome(self.name, self.clock, self._loop_lost)
                home.start()
                self._asyncio = home
            return self._asyncio

    def home(self, kind: HomeKind) -> Home:
        """Return one of the system's event loops, for what is no actor but must run on it."""
        return self._home(kind)

    # -- life

    @property
    def state(self) -> SystemState:
        """Where the system is in its life."""
        return self._state

    @property
    def failure(self) -> BaseException | None:
        """What made the system fail, or None."""
        return self._failure

    def check_ready(self) -> None:
        """Raise unless the system takes requests.

        Raises:
            SystemNotRunning: It is not started, draining, stopped or failed.
            ForkedProcess: It belongs to the parent process.
        """
        if self._state is SystemState.READY and self._born == fork.generation():
            return
        fork.check(self._born, f"system {self.name!r}")
        why = f": {self._failure}" if self._failure is not None else ""
        raise SystemNotRunning(
            f"system {self.name!r} is {self._state}{why}",
            retry_after=_COME_BACK if self._state in _PASSING else None,
        )

    def start(self, tree: SupervisorSpec) -> Self:
        """Start the tree and return when all of it is ready.

        Raises:
            StartFailed: A child could not start; what had started is stopped again.
            SystemNotRunning: The system was started before.
        """
        fork.check(self._born, f"system {self.name!r}")
        with self._life:
            if self._state is not SystemState.NEW:
                raise SystemNotRunning(f"system {self.name!r} is {self._state}: a system starts once, make a new one")
            self._state = SystemState.STARTING
            try:
                self._trio.start()
                self._root = Supervisor(tree, "", self, self._root_failed)
                self._trio.run(self._root.start)
                self._become_ready()
            except BaseException as error:
                self._failure = error
                self._end(SystemState.FAILED)
                if isinstance(error, LegionError):
                    raise
                raise StartFailed(f"system {self.name!r} could not start: {error!r}") from error
        atexit.register(_shutdown_at_exit, weakref.ref(self))
        return self

    def _become_ready(self) -> None:
        with self._lock:
            if self._state is SystemState.STARTING:
                self._state = SystemState.READY
                return
        raise StartFailed(f"system {self.name!r} failed as soon as it had started: {self._failure!r}")

    def shutdown(self, drain: float = 5.0, told: Callable[[str], object] | None = None) -> None:
        """Stop: no new work is taken, running work may finish until the deadline, the rest is cancelled. May be called twice, or before the start.

        Args:
            drain: Seconds that running work gets.
            told: Called with the name of each child of the root that has stopped, on the trio loop; None: nobody.

        Raises:
            RuntimeFault: Called on one of the system's own loops, which it would wait for.
        """
        fork.check(self._born, f"system {self.name!r}")
        if loop_thread.home is not None:
            raise RuntimeFault("shutdown() waits for the actors' loops, so it cannot be called on one of them")
        with self._life:
            if self._state in (SystemState.NEW, SystemState.STOPPED):
                self._state = SystemState.STOPPED
                return
            failed = self._state is SystemState.FAILED
            self._state = SystemState.DRAINING
            if self._root is not None and not failed:
                self._stop_tree(drain, told)
            self._end(SystemState.STOPPED)

    def _stop_tree(self, drain: float, told: Callable[[str], object] | None) -> None:
        try:
            self._trio.run_while_it_turns(self._stop_root, drain, told)
        except RuntimeFault:  # blocked or lost: what is left ends with its loop
            logger.exception("system %s could not stop its actors in order", self.name)

    async def _stop_root(self, drain: float, told: Callable[[str], object] | None) -> None:
        assert self._root is not None
        await self._root.stop(self.clock.monotonic() + drain, final=True, told=told)

    def _end(self, state: SystemState) -> None:
        """Stop the loops and answer whoever still waits."""
        if self._asyncio is not None:
            self._asyncio.stop()
        self._trio.stop()
        self._close(state)

    def _close(self, state: SystemState) -> None:
        """Be over, with every cell there is and will be."""
        with self._lock:
            self._state = state
            cells = list(self._cells.values())
        for cell in cells:
            cell.close(_OVER[state])

    def _root_failed(self, _root: Supervised, end: Exit) -> None:
        """The root gave up: the system is failed, the host lives. Called on the trio loop."""
        logger.critical("system %s failed: %s", self.name, end.error)
        self._failure = end.error
        self._close(SystemState.FAILED)

    def _loop_lost(self, error: BaseException) -> None:
        """An event loop ended by an error that no supervisor saw: nothing can be answered any more. Called on the thread of that loop."""
        logger.critical("a loop of system %s ended", self.name, exc_info=error)
        if self._state is not SystemState.STOPPED:
            self._failure = error
            self._close(SystemState.FAILED)

    # -- children that come and go

    def add(self, supervisor: str, spec: ChildSpec) -> Address:
        """Start one more actor under the supervisor at a path ("" is the root) and return its address. From a host's thread.

        Raises:
            NotFoundError: There is no such supervisor.
            StartFailed: The actor could not start.
        """
        self.check_ready()
        branch = self._branch(supervisor)
        self._trio.run(branch.add, spec)
        return self.address(f"{supervisor}/{spec.name}" if supervisor else spec.name)

    def remove(self, supervisor: str, name: str, drain: float = 5.0) -> None:
        """Stop an actor and forget it. From a host's thread.

        Raises:
            NotFoundError: There is no such supervisor.
        """
        self.check_ready()
        path = f"{supervisor}/{name}" if supervisor else name
        self._trio.run(self._branch(supervisor).remove, path, self.clock.monotonic() + drain)

    def renew(self, path: str, drain: float = 1.0) -> None:
        """Stop an actor and start it again, as its factory makes it now. What comes meanwhile waits for it. From a host's thread.

        Args:
            path: The actor's path in the tree.
            drain: Seconds for which what it is doing may go on.

        Raises:
            NotFoundError: There is no such actor.
            StartFailed: It could not start; it is tried again as after a crash.
        """
        self.check_ready()
        supervisor, _, _ = path.rpartition("/")
        self._trio.run(self._branch(supervisor).renew, path, self.clock.monotonic() + drain)

    def remove_after(self, seconds: float, supervisor: str, name: str, unless: Callable[[], bool]) -> None:
        """Have an actor stopped and forgotten when those who still know it have had so many seconds; nobody waits for it.

        Args:
            seconds: Seconds from now.
            supervisor: Path of its supervisor.
            name: Its name there.
            unless: Asked then, on the actors' trio loop: whether it shall stay after all.

        Raises:
            NotFoundError: There is no such supervisor.
        """
        branch = self._branch(supervisor)

        async def remove() -> None:
            await trio.sleep(seconds)
            if not unless():
                await branch.remove(f"{supervisor}/{name}", self.clock.monotonic())

        self._trio.spawn(remove)

    def _branch(self, path: str) -> Supervisor:
        found = self._root.branch(path) if self._root is not None else None
        if found is None:
            raise NotFoundError(f"no supervisor {path!r}")
        return found

    # -- inspection

    def inspect(self, path: str = "", timeout: float = 1.0) -> dict[str, Any]:
        """Describe the system, or one actor with its own state. From a host's thread.

        Args:
            path: "" for the whole tree, else an actor's path.
            timeout: Seconds an actor gets to describe its state; a busy one is described without it.

        Raises:
            NotFoundError: There is no such actor.
        """
        if not path:
            return self.describe()
        cell, reply = self._ask_state(path)
        try:
            state: object = reply.get(timeout)
        except LegionError as error:
            state = {"unavailable": str(error)}
        return {**cell.describe(), "snapshot": state}

    async def inspect_async(self, path: str = "", timeout: float = 1.0) -> dict[str, Any]:
        """Describe the system, or one actor, from a coroutine of either library. Arguments and errors as `inspect`."""
        if not path:
            return self.describe()
        cell, reply = self._ask_state(path)
        try:
            state: object = await reply.within(timeout)
        except LegionError as error:
            state = {"unavailable": str(error)}
        return {**cell.describe(), "snapshot": state}

    def describe(self) -> dict[str, Any]:
        """Return the whole tree as plain data; asks no actor, so it answers whatever they do.

        Raises:
            ForkedProcess: It lives in the parent process.
        """
        fork.check(self._born, f"system {self.name!r}")
        return {
            "name": self.name,
            "state": str(self._state),
            "failure": repr(self._failure) if self._failure is not None else None,
            "tree": self._root.describe() if self._root is not None else None,
            "dead_letters": self.dead_letters.describe(),
        }

    def _ask_state(self, path: str) -> tuple[Cell, Reply[Any]]:
        fork.check(self._born, f"system {self.name!r}")
        cell = self._known(path)
        return cell, Address(cell).request(Inspect())

    def mailbox(self, path: str) -> dict[str, Any]:
        """Describe what waits in an actor's mailbox; asks nobody.

        Raises:
            NotFoundError: There is no such actor.
        """
        described = self._known(path).describe()
        return {name: described[name] for name in ("name", "state", "mailbox")}

    def _known(self, path: str) -> Cell:
        with self._lock:
            cell = self._cells.get(path)
        if cell is None or cell.state is CellState.EMPTY:
            raise NotFoundError(f"no actor {path!r}; actors: {', '.join(sorted(self._cells))}")
        return cell

    def kill(self, path: str, reason: str = "killed") -> None:
        """Make an actor crash, as a bug would; its supervisor decides what follows.

        Raises:
            NotFoundError: There is no such actor.
        """
        with self._lock:
            cell = self._cells.get(path)
        if cell is None:
            raise NotFoundError(f"no actor {path!r}")
        Address(cell).tell(Kill(reason=reason))


def _shutdown_at_exit(reference: weakref.ref[ActorSystem]) -> None:
    system = reference()
    if system is not None and system._born == fork.generation():  # noqa: SLF001 - a function of this module
        system.shutdown(drain=0.0)

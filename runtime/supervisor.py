"""A supervisor: starts its children in order, restarts them by its strategy, stops them in reverse, gives up upwards."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import attrs
import trio

from ..messages.errors import NotFoundError, StartFailed
from .cell import Cell, CellState
from .child import ActorChild, Supervised
from .clock import Clock
from .decisions import Ending, Exit, RestartLedger, affected, restarts
from .home import Home
from .specs import Child, ChildSpec, Restart, Strategy, SupervisorSpec

logger = logging.getLogger(__name__)


class Ground(Protocol):
    """What a supervisor needs of the system it stands in."""

    clock: Clock

    @property
    def root_loop(self) -> Home:
        """The trio loop on which supervisors live."""

    def cell(self, name: str, capacity: int) -> Cell:
        """Return the cell for an actor's path, made on first use."""


@attrs.define(eq=False)
class _Flow:
    """A restart under way.

    Attributes:
        ended: The children that ended and were not started again yet.
        scope: Cancelled when there is nothing to restart any more: the supervisor stops, or the child is removed.
    """

    ended: list[Supervised]
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)


class Supervisor:
    """One branch of the tree. All of it happens on the trio loop."""

    def __init__(
        self, spec: SupervisorSpec, path: str, ground: Ground, ended: Callable[[Supervised, Exit], None]
    ) -> None:
        self.spec = spec
        self.name = path
        self._ground = ground
        self._ended = ended
        self._children: list[Supervised] = [self._child(child) for child in spec.children]
        self._ledger = RestartLedger(spec.intensity, random.random)
        # Restarts under way: by child for one_for_one, else one for the whole branch.
        self._flows: dict[Supervised | None, _Flow] = {}
        # Children that are being added or removed: their names are taken, but they are not restarted.
        self._arriving: list[Supervised] = []
        self._leaving: list[Supervised] = []
        # Children that ended before their start, or the whole branch's, was over.
        self._early: list[tuple[Supervised, Exit]] = []
        self._state = CellState.EMPTY

    @property
    def restart(self) -> Restart:
        """Whether its own supervisor starts it again."""
        return self.spec.restart

    def _child(self, spec: Child) -> Supervised:
        path = self._path(spec)
        if isinstance(spec, SupervisorSpec):
            return Supervisor(spec, path, self._ground, self._child_ended)
        cell = self._ground.cell(path, spec.mailbox_capacity)
        return ActorChild(cell, spec, self._ground.root_loop, self._child_ended)

    def _path(self, spec: Child) -> str:
        return f"{self.name}/{spec.name}" if self.name else spec.name

    # -- start and stop

    async def start(self) -> None:
        """Start the children in order; if one fails, the others are stopped again."""
        self._state = CellState.STARTING
        started: list[Supervised] = []
        for child in tuple(self._children):
            try:
                await child.start()
            except Exception as error:
                await self._stop_children(started, self._ground.clock.monotonic(), final=False)
                self._state = CellState.FAILED
                self._early.clear()
                raise StartFailed(f"{child.name!r} could not start: {error}") from error
            started.append(child)
        self._state = CellState.READY
        self._hear_early()

    def _hear_early(self) -> None:
        """Decide about children that ended while there was nobody to decide."""
        early, self._early = self._early, []
        for child, end in early:
            self._child_ended(child, end)

    async def stop(self, deadline: float, *, final: bool, told: Callable[[str], object] | None = None) -> None:
        """Stop the children in reverse order; `told` hears the name of each that has stopped."""
        self._state = CellState.DRAINING
        self._cancel_restarts()
        for child in reversed([*self._children, *self._leaving]):
            await child.stop(deadline, final=final)
            if told is not None:
                told(child.name)
        self._state = CellState.STOPPED

    def _cancel_restarts(self) -> None:
        for flow in self._flows.values():
            flow.scope.cancel()
        self._flows.clear()
        self._early.clear()

    async def _stop_children(self, children: Sequence[Supervised], deadline: float, *, final: bool) -> None:
        for child in reversed(children):
            await child.stop(deadline, final=final)

    # -- a child ended by itself

    def _child_ended(self, child: Supervised, end: Exit) -> None:
        if self._state is CellState.STARTING or child in self._arriving:
            self._early.append((child, end))
            return
        if self._state is not CellState.READY or child not in self._children:
            return
        if not restarts(child.restart, end.ending):
            self._let_go(child, end)
            return
        logger.warning("%s ended (%s); restarting", child.name, end.error or end.ending)
        child.restarting()
        key = child if self.spec.strategy is Strategy.ONE_FOR_ONE else None
        if key in self._flows:
            self._flows[key].ended.append(child)
            return
        flow = self._flows[key] = _Flow([child])
        self._ground.root_loop.spawn(self._restart, key, flow, end.error)

    def _let_go(self, child: Supervised, end: Exit) -> None:
        child.close(CellState.FAILED if end.ending is Ending.CRASHED else CellState.STOPPED)
        if child.restart is Restart.TEMPORARY:
            self._children.remove(child)

    async def _restart(self, key: Supervised | None, flow: _Flow, error: BaseException | None) -> None:
        """Restart until the children run, the limits are reached, or there is nothing to restart any more."""
        with flow.scope:
            while flow.ended:
                delay = self._ledger.next_delay(self._ground.clock.monotonic())
                if delay is None:
                    break
                error = await self._restart_once(flow, delay, error)
        if self._flows.get(key) is not flow:  # cancelled
            return
        del self._flows[key]
        if flow.ended:
            await self._give_up(error)

    async def _restart_once(self, flow: _Flow, delay: float, error: BaseException | None) -> BaseException | None:
        ended = tuple(flow.ended)
        flow.ended.clear()
        group = await self._clear_the_way(ended)
        await trio.sleep(delay)
        for child in group:
            # Whoever cancelled may have stopped this child already, so it must not be started once more before the news arrives.
            await trio.lowlevel.checkpoint_if_cancelled()
            if child not in self._children:
                continue  # removed meanwhile
            try:
                await child.start()
            except Exception as failure:  # noqa: BLE001 - a start that fails is one more crash; the limits decide
                logger.warning("%s could not start again: %s", child.name, failure)
                flow.ended.append(child)
                return failure
        return error

    async def _clear_the_way(self, ended: Sequence[Supervised]) -> list[Supervised]:
        """Stop those that are restarted with the children that ended, and return all that are to be started, in order."""
        group = self._group(ended)
        await self._stop_children(group, self._ground.clock.monotonic(), final=False)
        for child in group:
            if child in ended or child not in self._children:
                continue
            if child.restart is Restart.TEMPORARY:
                self._let_go(child, Exit(ending=Ending.NORMAL))
            else:
                child.restarting()
        return group

    def _group(self, ended: Sequence[Supervised]) -> list[Supervised]:
        present = [index for index, child in enumerate(self._children) if child in ended]
        if not present:
            return []  # removed meanwhile
        return [self._children[index] for index in affected(self.spec.strategy, present[0], len(self._children))]

    async def _give_up(self, error: BaseException | None) -> None:
        limit = self.spec.intensity
        logger.error(
            "supervisor %s gives up: more than %d restarts in %s s",
            self.name or "root",
            limit.max_restarts,
            limit.max_seconds,
        )
        self._state = CellState.FAILED
        self._cancel_restarts()
        await self._stop_children(self._children, self._ground.clock.monotonic(), final=False)
        if self._state is CellState.FAILED:  # else the one above has stopped it, or started it again, meanwhile
            self._ended(self, Exit(ending=Ending.CRASHED, error=error))

    # -- children that come and go

    async def add(self, spec: ChildSpec) -> None:
        """Start one more child.

        Raises:
            StartFailed: It could not start, its name is taken, or this supervisor itself is down.
        """
        path = self._path(spec)
        if any(known.name == path for known in (*self._children, *self._arriving, *self._leaving)):
            raise StartFailed(f"there is a child {path!r} already")
        self._check_up(path)
        child = self._child(spec)
        self._arriving.append(child)
        try:
            await child.start()
        except Exception as error:
            child.close(CellState.FAILED)
            raise StartFailed(f"{path!r} could not start: {error}") from error
        finally:
            self._arriving.remove(child)
        if self._state is not CellState.READY:
            await child.stop(self._ground.clock.monotonic(), final=True)
            self._check_up(path)
        self._children.append(child)
        self._hear_early()

    def _check_up(self, path: str) -> None:
        if self._state is not CellState.READY:
            raise StartFailed(f"{path!r} could not start: supervisor {self.name or 'root'!r} is {self._state}")

    async def remove(self, name: str, deadline: float) -> None:
        """Stop a child and forget it; no error if there is none of that name."""
        for child in [child for child in self._children if child.name == name]:
            self._children.remove(child)
            self._leaving.append(child)
            flow = self._flows.pop(child, None)
            if flow is not None:
                flow.scope.cancel()
            try:
                await child.stop(deadline, final=True)
            finally:
                self._leaving.remove(child)

    async def renew(self, name: str, deadline: float) -> None:
        """Stop a child and start it again, as its factory makes it now; what comes meanwhile waits in its mailbox.

        Raises:
            NotFoundError: There is no such child.
            StartFailed: It could not start; it is tried again as after a crash.
        """
        child = next((child for child in self._children if child.name == name), None)
        if child is None:
            raise NotFoundError(f"no actor {name!r}")
        if child in self._flows:
            return  # it is being started anew already
        await child.stop(deadline, final=False)
        if child not in self._children or not self._is_up():
            return  # removed, or all stop: there is nothing to start any more
        child.restarting()
        try:
            await child.start()
        except Exception as error:
            self._child_ended(child, Exit(ending=Ending.CRASHED, error=error))
            raise StartFailed(f"{name!r} could not start again: {error}") from error
        if not self._is_up():
            await child.stop(self._ground.clock.monotonic(), final=True)

    def _is_up(self) -> bool:
        return self._state is CellState.READY

    def branch(self, path: str) -> Supervisor | None:
        """Return the supervisor at a path below this one, or itself for its own path."""
        if path == self.name:
            return self
        branches = [child for child in self._children if isinstance(child, Supervisor)]
        return next((found for child in branches if (found := child.branch(path)) is not None), None)

    # -- as a child of another supervisor

    def close(self, state: CellState) -> None:
        """Close every mailbox of the branch."""
        self._state = state
        for child in self._children:
            child.close(state)

    def restarting(self) -> None:
        """Note that the branch is down and will be started again."""
        self._state = CellState.RESTARTING
        for child in self._children:
            child.restarting()

    def describe(self) -> dict[str, object]:
        """Return the branch as plain data."""
        return {
            "name": self.name,
            "state": str(self._state),
            "strategy": str(self.spec.strategy),
            "restart": str(self.spec.restart),
            "children": [child.describe() for child in tuple(self._children)],
        }

"""A supervisor: starts its children in order, restarts them by its strategy, stops them in reverse, gives up upwards."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import trio

from ..messages.errors import StartFailed
from .cell import Cell, CellState
from .child import ActorChild, Supervised
from .clock import Clock
from .decisions import Ending, Exit, RestartLedger, affected, restarts
from .home import Home
from .specs import Child, ChildSpec, Restart, Strategy, SupervisorSpec

logger = logging.getLogger(__name__)

# While children wait for their restart, expired messages in their mailboxes are answered this often.
_EXPIRY_INTERVAL = 0.1


class Ground(Protocol):
    """What a supervisor needs of the system it stands in."""

    clock: Clock

    @property
    def root_loop(self) -> Home:
        """The trio loop on which supervisors live."""

    def cell(self, name: str, capacity: int) -> Cell:
        """Return the cell for an actor's path, made on first use."""


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
        # Restarts under way: by child for one_for_one, else one for the whole branch. Each holds the children that ended meanwhile.
        self._flows: dict[int, list[Supervised]] = {}
        self._scopes: dict[int, trio.CancelScope] = {}
        self._state = CellState.EMPTY

    @property
    def restart(self) -> Restart:
        """Whether its own supervisor starts it again."""
        return self.spec.restart

    def _child(self, spec: Child) -> Supervised:
        path = f"{self.name}/{spec.name}" if self.name else spec.name
        if isinstance(spec, SupervisorSpec):
            return Supervisor(spec, path, self._ground, self._child_ended)
        cell = self._ground.cell(path, spec.mailbox_capacity)
        return ActorChild(cell, spec, self._ground.root_loop, self._child_ended)

    # -- start and stop

    async def start(self) -> None:
        """Start the children in order; if one fails, the others are stopped again."""
        self._state = CellState.STARTING
        for number, child in enumerate(self._children):
            try:
                await child.start()
            except Exception as error:
                await self._stop_children(self._children[:number], self._ground.clock.monotonic(), final=False)
                self._state = CellState.FAILED
                raise StartFailed(f"{child.name!r} could not start: {error}") from error
        self._state = CellState.READY

    async def stop(self, deadline: float, *, final: bool) -> None:
        """Stop the children in reverse order."""
        self._state = CellState.DRAINING
        self._cancel_restarts()
        await self._stop_children(self._children, deadline, final=final)
        self._state = CellState.STOPPED

    def _cancel_restarts(self) -> None:
        for scope in tuple(self._scopes.values()):
            scope.cancel()

    async def _stop_children(self, children: Sequence[Supervised], deadline: float, *, final: bool) -> None:
        for child in reversed(children):
            await child.stop(deadline, final=final)

    # -- a child ended by itself

    def _child_ended(self, child: Supervised, end: Exit) -> None:
        if self._state is not CellState.READY or child not in self._children:
            return
        if not restarts(child.restart, end.ending):
            self._let_go(child, end)
            return
        logger.warning("%s ended (%s); restarting", child.name, end.error or end.ending)
        child.restarting()
        key = self._children.index(child) if self.spec.strategy is Strategy.ONE_FOR_ONE else 0
        flow = self._flows.get(key)
        if flow is not None:
            flow.append(child)
            return
        self._flows[key] = [child]
        self._ground.root_loop.spawn(self._restart, key, end)

    def _let_go(self, child: Supervised, end: Exit) -> None:
        child.close(CellState.FAILED if end.ending is Ending.CRASHED else CellState.STOPPED)
        if child.restart is Restart.TEMPORARY:
            self._children.remove(child)

    async def _restart(self, key: int, end: Exit) -> None:
        """Restart until the children run, the limits are reached, or the supervisor is stopped."""
        waiting = self._flows[key]
        error = end.error
        with trio.CancelScope() as scope:
            self._scopes[key] = scope
            while waiting:
                delay = self._ledger.next_delay(self._ground.clock.monotonic())
                if delay is None:
                    break
                error = await self._restart_once(waiting, delay, error)
        self._flows.pop(key, None)
        self._scopes.pop(key, None)
        if waiting and self._state is CellState.READY:
            await self._give_up(error)

    async def _restart_once(
        self, waiting: list[Supervised], delay: float, error: BaseException | None
    ) -> BaseException | None:
        group = self._group(waiting)
        waiting.clear()
        await self._stop_children(group, self._ground.clock.monotonic(), final=False)
        await self._back_off(delay, group)
        for child in group:
            try:
                await child.start()
            except Exception as failure:  # noqa: BLE001 - a start that fails is one more crash; the limits decide
                logger.warning("%s could not start again: %s", child.name, failure)
                waiting.append(child)
                return failure
        return error

    def _group(self, ended: Sequence[Supervised]) -> list[Supervised]:
        first = min(self._children.index(child) for child in ended)
        return [self._children[index] for index in affected(self.spec.strategy, first, len(self._children))]

    async def _back_off(self, delay: float, group: Sequence[Supervised]) -> None:
        end = self._ground.clock.monotonic() + delay
        while (left := end - self._ground.clock.monotonic()) > 0:
            for child in group:
                child.expire()
            await trio.sleep(min(left, _EXPIRY_INTERVAL))

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
        self._ended(self, Exit(ending=Ending.CRASHED, error=error))

    # -- children that come and go

    async def add(self, spec: ChildSpec) -> None:
        """Start one more child.

        Raises:
            StartFailed: It could not start, or its name is taken.
        """
        child = self._child(spec)
        if any(known.name == child.name for known in self._children):
            raise StartFailed(f"there is a child {child.name!r} already")
        try:
            await child.start()
        except Exception as error:
            raise StartFailed(f"{child.name!r} could not start: {error}") from error
        self._children.append(child)

    async def remove(self, name: str, deadline: float) -> None:
        """Stop a child and forget it; no error if there is none of that name."""
        for child in [child for child in self._children if child.name == name]:
            self._children.remove(child)
            await child.stop(deadline, final=True)

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

    def expire(self) -> None:
        """Answer expired messages of the whole branch."""
        for child in self._children:
            child.expire()

    def describe(self) -> dict[str, object]:
        """Return the branch as plain data."""
        return {
            "name": self.name,
            "state": str(self._state),
            "strategy": str(self.spec.strategy),
            "restart": str(self.spec.restart),
            "children": [child.describe() for child in tuple(self._children)],
        }

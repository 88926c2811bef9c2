"""One incarnation of an actor: from its construction to its end, on either event loop."""

from __future__ import annotations

import contextlib
import inspect
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pykka

from ..messages.errors import ActorCrashed, ActorStopped, LegionError, RuntimeFault, UnhandledMessage
from .actor import Actor, birth
from .bugs import Killed, described, is_bug
from .cell import Cell, CellState
from .decisions import Ending, Exit
from .envelope import Envelope, current_ask
from .handlers import Handler, Mode
from .home import Home, Tasks
from .interruption import expired
from .pending import Pending
from .redaction import plain
from .specs import ChildSpec, Restart
from .system_messages import Inspect, Kill, Stop, is_pykka_stop, is_system

logger = logging.getLogger(__name__)

# After so many messages in a row the other tasks of the loop get a turn; a decider that is flooded must not starve the sockets.
_TURN = 64


class Process:
    """Runs one actor until it stops or crashes. All of it happens on the actor's own loop.

    Attributes:
        home: That loop.
    """

    def __init__(self, cell: Cell, spec: ChildSpec, home: Home) -> None:
        self.home = home
        self._cell = cell
        self._spec = spec
        self._parker = home.parker()
        self._actor: Actor[Any] | None = None
        self._tasks: Tasks | None = None
        self._bound: dict[type, tuple[Callable[..., Any], Handler]] = {}
        self._running = 0
        self._turn = 0
        self._started = False
        self._guests: set[Envelope] = set()
        self._exclusive = False
        self._stop: Stop | None = None
        self._stop_askers: list[Envelope] = []
        self._crash: BaseException | None = None

    # -- the life

    async def run(self, ready: Callable[[], None]) -> Exit:
        """Live: construct, start, take messages, stop. `ready` is called when messages are taken.

        Returns:
            How it ended. Every message that was taken has been answered by then.
        """
        cell = self._cell
        cell.process = self
        cell.mailbox.attach(self._parker.unpark)
        try:
            return await self._live(ready)
        except BaseException as error:  # this is where bugs of actors end: the supervisor decides
            if not is_bug(error):
                raise
            self._note_crash(error)
            return Exit(ending=Ending.CRASHED, error=error)
        finally:
            self._exclusive = False
            if cell.process is self:  # else this one was left behind, and another lives now
                cell.process = None
                cell.waits_for = []
                cell.statistics.current = None
            for envelope in self._stop_askers:
                if envelope.reply_to is not None:
                    envelope.reply_to.set(True)
            if self._actor is not None:
                self._actor.actor_stopped.set()
                pykka.ActorRegistry.unregister(self._actor.actor_ref)

    async def _live(self, ready: Callable[[], None]) -> Exit:
        # Constructed outside the task scope, which would wrap an error into a group.
        self._actor = actor = birth.of(self._cell, self._spec.factory)
        actor._process = self  # noqa: SLF001 - the two halves of one thing
        self._bound = {message: (getattr(actor, row.method), row) for message, row in actor.handlers.items()}
        pykka.ActorRegistry.register(actor.actor_ref)
        async with self.home.open_tasks() as self._tasks:
            try:
                await self._start(actor, ready)
                await self._take_messages()
            finally:
                self._tasks.cancel()
                self._dismiss_guests()
        while self._running:  # guests, who unwind in their askers' tasks
            await self._parker.park()
        if self._crash is None and self._started:
            await self._clean_up(actor)
        if self._crash is not None:
            raise self._crash
        return Exit(ending=Ending.NORMAL)

    async def _start(self, actor: Actor[Any], ready: Callable[[], None]) -> None:
        await self._call_hook(actor.on_start)
        if self._crash is None:
            self._started = True
            ready()

    async def _clean_up(self, actor: Actor[Any]) -> None:
        """Run `on_stop` in a scope of its own, so that the supervisor's patience ends it, too."""
        async with self.home.open_tasks() as self._tasks:
            try:
                await self._call_hook(actor.on_stop)
            finally:
                self._tasks.cancel()

    async def _call_hook(self, hook: Callable[[], Any]) -> None:
        """Run a hook, `def` as pykka's are or `async def`. A bug is raised by `_live` outside the task scope, which would wrap it into a group."""
        try:
            value = hook()
            if inspect.isawaitable(value):
                await value
        except BaseException as error:
            if not is_bug(error):
                raise
            self._crash = error

    async def _take_messages(self) -> None:
        """Take messages until a crash, or until a stop and the end of what was queued and began before it."""
        mailbox, parker = self._cell.mailbox, self._parker
        while self._crash is None:
            envelope = mailbox.take(system_only=self._exclusive or self._abandons_queue())
            if envelope is None:
                if self._stop is not None and (not self._running or self._stop_is_due()):
                    return
                if not await self.home.park_until(parker, self._wake_at()):
                    self._cell.expire()
                continue
            if is_system(envelope.message):
                self._handle_system(envelope)
            else:
                self._handle(envelope)
            await self._take_turn()

    async def _take_turn(self) -> None:
        """Let others run now and then; never between the taking and the handling of a message, which a cancellation here would lose."""
        self._turn += 1
        if self._turn % _TURN == 0:
            await self.home.checkpoint()

    def _abandons_queue(self) -> bool:
        """Whether what is queued is left alone: a restart keeps it for the next incarnation, a passed deadline leaves it unhandled."""
        if self._stop is None:
            return False
        return not self._stop.final or (self._stop_is_due() and not (self._actor is not None and self._actor.hears_out))

    def _stop_is_due(self) -> bool:
        """Whether a stop's deadline has passed: what still runs is cancelled."""
        return self._stop is not None and self._stop.deadline <= self._cell.clock.monotonic()

    def _wake_at(self) -> float:
        """Return when to wake without a message: at the stop's deadline, or when a message expires that nobody takes now."""
        deadline = self._stop.deadline if self._stop is not None else math.inf
        takes_none = self._exclusive or self._stop is not None
        return min(deadline, self._cell.mailbox.next_deadline()) if takes_none else deadline

    # -- messages

    def _handle(self, envelope: Envelope) -> None:
        pair = self._admit(envelope)
        if pair is None:
            return
        function, row = pair
        if row.mode is Mode.PLAIN:
            self._call(function, envelope)
            return
        self._begin_task(row, envelope)
        assert self._tasks is not None
        self._tasks.start(self._run_task, function, row, envelope)

    def _admit(self, envelope: Envelope) -> tuple[Callable[..., Any], Handler] | None:
        """Return the handler for a message, or None where it needs none: nobody waits any more, it came too late, or it is not for this actor."""
        asker = envelope.reply_to
        if asker is not None and asker.cancelled:
            return None
        if envelope.deadline != math.inf:
            now = self._cell.clock.monotonic()
            if envelope.deadline <= now:
                self._cell.refuse(envelope, expired(envelope, now), "expired")
                return None
        pair = self._bound.get(type(envelope.message))
        if pair is None:
            self._unhandled(envelope)
            return None
        if pair[1].streams and envelope.sink is None:
            self._refuse_deaf(envelope)
            return None
        self._cell.statistics.handled += 1
        return pair

    # -- asks that need no mailbox

    def serves_here(self, message: Any) -> bool:
        """Whether an ask from a task of this very loop can be served in that task, without a wait for the mailbox.

        It can when the actor is idle with nothing queued, so that no message is overtaken. Nothing else differs: one handler of the actor's runs at a
        time, on the actor's own thread, and a bug ends the actor.
        """
        if self._exclusive or self._stop is not None or self._crash is not None or not self._cell.mailbox.idle:
            return False
        return type(message) in self._bound

    async def serve_here(self, envelope: Envelope) -> None:
        """Handle an ask in the asker's own task; saves two task switches, and for an `async def` handler the task itself."""
        pair = self._admit(envelope)
        if pair is None:
            return
        function, row = pair
        if row.mode is Mode.PLAIN:
            self._call(function, envelope)
        else:
            await self._serve_guest(function, row, envelope)
        # At the end, because after a pause the actor may be busy, or dead.
        self._turn += 1
        if self._turn % _TURN == 0:
            await self.home.checkpoint()

    async def _serve_guest(self, function: Callable[..., Awaitable[Any]], row: Handler, envelope: Envelope) -> None:
        outer = current_ask.get()
        self._guests.add(envelope)
        self._begin_task(row, envelope)
        try:
            await self._run_task(function, row, envelope)
        finally:
            self._guests.discard(envelope)
            current_ask.set(outer)

    def _dismiss_guests(self) -> None:
        """End the work that runs in askers' tasks: they hear why, and it is cancelled."""
        for envelope in tuple(self._guests):
            asker: Pending = envelope.reply_to
            asker.fail(self._why_cancelled())
            asker.give_up()

    def _begin_task(self, row: Handler, envelope: Envelope) -> None:
        self._running += 1
        statistics = self._cell.statistics
        statistics.tasks = self._running
        if row.mode is Mode.EXCLUSIVE:
            self._exclusive = True
            statistics.current = type(envelope.message).__name__
            statistics.current_since = self._cell.clock.monotonic()

    def _call(self, function: Callable[[Any], Any], envelope: Envelope) -> None:
        """Run a plain handler to completion."""
        started = time.perf_counter()
        asker = envelope.reply_to
        try:
            value = function(envelope.message)
        except LegionError as error:
            self._answer_failure(envelope, error)
        except BaseException as error:  # noqa: BLE001 - a bug: the asker hears, the actor dies; no loop ends a task inside a `def`
            self._crash_of(envelope, error)
        else:
            if asker is not None:
                asker.set(value)
        self._cell.statistics.durations.append(time.perf_counter() - started)

    async def _run_task(self, function: Callable[..., Awaitable[Any]], row: Handler, envelope: Envelope) -> None:
        """Run an `async def` handler in this task."""
        self._extend(envelope, row)
        current_ask.set(envelope)
        started = time.perf_counter()
        asker = envelope.reply_to
        args = (envelope.message, envelope.sink) if row.streams else (envelope.message,)
        try:
            value = await self.home.bounded(envelope, function, *args)
        except LegionError as error:
            self._answer_failure(envelope, error)
        except BaseException as error:  # a bug: the asker hears, and the actor dies if its state may be damaged
            if not is_bug(error):
                if asker is not None:  # the task is cancelled because the actor ends, unless the asker gave up
                    asker.fail(self._why_cancelled())
                raise
            if row.mode is Mode.SPAWNED:
                self._bug_in_task(envelope, error)
            else:
                self._crash_of(envelope, error)
        else:
            if asker is not None:
                asker.set(value)
        finally:
            self._end_task(row, started)

    def _end_task(self, row: Handler, started: float) -> None:
        self._running -= 1
        statistics = self._cell.statistics
        statistics.tasks = self._running
        statistics.durations.append(time.perf_counter() - started)
        if row.mode is Mode.EXCLUSIVE:
            self._exclusive = False
            statistics.current = None
            self._cell.waits_for = []
        if row.mode is Mode.EXCLUSIVE or self._stop is not None or self._crash is not None:
            self._parker.unpark()

    def _why_cancelled(self) -> LegionError:
        name = self._cell.name
        if self._crash is not None:
            return ActorCrashed(f"actor {name!r} crashed while it worked on this: {self._crash!r}", actor=name)
        return ActorStopped(f"actor {name!r} stopped before this was finished", actor=name)

    def _extend(self, envelope: Envelope, row: Handler) -> None:
        """Make the envelope what nested asks inherit: one step longer, and, for an exclusive handler, with this actor among those that wait."""
        envelope.path = (*envelope.path, self._cell.name)
        if row.mode is Mode.EXCLUSIVE:
            envelope.waiting = (*envelope.waiting, self._cell)
        else:
            envelope.beside = True

    # -- endings of a message

    def _answer_failure(self, envelope: Envelope, error: LegionError) -> None:
        """An expected failure is an answer; without an asker it is at least counted and logged."""
        self._cell.statistics.failed += 1
        if envelope.reply_to is not None:
            envelope.reply_to.fail(error)
            return
        self._cell.statistics.last_error = described(error)
        logger.warning("%s: %s failed: %s", self._cell.name, type(envelope.message).__name__, error)

    def _unhandled(self, envelope: Envelope) -> None:
        name, kind = self._cell.name, type(envelope.message).__name__
        self._cell.refuse(
            envelope, UnhandledMessage(f"actor {name!r} has no handler for {kind}", actor=name), "unhandled"
        )

    def _refuse_deaf(self, envelope: Envelope) -> None:
        """The handler would crash on the caller's mistake."""
        kind = type(envelope.message).__name__
        error = RuntimeFault(
            f"{kind} is answered by a stream: send it with stream(), or give ask() or request() a sink"
        )
        self._cell.refuse(envelope, error, "unhandled")

    def _crash_of(self, envelope: Envelope, error: BaseException) -> None:
        """The handler met a bug: tell its asker, and let the actor die."""
        self._crash = error
        self._fail_asker(envelope, error)
        self._parker.unpark()

    def _bug_in_task(self, envelope: Envelope, error: BaseException) -> None:
        """A spawned handler met a bug: tell its asker, count it, and go on, for it cannot have touched the actor's state."""
        self._cell.statistics.failed += 1
        self._cell.statistics.last_error = described(error)
        logger.error("%s: a task for %s crashed", self._cell.name, type(envelope.message).__name__, exc_info=error)
        self._fail_asker(envelope, error)

    def _fail_asker(self, envelope: Envelope, error: BaseException) -> None:
        if envelope.reply_to is None:
            self._cell.dead_letters.add(self._cell.name, envelope.message, "lost")
            return
        name = self._cell.name
        crashed = ActorCrashed(
            f"actor {name!r} crashed on {type(envelope.message).__name__}: {described(error)}", actor=name
        )
        crashed.__cause__ = error
        envelope.reply_to.fail(crashed)

    def _note_crash(self, error: BaseException) -> None:
        statistics = self._cell.statistics
        statistics.crashes += 1
        statistics.last_error = described(error)
        logger.error("actor %s crashed", self._cell.name, exc_info=None if isinstance(error, Killed) else error)

    # -- the runtime's own messages

    def _handle_system(self, envelope: Envelope) -> None:
        message = envelope.message
        if isinstance(message, Inspect):
            self._inspect(envelope)
        elif isinstance(message, Kill):
            self._crash = Killed(message.reason)
        elif isinstance(message, Stop):
            self._begin_stop(message, envelope)
        elif is_pykka_stop(message):
            self._begin_stop(Stop(deadline=math.inf, final=self._spec.restart is not Restart.PERMANENT), envelope)

    def _inspect(self, envelope: Envelope) -> None:
        assert self._actor is not None
        try:
            state = plain(self._actor.snapshot())
        except BaseException as error:  # noqa: BLE001 - a bug in a snapshot must not take the actor down
            state = {"snapshot_failed": described(error)}
        if envelope.reply_to is not None:
            envelope.reply_to.set(state)

    def _begin_stop(self, stop: Stop, envelope: Envelope | None) -> None:
        """Take what was queued before, unless the actor is to come back; a second stop can only bring the deadline forward."""
        if envelope is not None:
            self._stop_askers.append(envelope)
        if self._stop is not None:
            stop = Stop(deadline=min(stop.deadline, self._stop.deadline), final=stop.final or self._stop.final)
        self._stop = stop
        if stop.final:
            self._cell.state = CellState.DRAINING
            self._cell.mailbox.drain()

    # -- for the actor

    def request_stop(self) -> None:
        """Stop after the current message; what is queued waits for the next incarnation, or is refused if there will be none."""
        self._begin_stop(Stop(deadline=math.inf, final=False), None)
        self._parker.unpark()

    def abort(self) -> None:
        """Cancel everything, the message loop included; for an actor that did not stop in time. From any thread."""
        self.home.post(self._abort)

    def _abort(self) -> None:
        self._begin_stop(Stop(deadline=-math.inf, final=False), None)
        if self._tasks is not None:
            self._tasks.abort()

    def spawn(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start a background task of the actor."""
        assert self._tasks is not None
        self._tasks.start(self._run_background, function, args)

    def tell_later(self, delay: float, message: Any) -> None:
        """Queue a message to the actor itself after a delay."""
        assert self._tasks is not None
        self._tasks.start(self._deliver_at, self._cell.clock.monotonic() + delay, message)

    async def _run_background(self, function: Callable[..., Coroutine[Any, Any, None]], args: tuple[Any, ...]) -> None:
        current_ask.set(None)
        try:
            await function(*args)
        except BaseException as error:  # nobody asked for this task, so nobody else would hear of its end
            if not is_bug(error):
                raise
            self._crash = error
            self._parker.unpark()

    async def _deliver_at(self, moment: float, message: Any) -> None:
        await self.home.park_until(self.home.parker(), moment)
        with contextlib.suppress(LegionError):  # counted as a dead letter: the actor is stopping, or flooded
            self._cell.put(Envelope(message))

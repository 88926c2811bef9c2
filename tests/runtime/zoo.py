"""Messages, actors and a gate for the tests of the runtime; no LLM in sight."""

from __future__ import annotations

import threading

import attrs
import pytest
from legion_llm.messages.base import Message, StreamMessage
from legion_llm.messages.errors import LegionError
from legion_llm.runtime import ASYNCIO, TRIO, Actor, Sink, spawned
from legion_llm.runtime.home import loop_thread

# Only a hang ever takes this long.
SOON = 10.0

HOMES = pytest.mark.parametrize("home", [TRIO, ASYNCIO], ids=str)


@attrs.frozen(kw_only=True)
class Add(Message[int]):
    """Add to a number and return the sum."""

    number: int = 1


@attrs.frozen(kw_only=True)
class Note(Message[None]):
    """Write something down."""

    what: object = None


@attrs.frozen(kw_only=True)
class Notes(Message[tuple]):
    """What was written down?"""


@attrs.frozen(kw_only=True)
class Fail(Message[None]):
    """Fail with an expected error, or crash."""

    error: str = "expected"


@attrs.frozen(kw_only=True)
class Hold(Message[str]):
    """Answer when the gate opens.

    Attributes:
        gate: Its number.
    """

    gate: int = 0


@attrs.frozen(kw_only=True)
class Count(StreamMessage[int, int]):
    """Send the numbers up to `to`, and answer with how many there were."""

    to: int = 3
    fails: bool = False


class ExpectedError(LegionError):
    """An answer, not a bug."""


def wait_for(condition):
    """Return when it is true; polls, for what the runtime tells nobody."""
    poll = threading.Event()
    for _ in range(int(SOON / 0.002)):
        if condition():
            return
        poll.wait(0.002)
    raise AssertionError("it never came true")


def shown(system, name):
    """Return what the runtime knows about an actor, without asking it."""
    return system._cells[name].describe()


class Gate:
    """A door that tests open; actors of both loops wait before it, and say when they stand there.

    Attributes:
        arrived: Released once for each that stands before it.
        left: Released once for each that went away, let in or cancelled.
    """

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        self._open = threading.Event()
        self._parkers = []

    def open(self) -> None:
        self._open.set()
        for parker in tuple(self._parkers):
            parker.unpark()

    async def wait(self, home) -> None:
        parker = home.parker()
        self._parkers.append(parker)
        self.arrived.release()
        try:
            while not self._open.is_set():
                await parker.park()
        finally:
            self.left.release()

    def wait_arrived(self, count=1) -> None:
        for _ in range(count):
            assert self.arrived.acquire(timeout=SOON), "nobody came to the gate"

    def wait_left(self, count=1) -> None:
        for _ in range(count):
            assert self.left.acquire(timeout=SOON), "somebody still stands before the gate"


class Clerk(Actor[Add | Note | Notes | Fail]):
    """A decider: keeps a sum and a list of notes."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0
        self.notes: list[object] = []

    def on_add(self, message: Add) -> int:
        self.sum += message.number
        return self.sum

    def on_note(self, message: Note) -> None:
        self.notes.append(message.what)

    def on_notes(self, _message: Notes) -> tuple:
        return tuple(self.notes)

    def on_fail(self, message: Fail) -> None:
        if message.error == "expected":
            raise ExpectedError("as expected")
        raise {"bug": ValueError, "exit": SystemExit, "interrupt": KeyboardInterrupt}[message.error](message.error)

    def snapshot(self):
        return {"sum": self.sum}


class Porter(Actor[Hold | Fail | Add]):
    """Takes one message at a time, and waits before a gate in between."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    async def on_hold(self, message: Hold) -> str:
        await self._gate.wait(loop_thread.home)
        return f"through {message.gate}"

    async def on_fail(self, message: Fail) -> None:
        if message.error == "expected":
            raise ExpectedError("as expected")
        raise {"bug": ValueError, "exit": SystemExit, "interrupt": KeyboardInterrupt}[message.error](message.error)

    async def on_add(self, message: Add) -> int:
        return message.number + 1


class Doer(Actor[Hold | Fail | Count]):
    """Works at many things at once."""

    def __init__(self, gate: Gate | None = None) -> None:
        super().__init__()
        self._gate = gate or Gate()

    @spawned
    async def on_hold(self, message: Hold) -> str:
        await self._gate.wait(loop_thread.home)
        return f"through {message.gate}"

    @spawned
    async def on_fail(self, message: Fail) -> None:
        if message.error == "expected":
            raise ExpectedError("as expected")
        raise {"bug": ValueError, "exit": SystemExit, "interrupt": KeyboardInterrupt}[message.error](message.error)

    @spawned
    async def on_count(self, message: Count, sink: Sink) -> int:
        for number in range(message.to):
            await sink.send(number)
        if message.fails:
            raise ExpectedError("after the last number")
        return message.to


class Asker(Actor[Hold | Add]):
    """Hands what it is asked on to another."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    @spawned
    async def on_hold(self, message: Hold) -> str:
        return await self._other.ask(message)

    @spawned
    async def on_add(self, message: Add) -> int:
        return await self._other.ask(message)

"""Targets, and connections that end their attempts as the test wrote down."""

from __future__ import annotations

import collections
import math

import pytest
import trio
from legion_llm.actors.inference.attempts.attempts import Attempts, AttemptsConfig
from legion_llm.messages.chat import ChatMessage, Request, Response
from legion_llm.messages.routing import Resolution, Target
from legion_llm.messages.settings import RetrySettings


def target(name: str, *, model: str = "m", tier: str = "cloud", **fields) -> Target:
    return Target(instance=name, model=model, tier=tier, **fields)


class TrioClock:
    """The clock of the test's own trio loop, so that a mock clock moves everything."""

    def monotonic(self) -> float:
        return trio.current_time()

    def time(self) -> float:
        return trio.current_time()


class Connections:
    """What `Attempts` asks: every attempt ends as written, and is noted.

    An end is an answer, an error, or a function of the message that is awaited for one of the two.
    """

    def __init__(self, ends):
        self._ends = {name: collections.deque(row) for name, row in ends.items()}
        self.calls: list[tuple[str, int, float]] = []
        self.cancelled: list[str] = []

    def __call__(self, instance):
        return _Connection(self, instance)

    @property
    def order(self) -> str:
        """Who was asked, in one word."""
        return "".join(instance for instance, _, _ in self.calls)

    async def ask(self, instance, message, sink):
        self.calls.append((instance, message.attempt, trio.current_time()))
        row = self._ends[instance]
        end = row.popleft() if row else answer(f"of {instance}")
        try:
            await trio.lowlevel.checkpoint()
            if callable(end):
                end = await (end(message, sink) if sink is not None else end(message))
        except trio.Cancelled:
            self.cancelled.append(instance)
            raise
        if isinstance(end, Exception):
            raise end
        return end


class _Connection:
    def __init__(self, connections, instance):
        self._connections = connections
        self._instance = instance

    async def ask(self, message, *, sink=None):
        return await self._connections.ask(self._instance, message, sink)


class Ear:
    """Hears what is told to health."""

    def __init__(self):
        self.heard = []

    def offer(self, message):
        self.heard.append(message)


class Run:
    """One request on its way through `Attempts`, with what came of it."""

    def __init__(self, attempts, connections, request, resolution, health, told):
        self.attempts = attempts
        self.health = health
        self.connections = connections
        self.request = request
        self.resolution = resolution
        self.told = told

    async def __call__(self, *, deadline=math.inf, sink=None, **more):
        more = {"started": trio.current_time(), "deadline": deadline, "told": self.told.append, **more}
        if sink is None:
            return await self.attempts.whole(self.request, self.resolution, **more)
        return await self.attempts.streamed(self.request, self.resolution, sink, **more)


def answer(text: str = "hello", **fields) -> Response:
    return Response(message=ChatMessage(role="assistant", content=text), **fields)


def candidates_of(names) -> tuple[Target, ...]:
    return tuple(target(name) if isinstance(name, str) else name for name in names)


@pytest.fixture
def answer_of():
    return answer


@pytest.fixture
def candidate():
    return target


@pytest.fixture
def run_of():
    """Return a function that prepares a request: `run_of("ab", a=[DOWN])` has candidates a and b, of which a fails once."""

    def build(names="abc", *, retries=None, request=None, config=None, **ends):
        targets, health = candidates_of(names), Ear()
        connections = Connections({each.instance: ends.get(each.instance, ()) for each in targets})
        config = config or {}
        attempts = Attempts(
            AttemptsConfig(retries=RetrySettings(**(retries or {})), **config),
            connection=connections,
            health=health,
            clock=TrioClock(),
        )
        request = Request(messages=(ChatMessage(content="hi"),), id="req_1", **(request or {}))
        resolution = Resolution(candidates=targets, strategy="explicit")
        return Run(attempts, connections, request, resolution, health.heard, [])

    return build

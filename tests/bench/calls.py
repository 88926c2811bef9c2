"""What one call costs, along every way into the house."""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import attrs
import httpx
import legion_llm
import pykka
import trio
from legion_llm.adapters.transport import LegionTransport, TransportLimits, read_limited
from legion_llm.messages.base import Message
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.routing import Infer
from legion_llm.runtime import ASYNCIO, Actor, ActorSystem, ChildSpec, SupervisorSpec, spawned

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
LIMITS = httpx.Limits(max_connections=512, max_keepalive_connections=512)


@attrs.frozen(kw_only=True)
class Cost:
    """Costs of one call.

    Attributes:
        cpu: Microseconds of CPU of the measuring process.
        wall: Microseconds of time, at the given number in flight.
    """

    cpu: float
    wall: float


@contextmanager
def measured(calls: int, into: list[Cost]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into.append(Cost(cpu=(time.process_time() - cpu) / calls * 1e6, wall=(time.perf_counter() - wall) / calls * 1e6))


async def in_flight_trio(call: Callable[[], Awaitable[object]], width: int, calls: int) -> None:
    async def worker(share: int) -> None:
        for _ in range(share):
            await call()

    async with trio.open_nursery() as nursery:
        for _ in range(width):
            nursery.start_soon(worker, calls // width)


async def _trio_cost(call: Callable[[], Awaitable[object]], width: int, calls: int) -> Cost:
    costs: list[Cost] = []
    await in_flight_trio(call, width, max(width, calls // 10))
    with measured(calls, costs):
        await in_flight_trio(call, width, calls)
    return costs[0]


def bare_httpx(url: str, width: int, calls: int) -> Cost:
    """The yardstick: `httpx.AsyncClient.post` on trio, the answer parsed."""

    async def main() -> Cost:
        async with httpx.AsyncClient(limits=LIMITS) as client:

            async def call() -> object:
                return (await client.post(f"{url}/chat/completions", json=BODY)).json()

            return await _trio_cost(call, width, calls)

    return trio.run(main)


def our_transport(url: str, width: int, calls: int) -> Cost:
    """Our transport alone, called directly."""

    async def main() -> Cost:
        target = httpx.URL(f"{url}/chat/completions")
        content = httpx.Request("POST", target, json=BODY).content
        async with LegionTransport(limits=TransportLimits(max_idle_per_origin=512)) as transport:

            async def call() -> object:
                request = httpx.Request("POST", target, headers={"content-type": "application/json"}, content=content)
                return await read_limited(await transport.handle_async_request(request), 1 << 20)

            return await _trio_cost(call, width, calls)

    return trio.run(main)


def transport_under_httpx(url: str, width: int, calls: int) -> Cost:
    """Our transport under httpx's client."""

    async def main() -> Cost:
        transport = LegionTransport(limits=TransportLimits(max_idle_per_origin=512))
        async with httpx.AsyncClient(transport=transport) as client:

            async def call() -> object:
                return (await client.post(f"{url}/chat/completions", json=BODY)).json()

            return await _trio_cost(call, width, calls)

    return trio.run(main)


def from_an_actor(legion: legion_llm.Legion, width: int, calls: int) -> Cost:
    """The whole path, asked from a task of the actors' own loop."""
    inference = legion._system.address("inference")

    async def call() -> object:
        return await inference.ask(Infer(request=Request(messages=(ChatMessage(content="Hello"),), model="m")))

    return legion._system.trio.run(_trio_cost, call, width, calls)


def from_trio(legion: legion_llm.Legion, width: int, calls: int) -> Cost:
    """`await legion.chat()` in a trio host."""

    async def call() -> object:
        return await legion.chat("Hello", model="m")

    return trio.run(_trio_cost, call, width, calls)


def from_asyncio(legion: legion_llm.Legion, width: int, calls: int) -> Cost:
    """`await legion.chat()` in an asyncio host."""

    async def worker(share: int) -> None:
        for _ in range(share):
            await legion.chat("Hello", model="m")

    async def main() -> Cost:
        costs: list[Cost] = []
        await asyncio.gather(*(worker(max(1, calls // 10 // width)) for _ in range(width)))
        with measured(calls, costs):
            await asyncio.gather(*(worker(calls // width) for _ in range(width)))
        return costs[0]

    return asyncio.run(main())


def from_a_thread(legion: legion_llm.Legion, width: int, calls: int) -> Cost:
    """`legion.chat().get()` in a plain thread, with a window of futures."""
    costs: list[Cost] = []
    window: collections.deque[legion_llm.Reply[legion_llm.Response]] = collections.deque()

    def run(count: int) -> None:
        for _ in range(count):
            window.append(legion.chat("Hello", model="m"))
            if len(window) >= width:
                window.popleft().get(timeout=30)
        while window:
            window.popleft().get(timeout=30)

    run(max(width, calls // 10))
    with measured(calls, costs):
        run(calls)
    return costs[0]


def streamed(legion: legion_llm.Legion, streams: int, chunks: int) -> Cost:
    """One chunk of a stream read in a plain thread, eight streams one after the other."""
    costs: list[Cost] = []
    for _ in legion.stream("Hello", model="m"):
        pass
    with measured(streams * chunks, costs):
        for _ in range(streams):
            for _ in legion.stream("Hello", model="m"):
                pass
    return costs[0]


# -- asks


@attrs.frozen
class Ping(Message[int]):
    pass


@attrs.frozen
class Measure(Message[Cost]):
    calls: int
    width: int = 1


class Decider(Actor[Ping]):
    def on_ping(self, _message: Ping) -> int:
        return 1


class Doer(Actor[Ping]):
    async def on_ping(self, _message: Ping) -> int:
        return 1


class Waiter(Actor[Ping]):
    async def on_ping(self, _message: Ping) -> int:
        await trio.lowlevel.checkpoint()  # while it waits, other asks queue
        return 1


class Asker(Actor[Measure]):
    def __init__(self, to: str, system: ActorSystem) -> None:
        super().__init__()
        self._to = system.address(to)

    @spawned
    async def on_measure(self, message: Measure) -> Cost:
        costs: list[Cost] = []
        with measured(message.calls, costs):
            await self._ask_at_once(message.calls // message.width, message.width)
        return costs[0]

    async def _ask_at_once(self, calls: int, width: int) -> None:
        async def ask() -> None:
            for _ in range(calls):
                await self._to.ask(Ping())

        if width == 1:
            await ask()
            return
        async with trio.open_nursery() as nursery:
            for _ in range(width):
                nursery.start_soon(ask)


class PlainPykka(pykka.ThreadingActor):
    def on_receive(self, message: object) -> int:
        return 1


def asks(calls: int) -> Iterator[tuple[str, Cost]]:
    """Yield what an ask costs, by the ways it can take."""
    with _asking_system() as system:

        def ask(asker: str, count: int, width: int = 1) -> Cost:
            return system.address(asker).request(Measure(count, width)).get(timeout=60)

        yield "ask on one loop, def handler", ask("asks decider", calls)
        yield "ask on one loop, async def handler", ask("asks doer", calls)
        yield "ask on one loop, async def handler that waits", ask("asks waiter", calls // 2)
        yield "the same, 32 askers that queue in its mailbox", ask("asks waiter", calls // 2, 32)
        yield "ask across loops", ask("asks across", calls // 10)
        costs: list[Cost] = []
        decider = system.address("decider")
        with measured(calls // 10, costs):
            for _ in range(calls // 10):
                decider.request(Ping()).get(timeout=10)
        yield "ask from a host's thread", costs[0]
    plain = PlainPykka.start()
    with measured(calls // 10, costs):
        for _ in range(calls // 10):
            plain.ask({})
    plain.stop()
    yield "pykka.ThreadingActor.ask", costs[1]


@contextmanager
def _asking_system() -> Iterator[ActorSystem]:
    system = ActorSystem("bench")

    def asker(name: str, to: str) -> ChildSpec:
        return ChildSpec(name=name, factory=lambda: Asker(to, system))

    system.start(
        SupervisorSpec(
            name="root",
            children=(
                ChildSpec(name="decider", factory=Decider),
                ChildSpec(name="doer", factory=Doer),
                ChildSpec(name="waiter", factory=Waiter),
                asker("asks decider", "decider"),
                asker("asks doer", "doer"),
                asker("asks waiter", "waiter"),
                ChildSpec(name="asks across", factory=lambda: Asker("decider", system), home=ASYNCIO),
            ),
        )
    )
    try:
        yield system
    finally:
        system.shutdown()

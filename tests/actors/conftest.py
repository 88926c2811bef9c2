"""A small house to put actors into: time that only tests move, and neighbours that write down what they hear."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable

import attrs
import pytest
import trio
import trio.testing
from legion_llm.messages.catalogue import CatalogueChanged, CatalogueWanted, MemoryChanged
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, Usage
from legion_llm.messages.credentials import CredentialChanged, InstanceSeen, StageChanged, StagesWanted
from legion_llm.messages.health import AccountRestored, LimitReached, SignalReported
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import (
    AttemptFinished,
    CircuitState,
    HealthChanged,
    HealthWanted,
    Target,
)
from legion_llm.runtime import TRIO, Actor, ActorSystem, ChildSpec, Intensity, SupervisorSpec
from legion_llm.runtime.home import HomeKind
from virtual_clock import VirtualClock

# Long enough for any machine: nothing here waits for a real clock, so only a hang ever takes this long.
PATIENCE = 10.0


class Ear(
    Actor[
        HealthChanged
        | HealthWanted
        | CatalogueChanged
        | CatalogueWanted
        | MemoryChanged
        | AttemptFinished
        | LimitReached
        | SignalReported
        | AccountRestored
        | CredentialChanged
        | StageChanged
        | InstanceSeen
        | StagesWanted
    ]
):
    """Writes down every event it is told."""

    def __init__(self, heard: list) -> None:
        super().__init__()
        self._heard = heard

    def on_health_changed(self, message: HealthChanged) -> None:
        self._heard.append(message)

    def on_health_wanted(self, message: HealthWanted) -> None:
        self._heard.append(message)

    def on_catalogue_changed(self, message: CatalogueChanged) -> None:
        self._heard.append(message)

    def on_catalogue_wanted(self, message: CatalogueWanted) -> None:
        self._heard.append(message)

    def on_memory_changed(self, message: MemoryChanged) -> None:
        self._heard.append(message)

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        self._heard.append(message)

    def on_limit_reached(self, message: LimitReached) -> None:
        self._heard.append(message)

    def on_signal_reported(self, message: SignalReported) -> None:
        self._heard.append(message)

    def on_account_restored(self, message: AccountRestored) -> None:
        self._heard.append(message)

    def on_credential_changed(self, message: CredentialChanged) -> None:
        self._heard.append(message)

    def on_stage_changed(self, message: StageChanged) -> None:
        self._heard.append(message)

    def on_instance_seen(self, message: InstanceSeen) -> None:
        self._heard.append(message)

    def on_stages_wanted(self, message: StagesWanted) -> None:
        self._heard.append(message)


class House:
    """An actor system whose time stands still; it is torn down by the fixture."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.system = ActorSystem("test", clock=self.clock)
        self._heard: dict[str, list] = {}
        self._children: list[ChildSpec] = []

    def add(self, name: str, factory: Callable[[], Actor], home: HomeKind = TRIO) -> None:
        self._children.append(ChildSpec(name=name, factory=factory, home=home))

    def add_ear(self, name: str) -> list:
        """Add a neighbour and return the list of what it will hear."""
        heard: list = []
        self.add(name, lambda: Ear(heard))
        return heard

    def start(self) -> None:
        self.system.start(
            SupervisorSpec(name="root", children=tuple(self._children), intensity=Intensity(max_restarts=50))
        )
        self.settle()

    def address(self, name: str):
        return self.system.address(name)

    def ask(self, name: str, message):
        return self.address(name).request(message).get(PATIENCE)

    def tell(self, name: str, *messages) -> None:
        """Tell, and return when all that follows from it has happened."""
        for message in messages:
            self.address(name).tell(message)
        self.settle()

    def settle(self) -> None:
        """Return when every actor waits for something that only the test can do."""
        self.system.trio.run(trio.testing.wait_all_tasks_blocked)

    def do(self, function: Callable, *args) -> None:
        """Call `function` on the actors' loop, and settle."""

        async def call() -> None:
            function(*args)
            await trio.testing.wait_all_tasks_blocked()

        self.system.trio.run(call)

    def advance(self, seconds: float) -> None:
        self.do(self.clock.trio.jump, seconds)

    def kill(self, name: str) -> None:
        self.system.kill(name)
        self.settle()

    def inspect(self, name: str) -> dict:
        return self.system.inspect(name, timeout=PATIENCE)["snapshot"]


@pytest.fixture
def house():
    house = House()
    yield house
    house.system.shutdown(drain=0.0)


def answer_of(text: str, **usage: int) -> Response:
    return Response(
        message=ChatMessage(role="assistant", content=text),
        usage=Usage(**usage or {"uncached_input": 3, "visible_output": 2}),
    )


@attrs.define
class Attempt:
    """What a provider does when it is called.

    Attributes:
        end: The answer, or the exception it ends with.
        chunks: What it streams before.
        is_held: Whether it waits for `release`, after the chunks.
    """

    end: Response | BaseException = attrs.field(factory=lambda: answer_of("hello"))
    chunks: tuple[Chunk, ...] = ()
    is_held: bool = False
    gate: trio.Event = attrs.field(factory=trio.Event)


class ProviderDouble:
    """A provider that does what the test wrote down for it, and notes what happened to it; without instructions it says hello."""

    def __init__(self) -> None:
        self.script: collections.deque[Attempt] = collections.deque()
        self.calls: list[tuple[Request, str]] = []
        self.held: list[Attempt] = []
        self.cancelled = 0
        self.now = 0
        self.most = 0
        self.closed = 0

    def will(self, *ends, **keywords) -> None:
        """Write down how the next calls end."""
        self.script.extend(Attempt(end, **keywords) for end in ends)

    def will_hang(self, times: int = 1, **keywords) -> None:
        self.script.extend(Attempt(is_held=True, **keywords) for _ in range(times))

    async def chat(self, request, model):
        return await self._play(request, model, None)

    async def stream(self, request, model, sink):
        return await self._play(request, model, sink)

    async def aclose(self) -> None:
        self.closed += 1

    async def _play(self, request, model, sink):
        self.calls.append((request, model))
        attempt = self.script.popleft() if self.script else Attempt()
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for chunk in attempt.chunks:
                await sink.send(chunk)
            if attempt.is_held:
                await self._hold(attempt)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        finally:
            self.now -= 1
        if isinstance(attempt.end, BaseException):
            raise attempt.end
        return attempt.end

    async def _hold(self, attempt: Attempt) -> None:
        self.held.append(attempt)
        try:
            await attempt.gate.wait()
        finally:
            with contextlib.suppress(ValueError):
                self.held.remove(attempt)

    def release(self, house: House) -> None:
        """Let the oldest held call go on, and settle."""
        house.do(self.held[0].gate.set)


@pytest.fixture
def provider():
    return ProviderDouble()


@pytest.fixture
def new_provider():
    return ProviderDouble


@pytest.fixture
def answer():
    return answer_of


@pytest.fixture
def request_of():
    """Return a request for the named model, provider or tier."""

    def build(text: str = "hi", **fields) -> Request:
        return Request(messages=(ChatMessage(content=text),), **fields)

    return build


@pytest.fixture
def target_of():
    def build(instance: str = "openai", model: str = "m", tier: str = "frontier") -> Target:
        return Target(instance=instance, model=model, tier=tier)

    return build


@pytest.fixture
def finished():
    """Return an `AttemptFinished`; by default a success of "openai" that took 10 ms."""

    def build(
        outcome: Outcome = Outcome.SUCCESS, *, instance: str = "openai", model: str = "m", **fields
    ) -> AttemptFinished:
        values = {
            "request_id": "req_1",
            "attempt": 1,
            "usage": Usage(uncached_input=3, visible_output=2),
            "latency": 0.01,
            "at": 1000.0,
            "recorded_at": 1_700_000_000.0,
            **fields,
        }
        return AttemptFinished(
            target=Target(instance=instance, model=model, tier="frontier"), outcome=outcome, **values
        )

    return build


@pytest.fixture
def news():
    """Return a `HealthChanged`; by default that "openai" is well."""

    def build(
        state: str = "closed", *, instance: str = "openai", adjustment: float = 0.0, epoch: int = 1, retry_at=None
    ):
        return HealthChanged(
            instance=instance, state=CircuitState(state), adjustment=adjustment, epoch=epoch, retry_at=retry_at
        )

    return build


@pytest.fixture
def text_chunk():
    """Return a chunk of visible text."""

    def build(text: str) -> Chunk:
        return Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=text)

    return build


@pytest.fixture
def start_chunk():
    """Return a lifecycle chunk, which shows the caller nothing."""

    def build(model: str = "m") -> Chunk:
        return Chunk(kind=ChunkKind.START, model=model)

    return build

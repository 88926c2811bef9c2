"""What the steps of the pipeline cost a plain request: the whole table, and one with nothing but the way to the provider."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

import attrs
import trio
from legion_llm.actors.inference.attempts.attempts import Attempts, AttemptsConfig
from legion_llm.actors.inference.pipeline.archive import Archive
from legion_llm.actors.inference.pipeline.flow import Flow, Services
from legion_llm.actors.inference.pipeline.repeats import Repeats
from legion_llm.actors.inference.pipeline.step import Step
from legion_llm.actors.inference.pipeline.table import TABLE
from legion_llm.actors.inference.pipeline.walk import walks
from legion_llm.messages.chat import ChatMessage, Request, Response
from legion_llm.messages.routing import Infer, Resolution, Target
from legion_llm.runtime import SystemClock
from legion_llm.runtime.envelope import Envelope

TARGET = Target(instance="openai", model="m", tier="frontier")
RESOLUTION = Resolution(candidates=(TARGET,), strategy="explicit")
RESPONSE = Response(message=ChatMessage(role="assistant", content="Hello!"))


@attrs.frozen
class Answerer:
    """Stands for an actor that answers at once, so that only the steps are measured."""

    answer: object

    async def ask(self, message: object, **_: object) -> object:
        return self.answer


def services() -> Services:
    """What a gateway with its defaults has."""
    clock = SystemClock()

    def connection(_instance: str) -> Answerer:
        return Answerer(RESPONSE)

    return Services(
        router=Answerer(RESOLUTION),
        connection=connection,
        clock=clock,
        attempts=Attempts(AttemptsConfig(), connection=connection, health=Answerer(None), clock=clock),
        repeats=Repeats(clock.monotonic, seconds=60.0, most=100),
    )


def cost(table: Iterable[Step], requests: int) -> float:
    """Return the CPU time of one request through a table, in microseconds."""
    found = services()
    walk_of, archive = walks(table, found), Archive(1000)

    async def main() -> float:
        started = time.process_time()
        for _ in range(requests):
            request = Request(messages=(ChatMessage(content="Hello"),), model="m")
            flow = Flow(request, found, ask=Envelope(Infer(request=request), None, deadline=math.inf))
            await walk_of[flow.profile].answer(flow)
            archive.add(flow)
        return (time.process_time() - started) / requests * 1e6

    return trio.run(main)


def costs(requests: int, rounds: int) -> tuple[float, float]:
    """Return the cost of the empty pipeline and of the whole one: the best of some rounds, taken in turn."""
    empty = tuple(step for step in TABLE if step.name in {"routing", "provider_call"})
    pairs = [(cost(empty, requests), cost(TABLE, requests)) for _ in range(rounds)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)

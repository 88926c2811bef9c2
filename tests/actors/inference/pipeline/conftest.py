"""Requests on their way, without actors: the steps of these tests find their surroundings in a namespace."""

from __future__ import annotations

import pytest
import trio
from legion_llm.actors.inference.pipeline.flow import Flow, Services
from legion_llm.messages.caller import Caller
from legion_llm.messages.chat import ChatMessage, Request, Response
from legion_llm.messages.routing import Infer
from legion_llm.runtime.envelope import Envelope
from legion_llm.runtime.pending import Pending

ANSWER = Response(message=ChatMessage(role="assistant", content="hello"))


class StillClock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now


class Parker:
    def unpark(self) -> None:
        pass


@pytest.fixture
def still_clock():
    return StillClock()


@pytest.fixture
def services(still_clock):
    return Services(router=None, connection=None, clock=still_clock, attempts=None)


@pytest.fixture
def flow_of(services):
    """Return a function that makes a flow of a request; `ask=True` for one that somebody waits for."""

    def build(text: str = "hi", *, ask: bool = False, deadline: float = float("inf"), kind: str = "external", **fields):
        request = Request(messages=(ChatMessage(content=text),), id="req_1", caller=Caller(type=kind), **fields)
        envelope = Envelope(Infer(request=request), Pending(Parker()), deadline=deadline) if ask else None
        return Flow(request, services, ask=envelope)

    return build


@pytest.fixture
def answer():
    return ANSWER


@pytest.fixture
def run():
    """Run a coroutine function to its end."""
    return trio.run

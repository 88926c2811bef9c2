from __future__ import annotations

import pytest
from legion_llm.actors.telemetry.port import Strand
from legion_llm.actors.telemetry.strands import Strands
from legion_llm.messages.audit import RequestFinished
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.outcome import Outcome


@pytest.fixture
def ended():
    def build(request_id):
        request = Request(id=request_id, messages=(ChatMessage(content="hi"),))
        return RequestFinished(request=request, outcome=Outcome.SUCCESS, began_at=0.0, seconds=1.0)

    return build


def test_a_request_is_taken_with_its_attempts_and_with_those_told_of_late(ended, finished):
    strands, request = Strands(10), ended("req_1")
    early, late = finished(attempt=1), finished(attempt=2)

    strands.add(early)
    strands.end(request)
    first = strands.take()
    strands.add(late)

    assert (first, strands.take()) == ((), (Strand(request=request, attempts=(early, late)),))
    assert strands.take() == ()


def test_attempts_of_requests_that_go_on_are_not_taken(ended, finished):
    strands = Strands(10)
    strands.add(finished(request_id="req_2"))
    strands.end(ended("req_1"))

    strands.take()
    [strand] = strands.take()

    assert (strand.request.request.id, strand.attempts) == ("req_1", ())


def test_what_is_never_taken_does_not_fill_the_memory(ended, finished):
    strands = Strands(3)
    for number in range(10):
        strands.add(finished(request_id=f"req_{number}"))
        strands.end(ended(f"req_{number}"))

    strands.take()

    assert [strand.request.request.id for strand in strands.take()] == ["req_7", "req_8", "req_9"]
    assert strands.dropped > 0

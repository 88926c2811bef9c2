from __future__ import annotations

import attrs
import pytest
import trio
import trio.testing
from legion_llm.actors.inference.pipeline.flow import Flow, Services
from legion_llm.actors.inference.pipeline.repeats import Repeats, digest_of, key_of
from legion_llm.actors.inference.pipeline.steps import idempotency
from legion_llm.messages.caller import Caller
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import CancelledError, InvalidRequestError, ProviderDown

ALICE = Caller(identity="alice", credential="alice")


@pytest.fixture
def repeats(still_clock):
    return Repeats(still_clock.monotonic, seconds=60.0, most=3)


@pytest.fixture
def flow_with(repeats, still_clock):
    services = Services(router=None, connection=None, clock=still_clock, attempts=None, repeats=repeats)

    def build(key="k", text="hi", caller=ALICE, sink=None, **fields):
        request = Request(
            messages=(ChatMessage(content=text),), id="req_1", idempotency_key=key, caller=caller, **fields
        )
        return Flow(request, services, sink=sink)

    return build


def end(flow, response=None, error=None):
    flow.response, flow.error = response, error
    flow.end()


def begin(flow):
    trio.run(idempotency.run, flow)


def test_a_request_without_a_key_does_not_take_the_step(flow_with):
    assert not idempotency.wanted(flow_with(key=None))
    assert idempotency.wanted(flow_with())


def test_a_repeated_key_gets_the_first_answer(flow_with, answer):
    first, second = flow_with(), flow_with()
    begin(first)
    end(first, attrs.evolve(answer, request_id="req_first"))

    begin(second)

    assert second.response.text == "hello"
    assert second.answered_by is not None
    assert second.enrichments == {"idempotency:repeats": "req_first"}


def test_the_first_request_is_not_answered_early(flow_with):
    flow = flow_with()

    begin(flow)

    assert flow.response is None
    assert flow.answered_by is None


def test_another_callers_key_is_not_ours(flow_with, answer):
    first = flow_with()
    begin(first)
    end(first, answer)
    other = flow_with(caller=Caller(identity="bob", credential="bob"))

    begin(other)

    assert other.response is None


def test_a_key_used_for_another_request_is_refused(flow_with, answer):
    first = flow_with()
    begin(first)
    end(first, answer)

    with pytest.raises(InvalidRequestError, match="used for another request") as caught:
        begin(flow_with(text="something else"))

    assert caught.value.param == "idempotency_key"


def test_the_requests_own_id_and_deadline_do_not_make_it_another(flow_with):
    request = flow_with().request

    assert digest_of(request) == digest_of(attrs.evolve(request, id="req_2", timeout=3.0))
    assert digest_of(request) != digest_of(attrs.evolve(request, model="m"))


def test_after_a_failure_the_key_is_free(flow_with):
    first = flow_with()
    begin(first)
    end(first, error=ProviderDown("no answer"))
    again = flow_with()

    begin(again)

    assert again.response is None


def test_an_answer_is_forgotten_in_time(flow_with, still_clock, answer, repeats):
    first = flow_with()
    begin(first)
    end(first, answer)
    still_clock.now += 60.0
    again = flow_with()

    begin(again)

    assert again.response is None
    assert len(repeats) == 1


def test_only_the_newest_answers_are_kept(flow_with, repeats, answer):
    for number in range(5):
        flow = flow_with(key=str(number))
        begin(flow)
        end(flow, answer)

    assert [repeats.find(key_of(ALICE, str(number))) is not None for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def waiting_while(flow_with, ends, count=1):
    """Let `count` more requests with the key arrive while the first is in flight, then end it; return them and what they raised."""
    first, others = flow_with(), [flow_with() for _ in range(count)]
    raised = []

    async def wait(flow):
        try:
            await idempotency.run(flow)
        except Exception as error:  # noqa: BLE001
            raised.append(error)

    async def main():
        await idempotency.run(first)
        async with trio.open_nursery() as nursery:
            for flow in others:
                nursery.start_soon(wait, flow)
            await trio.testing.wait_all_tasks_blocked()
            ends(first)
            for _ in others:
                await trio.testing.wait_all_tasks_blocked()
                for flow in others:  # whoever has taken its place gives up as well
                    flow.error = first.error
                    flow.end()

    trio.run(main)
    return others, raised


def test_a_request_that_comes_meanwhile_waits_for_the_first_answer(flow_with, answer):
    others, raised = waiting_while(flow_with, lambda first: end(first, answer), count=3)

    assert [flow.response.text for flow in others] == ["hello"] * 3
    assert raised == []


def test_those_who_waited_hear_the_failure_too_each_as_an_error_of_its_own(flow_with):
    failure = ProviderDown("no answer", provider="a")

    _, raised = waiting_while(flow_with, lambda first: end(first, error=failure), count=2)

    assert [(type(error), str(error), error.provider) for error in raised] == [(ProviderDown, "no answer", "a")] * 2
    assert failure not in raised


@pytest.mark.parametrize("error", [CancelledError("gone"), ZeroDivisionError()])
def test_where_the_first_was_given_up_one_of_those_who_wait_takes_its_place(flow_with, error, repeats):
    others, raised = waiting_while(flow_with, lambda first: end(first, error=error), count=2)

    assert raised == []
    assert [flow.response for flow in others] == [None, None]
    assert len(repeats) == 0


def test_a_repeated_stream_gets_the_finished_answer_as_chunks(flow_with, answer):
    chunks = []

    class Sink:
        async def send(self, chunk, /):
            await trio.lowlevel.checkpoint()
            chunks.append(chunk)

    first = flow_with()
    begin(first)
    end(first, answer)

    begin(flow_with(sink=Sink()))

    assert "".join(chunk.text for chunk in chunks) == "hello"
    assert [chunks[0].kind, chunks[-1].kind] == ["start", "end"]

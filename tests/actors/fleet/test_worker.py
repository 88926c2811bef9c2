"""A worker's side, at a broker that does what the test says: doubled, expired, forged and given-up requests."""

from __future__ import annotations

import functools
import time

import attrs
import pytest
from legion_llm.actors.connection.actor import Connection, ConnectionConfig
from legion_llm.actors.fleet.naming import Naming
from legion_llm.actors.fleet.port import Published
from legion_llm.actors.fleet.worker import Retire, Worker, WorkerConfig
from legion_llm.actors.router.actor import Router, RouterConfig
from legion_llm.actors.router.catalogue import Instance
from legion_llm.actors.router.policy import Policy
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import ContextOverflow, ProviderDown
from legion_llm.messages.fleet import FleetCancel, FleetChat, FleetCredit, FleetError, FleetFrame, FleetResponse
from legion_llm.messages.fleet_codes import FleetCode
from legion_llm.messages.settings import Settings
from legion_llm.runtime import ASYNCIO
from link_doubles import WorkerLinkDouble

PATIENCE = 10.0
GATEWAY = "llm.fleet.reply.0123456789abcdef"


class House:
    """A worker with one provider that has one model."""

    def __init__(self, house, wire, on_loop, provider):
        self.house = house
        self.wire = wire
        self.link = WorkerLinkDouble(wire)
        self.provider = provider
        self._on_loop = on_loop
        self.ledger = house.add_ear("metering")
        house.add_ear("health")
        up = Instance(name="up", provider="up", kind="openai_compat", tier="local", models=("m",))
        routes = RouterConfig(instances=(up,), policy=Policy.of(Settings()))
        house.add("router", lambda: Router(routes, house.address("health")))
        permits = ConnectionConfig(instance="up", max_concurrency=8, max_queue=8)
        house.add(
            "up",
            lambda: Connection(permits, provider, health=house.address("health"), metering=house.address("metering")),
        )
        config = WorkerConfig(name="w1", heartbeat=3600.0)
        house.add(
            "worker",
            lambda: Worker(config, self.link, wire, Naming(), router=house.address("router"), connection=house.address),
            ASYNCIO,
        )
        house.start()
        self.offer = self.link.offers.get(timeout=PATIENCE)

    def request(self, text="hi", **fields):
        params = Request(id="req_1", messages=(ChatMessage(content=text),), model="m")
        fields = {"timeout_seconds": 60.0, "expires_at": self.house.clock.time() + 60.0, "operation": "chat", **fields}
        request = FleetChat(
            request_id="req_1", idempotency_key="", model="m", reply_to=GATEWAY, params=params, **fields
        )
        return attrs.evolve(request, idempotency_key=self.wire.key_of(request))

    def give(self, *requests, **how):
        for each in requests:
            body = self.wire.pack_request(each)
            self._on_loop(functools.partial(self.link.give, body, **how))

    def signal(self, message):
        self._on_loop(self.link.signal, message)

    def next(self, kind=(FleetResponse, FleetError)):
        """The next reply of a kind; others are passed over."""
        while True:
            said = self.link.replies.get(timeout=PATIENCE)
            if isinstance(said, kind):
                return said

    def held(self):
        """Wait until the provider works on it."""
        self.next(FleetFrame)
        until = time.monotonic() + PATIENCE
        while not self.provider.held:
            assert time.monotonic() < until
            self.house.settle()

    def settled(self, times=1):
        for _ in range(times):
            self.link.settled.get(timeout=PATIENCE)

    @property
    def seen(self):
        return self.house.inspect("worker")


@pytest.fixture
def worker(house, wire, on_loop, provider):
    return House(house, wire, on_loop, provider)


def test_it_offers_the_models_of_its_own_house(worker):
    assert [each.facts.name for each in worker.offer.models] == ["m"]
    assert worker.link.lanes == {"llm.fleet.inference.m", "llm.fleet.embed.m"}
    assert worker.offer.concurrency == 4


def test_it_says_that_it_has_begun_and_then_answers(worker):
    request = worker.request(message_context={"conversation_id": "conv_1"})

    worker.give(request)
    begun, said = worker.next(FleetFrame), worker.next()

    assert (begun.sequence, begun.chunks) == (0, ())
    assert said.answer.text == "hello"
    assert (said.correlation_id, said.worker, said.provider_instance) == (request.correlation_id, "w1", "up")
    assert said.message_context == {"conversation_id": "conv_1"}
    worker.settled()


def test_the_ledger_has_the_attempt_under_the_callers_id(worker):
    worker.give(worker.request(attempt=3))
    worker.next()
    worker.house.settle()

    assert [(each.request_id, each.attempt) for each in worker.ledger] == [("req_1", 3)]


def test_a_delivery_that_comes_twice_is_done_once(worker):
    request = worker.request()

    worker.give(request, request)
    worker.settled(2)

    assert isinstance(worker.next(), FleetResponse)
    assert len(worker.provider.calls) == 1
    assert worker.link.replies.empty()


def test_a_request_that_is_sent_again_is_answered_with_what_came_of_it(worker):
    worker.give(worker.request())
    first = worker.next()

    worker.give(worker.request(attempt=2))
    again = worker.next()

    assert again.answer == first.answer
    assert again.replayed
    assert again.correlation_id != first.correlation_id
    assert len(worker.provider.calls) == 1


def test_a_stream_that_is_sent_again_is_the_same_text_in_one_frame(worker, answer):
    worker.provider.will(answer("hello"))
    worker.give(worker.request(operation="stream", credits=9))
    worker.next()

    worker.give(worker.request(operation="stream", credits=9))
    frame, said = worker.next(FleetFrame), worker.next()

    assert "".join(chunk.text for chunk in frame.chunks) == "hello"
    assert said.frames == 1


def test_two_that_are_the_same_at_the_same_time_are_done_once_and_both_answered(worker):
    worker.provider.will_hang()
    one, other = worker.request(), worker.request()
    worker.give(one)
    worker.held()
    worker.give(other)
    worker.settled()

    worker.provider.release(worker.house)

    assert {worker.next().correlation_id, worker.next().correlation_id} == {one.correlation_id, other.correlation_id}
    assert len(worker.provider.calls) == 1


def test_what_failed_may_be_tried_again(worker):
    worker.provider.will(ProviderDown("up: gone"))
    worker.give(worker.request())
    failed = worker.next()

    worker.give(worker.request())

    assert (failed.code, failed.error, failed.retriable) == (FleetCode.OLLAMA_UNAVAILABLE, "ProviderDown", True)
    assert isinstance(worker.next(), FleetResponse)


def test_the_workers_true_failure_is_told(worker):
    worker.provider.will(ContextOverflow("up: 9000 tokens are too many"))

    worker.give(worker.request())
    said = worker.next()

    assert (said.error, said.message) == ("ContextOverflow", "up: 9000 tokens are too many")


def test_a_request_that_waited_too_long_is_not_begun(worker):
    worker.give(worker.request(expires_at=worker.house.clock.time() - 5.0))
    said = worker.next()

    assert said.code is FleetCode.REQUEST_EXPIRED
    assert "5.0 s after its time" in said.message
    assert worker.provider.calls == []


def test_a_worker_with_a_wrong_clock_refuses_and_says_what_may_be_wrong(worker):
    request = worker.request()
    worker.house.clock.set_wall(3600.0)

    worker.give(request)

    assert "the clocks of gateway and worker differ" in worker.next().message


def test_a_request_that_another_worker_had_begun_is_not_begun_again(worker):
    worker.give(worker.request(), is_redelivered=True)

    assert worker.next().code is FleetCode.WORKER_LOST
    assert worker.provider.calls == []


def test_a_request_that_comes_back_to_the_worker_that_has_it_is_left_alone(worker):
    worker.provider.will_hang()
    request = worker.request()
    worker.give(request)
    worker.held()

    worker.give(request, is_redelivered=True)
    worker.settled()
    worker.provider.release(worker.house)

    assert isinstance(worker.next(), FleetResponse)


def test_a_model_that_is_not_offered_is_refused(worker):
    worker.give(attrs.evolve(worker.request(), model="other"))

    assert worker.next().code is FleetCode.MODEL_NOT_LOADED


def test_noise_is_counted_and_settled(worker):
    worker._on_loop(worker.link.give, b"\xff")
    worker.settled()

    assert worker.seen["noise"] == 1


def test_work_that_is_given_up_is_stopped(worker):
    worker.provider.will_hang()
    request = worker.request()
    worker.give(request)
    worker.held()

    worker.signal(FleetCancel(correlation_id=request.correlation_id))
    worker.settled()
    worker.house.settle()

    assert worker.provider.cancelled == 1
    assert worker.seen["under_way"] == 0


def test_what_was_given_up_before_it_came_is_not_begun(worker):
    request = worker.request()
    worker.signal(FleetCancel(correlation_id=request.correlation_id))

    worker.give(request)
    worker.settled()

    assert worker.provider.calls == []


def test_work_that_another_still_waits_for_goes_on(worker):
    worker.provider.will_hang()
    one, other = worker.request(), worker.request()
    worker.give(one)
    worker.held()
    worker.give(other)
    worker.settled()

    worker.signal(FleetCancel(correlation_id=one.correlation_id))
    worker.provider.release(worker.house)

    assert worker.next().correlation_id == other.correlation_id


def test_a_stream_waits_for_its_reader(worker, text_chunk, answer):
    worker.provider.will(answer("ab"), chunks=(text_chunk("a"),))
    request = worker.request(operation="stream", credits=0)
    worker.give(request)
    worker.next(FleetFrame)
    assert worker.seen["under_way"] == 1

    worker.signal(FleetCredit(correlation_id=request.correlation_id, credits=1))
    frame, said = worker.next(FleetFrame), worker.next()

    assert (frame.sequence, [chunk.text for chunk in frame.chunks]) == (1, ["a"])
    assert said.frames == 2


def test_a_stream_whose_gateway_is_gone_is_given_up(worker, text_chunk):
    worker.provider.will_hang(chunks=(text_chunk("a"),))
    worker.link.result = Published.UNROUTABLE

    worker.give(worker.request(operation="stream", credits=9))
    worker.settled()
    worker.house.settle()

    assert worker.provider.now == 0
    assert (worker.seen["under_way"], worker.seen["done"]) == (0, 0)


def test_a_worker_that_retires_offers_nothing_and_says_what_is_under_way(worker):
    worker.provider.will_hang()
    worker.give(worker.request())
    worker.held()

    under_way = worker.house.ask("worker", Retire())

    assert under_way == 1
    assert worker.link.lanes == frozenset()
    assert worker.link.offers.get(timeout=PATIENCE).models == ()


def test_an_answer_waits_a_moment_for_a_gateway_that_is_away(worker):
    worker.provider.will_hang()
    worker.give(worker.request())
    worker.held()
    worker.link.result = Published.UNROUTABLE

    worker.provider.release(worker.house)
    worker.next()
    worker.link.result = Published.ACCEPTED

    assert isinstance(worker.next(), FleetResponse)
    worker.settled()
    assert worker.seen["unheard"] == 0

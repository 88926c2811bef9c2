"""A gateway's side, at a broker that does what the test says: late, foreign, doubled and reordered replies, and none at all."""

from __future__ import annotations

import time

import attrs
import pytest
from legion_llm.actors.fleet.dispatcher import Dispatcher, DispatcherConfig, LookRound
from legion_llm.actors.fleet.naming import Naming
from legion_llm.actors.fleet.port import Published
from legion_llm.messages.catalogue import ModelFacts
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Response
from legion_llm.messages.errors import (
    ContextOverflow,
    ProviderSilent,
    StreamBrokenError,
    TargetUnavailable,
    UnsupportedCapability,
    WorkerLost,
)
from legion_llm.messages.fleet import (
    FleetCall,
    FleetCancel,
    FleetCredit,
    FleetError,
    FleetFrame,
    FleetOffer,
    FleetResponse,
    FleetStream,
    OfferedModel,
)
from legion_llm.messages.fleet_codes import FleetCode
from legion_llm.messages.routing import Target
from legion_llm.runtime import ASYNCIO
from link_doubles import GatewayLinkDouble

TARGET = Target(instance="fleet", model="m", tier="fleet")
PATIENCE = 10.0


class Heard:
    def __init__(self):
        self.lines = []

    def announce(self, lines):
        self.lines += lines


class Gateway:
    """The dispatcher, with one worker that offers one model."""

    def __init__(self, house, wire, on_loop, request_of, **config):
        self.house = house
        self.link = GatewayLinkDouble(wire)
        self.router = house.add_ear("router")
        self.people = Heard()
        self._request_of = request_of
        self._on_loop = on_loop
        settings = DispatcherConfig(**config)
        house.add(
            "fleet",
            lambda: Dispatcher(
                settings,
                self.link,
                wire,
                Naming(),
                router=house.address("router"),
                announcer=self.people,
                instances=lambda: ("fleet",),
            ),
            ASYNCIO,
        )
        house.start()
        lanes = Naming().offered(ModelFacts(name="m"), "up", "vllm")
        model = OfferedModel(facts=ModelFacts(name="m"), instance="up", kind="vllm", lanes=lanes)
        self.hear(FleetOffer(worker="w1", models=(model,), interval=3600.0))

    def hear(self, *messages):
        for each in messages:
            self._on_loop(self.link.hear, each)

    def call(self, text="hi", **fields):
        message = FleetCall(request=self._request_of(text, **fields), target=TARGET)
        return self.house.address("fleet").request(message, timeout=PATIENCE)

    def stream(self, text="hi"):
        message = FleetStream(request=self._request_of(text), target=TARGET)
        return self.house.address("fleet").stream(message, timeout=PATIENCE)

    def asked(self):
        return self.link.published.get(timeout=PATIENCE)

    def told(self):
        return self.link.signalled.get(timeout=PATIENCE)

    @property
    def seen(self):
        return self.house.inspect("fleet")


@pytest.fixture
def gateway(house, wire, on_loop, request_of):
    return Gateway(house, wire, on_loop, request_of)


@pytest.fixture
def impatient(house, wire, on_loop, request_of):
    """A gateway that waits for 300 ms at most."""
    return Gateway(house, wire, on_loop, request_of, chat=0.3, stream=0.3)


def ids(request, worker="w1"):
    return {"request_id": request.request_id, "correlation_id": request.correlation_id, "worker": worker}


def answer(request, text="hello", **fields):
    return FleetResponse(**ids(request), answer=Response(message=ChatMessage(role="assistant", content=text)), **fields)


def frame(request, number, text=None):
    chunk = Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=str(number) if text is None else text)
    return FleetFrame(**ids(request), sequence=number, chunks=(chunk,))


def text_of(stream):
    return "".join(chunk.text for chunk in stream)


def test_an_answer_that_is_quicker_than_the_brokers_word_is_heard(gateway):
    gateway.link.at_once = answer

    assert gateway.call().get(PATIENCE).text == "hello"


def test_the_envelope_says_what_is_wanted_and_until_when(gateway):
    reply = gateway.call(conversation_id="conv_1", priority="high")

    request = gateway.asked()
    gateway.hear(answer(request))

    assert reply.get(PATIENCE).text == "hello"
    assert (request.operation, request.model, request.reply_to) == ("chat", "m", gateway.link.reply_lane)
    assert request.message_context["conversation_id"] == "conv_1"
    assert request.timeout_seconds == pytest.approx(10, abs=0.1)
    assert request.expires_at == pytest.approx(gateway.house.clock.time() + 10, abs=0.1)
    assert request.idempotency_key.startswith("idem_")


def test_a_requests_own_timeout_counts_before_the_settings(gateway):
    gateway.call(timeout=2.5)

    assert gateway.asked().timeout_seconds == 2.5


def test_of_two_replies_the_second_is_late_and_counted(gateway):
    reply = gateway.call()
    request = gateway.asked()

    gateway.hear(answer(request, "first"))
    assert reply.get(PATIENCE).text == "first"
    gateway.hear(answer(request, "second"))

    assert gateway.seen["late"] == 1


def test_a_reply_that_was_made_for_another_request_is_not_taken(gateway):
    reply = gateway.call()
    request = gateway.asked()

    gateway.hear(attrs.evolve(answer(request, "foreign"), request_id="req_other"), answer(request, "ours"))

    assert reply.get(PATIENCE).text == "ours"
    assert gateway.seen["foreign"] == 1


def test_noise_is_counted_and_breaks_nothing(gateway):
    gateway.hear(b"\xff", b"{}", b"[]")

    assert gateway.seen["noise"] == 3


@pytest.mark.parametrize(
    ("result", "error", "code"),
    [
        (Published.UNROUTABLE, TargetUnavailable, "no_fleet_queue"),
        (Published.NACKED, TargetUnavailable, "fleet_backpressure"),
        (Published.FAILED, TargetUnavailable, "fleet_publish_failed"),
        (Published.CONFIRM_TIMEOUT, WorkerLost, "fleet_publish_timeout"),
    ],
)
def test_what_nobody_took_is_told_at_once(gateway, result, error, code):
    gateway.link.result = result

    with pytest.raises(error, match=f"fleet: {code}: "):
        gateway.call().get(PATIENCE)
    assert gateway.seen["under_way"] == 0


def test_what_nobody_has_confirmed_is_taken_back(gateway):
    gateway.link.result = Published.CONFIRM_TIMEOUT

    with pytest.raises(WorkerLost):
        gateway.call().get(PATIENCE)

    assert gateway.told() == (None, FleetCancel(correlation_id=gateway.asked().correlation_id))


def test_a_model_that_nobody_offers_is_not_even_published(gateway, request_of):
    other = Target(instance="fleet", model="other", tier="fleet")

    with pytest.raises(TargetUnavailable, match="no_fleet_queue: no worker offers other"):
        gateway.house.ask("fleet", FleetCall(request=request_of(), target=other))
    assert gateway.link.published.empty()


def test_without_a_connection_the_fleet_is_unavailable(gateway):
    gateway.link.is_connected = False

    with pytest.raises(TargetUnavailable, match="fleet_unavailable"):
        gateway.call().get(PATIENCE)


def test_an_answer_that_does_not_come_is_silence_and_the_work_is_stopped(impatient):
    reply = impatient.call()
    impatient.hear(FleetFrame(**ids(impatient.asked()), sequence=0))

    with pytest.raises(ProviderSilent, match=r"fleet_timeout: no answer within"):
        reply.get(PATIENCE)

    assert isinstance(impatient.told()[1], FleetCancel)


def test_a_caller_that_gives_up_stops_the_work_at_the_worker_that_has_it(gateway):
    reply = gateway.call()
    request = gateway.asked()
    gateway.hear(FleetFrame(**ids(request), sequence=0))

    reply.cancel()

    assert gateway.told() == ("w1", FleetCancel(correlation_id=request.correlation_id))


def test_an_error_keeps_its_meaning(gateway):
    reply = gateway.call()
    request = gateway.asked()

    error = FleetError(**ids(request), code=FleetCode.INFERENCE_FAILED, message="too long", error="ContextOverflow")
    gateway.hear(error)

    with pytest.raises(ContextOverflow, match="fleet: inference_failed: worker w1: too long"):
        reply.get(PATIENCE)


def test_an_answer_to_something_else_is_refused(gateway):
    reply = gateway.call()

    gateway.hear(FleetResponse(**ids(gateway.asked())))

    with pytest.raises(UnsupportedCapability, match="the worker answered something else"):
        reply.get(PATIENCE)


def test_frames_that_come_twice_or_in_another_order_make_the_same_stream(gateway):
    stream = gateway.stream()
    request = gateway.asked()

    gateway.hear(*[frame(request, number) for number in (1, 0, 1, 3, 0, 2)], answer(request, frames=4))

    assert text_of(stream) == "0123"


def test_the_last_word_may_overtake_the_frames(gateway):
    stream = gateway.stream()
    request = gateway.asked()

    gateway.hear(answer(request, frames=2), frame(request, 1), frame(request, 0))

    assert text_of(stream) == "01"


def test_a_stream_that_stops_is_cut_and_the_work_is_stopped(impatient):
    stream = impatient.stream()
    impatient.hear(frame(impatient.asked(), 0))

    with pytest.raises(StreamBrokenError, match=r"the stream was cut: nothing came for"):
        text_of(stream)
    assert isinstance(impatient.told()[1], FleetCancel)


def test_a_stream_that_nobody_begins_says_nothing_of_those_who_work(impatient):
    with pytest.raises(WorkerLost, match=r"fleet_timeout: no worker has begun within"):
        text_of(impatient.stream())


def test_more_is_asked_for_as_the_reader_reads(house, wire, on_loop, request_of):
    gateway = Gateway(house, wire, on_loop, request_of, credits=4)
    stream = gateway.stream()
    request = gateway.asked()

    gateway.hear(*[frame(request, number) for number in range(4)], answer(request, frames=4))

    assert text_of(stream) == "0123"
    assert request.credits == 4
    assert [gateway.told()[1] for _ in range(2)] == [FleetCredit(correlation_id=request.correlation_id, credits=2)] * 2


def test_the_router_hears_what_workers_offer_and_people_do_too(gateway):
    gateway.house.settle()

    assert [each.name for each in gateway.router[-1].models] == ["m"]
    assert gateway.people.lines == ["the fleet meets at nowhere", "worker w1 of the fleet offers 1 models"]


def test_people_hear_that_the_broker_is_away_and_back(gateway):
    def said(words):
        end = time.monotonic() + PATIENCE
        while not any(words in line for line in gateway.people.lines):
            assert time.monotonic() < end
            gateway._on_loop(gateway.house.clock.monotonic)

    gateway.link.is_connected = False
    gateway.house.address("fleet").tell(LookRound())
    said("cannot be reached")
    gateway.link.is_connected = True
    gateway.house.address("fleet").tell(LookRound())
    said("is there again")


def test_an_answer_that_was_lost_on_the_way_is_noticed_by_what_its_worker_works_on(gateway):
    reply = gateway.call()
    request = gateway.asked()
    busy = FleetOffer(worker="w1", interval=3600.0, working=(request.correlation_id,))

    gateway.hear(FleetFrame(**ids(request), sequence=0), busy)
    gateway.hear(*[attrs.evolve(busy, working=())] * 2)

    with pytest.raises(WorkerLost, match="worker w1 has done with it, and its answer was lost"):
        reply.get(PATIENCE)


def test_an_answer_that_comes_just_after_its_workers_word_is_not_lost(gateway):
    reply = gateway.call()
    request = gateway.asked()
    idle = FleetOffer(worker="w1", interval=3600.0, working=())

    gateway.hear(FleetFrame(**ids(request), sequence=0), idle, answer(request), idle)

    assert reply.get(PATIENCE).text == "hello"

"""Inference between its real neighbours; only the providers are doubles."""

from __future__ import annotations

import pytest
from legion_llm.actors.connection.actor import Connection, ConnectionConfig
from legion_llm.actors.health.actor import Health, HealthConfig
from legion_llm.actors.inference.actor import Inference
from legion_llm.actors.inference.attempts.attempts import Attempts, AttemptsConfig
from legion_llm.actors.inference.pipeline.flow import Services
from legion_llm.actors.metering.actor import AttemptsWanted
from legion_llm.actors.router.actor import Router, RouterConfig
from legion_llm.actors.router.catalogue import Instance
from legion_llm.messages import errors
from legion_llm.messages.chat import Escalation
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import Infer, InferStream
from legion_llm.runtime import ASYNCIO
from meters import meter

SOON = 10.0
# A silent target is left, not retried, so that the next move is another candidate or none.
DOWN = errors.ProviderSilent("no answer")
CUT = errors.StreamBrokenError("cut")


class Gateway:
    """Instances "a", "b" and "c", each with one model "m", behind the actors that stand between them and a caller."""

    def __init__(self, house, new_provider, request_of):
        self.house = house
        self.a, self.b, self.c = self.providers = [new_provider() for _ in range(3)]
        self._request_of = request_of
        self._build(dict(zip("abc", self.providers, strict=True)))
        house.start()

    def _build(self, providers):
        house = self.house
        house.add("metering", meter(1000), ASYNCIO)
        house.add("health", self._health)
        house.add("router", self._router)
        for name, provider in providers.items():
            house.add(name, lambda name=name, provider=provider: self._connection(name, provider))
        house.add(
            "inference",
            lambda: Inference(
                Services(
                    router=house.address("router"),
                    connection=house.address,
                    clock=house.clock,
                    attempts=Attempts(
                        AttemptsConfig(), connection=house.address, health=house.address("health"), clock=house.clock
                    ),
                )
            ),
        )

    def _health(self):
        config = HealthConfig(instances=("a", "b", "c"))
        return Health(config, lambda name: (self.house.address("router"), self.house.address(name)))

    def _router(self):
        instances = tuple(
            Instance(name=name, provider=name, kind="openai_compat", tier="cloud", default_model="m") for name in "abc"
        )
        return Router(RouterConfig(instances=instances), self.house.address("health"))

    def _connection(self, name, provider):
        house = self.house
        config = ConnectionConfig(instance=name, max_concurrency=64, max_queue=256)
        return Connection(
            config,
            provider,
            health=house.address("health"),
            metering=house.address("metering"),
        )

    def chat(self, *, timeout=None, **fields):
        message = Infer(request=self._request_of(id="req_1", **fields))
        reply = self.house.address("inference").request(message, timeout=timeout)
        self.house.settle()
        return reply

    def stream(self, *, timeout=None, **fields):
        message = InferStream(request=self._request_of(id="req_1", stream=True, **fields))
        stream = self.house.address("inference").stream(message, timeout=timeout)
        self.house.settle()
        return stream

    def metered(self):
        """The recorded attempts as (number, instance, outcome)."""
        self.house.settle()
        records = self.house.ask("metering", AttemptsWanted())
        return [(record.attempt, record.target.instance, record.outcome) for record in records]

    def is_idle(self):
        in_flight = [self.house.inspect(name)["in_flight"] for name in "abc"]
        return in_flight == [0, 0, 0] and [provider.now for provider in self.providers] == [0, 0, 0]


@pytest.fixture
def gateway(house, new_provider, request_of):
    return Gateway(house, new_provider, request_of)


def read(stream):
    """Read a stream to its end; return the chunks, and the error it ended with or None."""
    chunks = []
    try:
        chunks.extend(iter(stream))
    except errors.LegionError as error:
        return chunks, error
    return chunks, None


# -- chat


def test_a_chat_is_answered_by_the_first_candidate(gateway, answer):
    gateway.a.will(answer("from a"))

    response = gateway.chat(model="m").get(SOON)

    assert response.text == "from a"
    assert (response.request_id, response.routing.provider, response.routing.strategy) == ("req_1", "a", "explicit")
    assert gateway.metered() == [(1, "a", Outcome.SUCCESS)]


def test_the_provider_gets_the_request_and_the_model_that_was_routed(gateway):
    gateway.chat(provider="b").get(SOON)

    [(request, model)] = gateway.b.calls
    assert (request.id, request.messages[0].text, model) == ("req_1", "hi", "m")


def test_a_failure_is_made_good_by_the_next_candidate(gateway, answer):
    gateway.a.will(DOWN)
    gateway.b.will(answer("from b"))

    response = gateway.chat(model="m").get(SOON)

    assert response.text == "from b"
    assert response.routing.chain == ("a/m: target_sick", "b/m: success")
    assert gateway.metered() == [(1, "a", Outcome.TARGET_SICK), (2, "b", Outcome.SUCCESS)]


def test_the_latency_is_that_of_the_whole_request(gateway, house):
    gateway.a.will_hang(end=DOWN)
    gateway.b.will_hang()
    reply = gateway.chat(model="m")

    house.advance(2.0)
    gateway.a.release(house)
    house.advance(3.0)
    gateway.b.release(house)

    assert reply.get(SOON).routing.latency_ms == 5000.0


def test_when_all_fail_the_caller_hears_of_each(gateway):
    for provider in gateway.providers:
        provider.will(DOWN)

    with pytest.raises(errors.EscalationExhausted) as caught:
        gateway.chat(model="m").get(SOON)

    assert [line.split(":")[0] for line in caught.value.attempts] == ["a/m", "b/m", "c/m"]
    assert gateway.is_idle()


def test_a_pinned_provider_is_never_left(gateway):
    gateway.a.will(DOWN)

    with pytest.raises(errors.ProviderDown):
        gateway.chat(provider="a").get(SOON)

    assert gateway.b.calls == gateway.c.calls == []


def test_the_caller_s_own_mistake_is_not_tried_elsewhere(gateway):
    gateway.a.will(errors.RequestRejectedError("no such parameter"))

    with pytest.raises(errors.RequestRejectedError):
        gateway.chat(model="m").get(SOON)

    assert gateway.b.calls == []


def test_an_unknown_model_is_no_attempt(gateway):
    with pytest.raises(errors.UnknownProviderError):
        gateway.chat(provider="nobody").get(SOON)

    assert gateway.metered() == []


def test_a_bug_in_one_provider_is_made_good_by_the_next(gateway, answer):
    gateway.a.will(ValueError("a bug"))
    gateway.b.will(answer("from b"))

    assert gateway.chat(model="m").get(SOON).text == "from b"
    assert gateway.metered() == [(1, "a", Outcome.INTERNAL), (2, "b", Outcome.SUCCESS)]


def test_a_connection_that_is_killed_in_the_middle_is_made_good_by_the_next(gateway, house, answer):
    gateway.a.will_hang()
    gateway.b.will(answer("from b"))
    reply = gateway.chat(model="m")

    house.kill("a")

    assert reply.get(SOON).text == "from b"
    assert gateway.a.cancelled == 1
    assert gateway.is_idle()


@pytest.mark.parametrize("victim", ["health", "metering", "router"])
def test_a_request_under_way_does_not_notice_when_a_neighbour_dies(gateway, house, victim):
    gateway.a.will_hang()
    reply = gateway.chat(model="m")

    house.kill(victim)
    gateway.a.release(house)

    assert reply.get(SOON).text == "hello"
    assert gateway.chat(model="m").get(SOON).text == "hello"


def test_when_inference_dies_its_callers_hear_it_and_their_calls_are_stopped(gateway, house):
    gateway.a.will_hang()
    reply = gateway.chat(model="m")

    house.kill("inference")

    with pytest.raises(errors.ActorCrashed):
        reply.get(SOON)
    assert gateway.a.cancelled == 1
    assert gateway.chat(model="m").get(SOON).text == "hello"


# -- health


def test_a_target_that_keeps_failing_is_put_aside_probed_and_taken_back(gateway, house, answer):
    gateway.a.will(DOWN, DOWN, DOWN)
    for _ in range(4):
        gateway.chat(model="m").get(SOON)
    aside = len(gateway.a.calls)

    house.advance(60.0)
    gateway.a.will(answer("from a"))
    probe = gateway.chat(model="m").get(SOON)

    assert aside == 3
    assert probe.routing.chain == ("a/m: success",)
    assert gateway.chat(model="m").get(SOON).routing.provider == "a"


def test_one_request_probes_and_pays_for_it_the_others_do_not(gateway, house):
    gateway.a.will(DOWN, DOWN, DOWN)
    for _ in range(3):
        gateway.chat(model="m").get(SOON)

    house.advance(60.0)
    gateway.a.will(DOWN)
    chains = [gateway.chat(model="m").get(SOON).routing.chain for _ in range(3)]

    assert chains == [("a/m: target_sick", "b/m: success"), ("b/m: success",), ("b/m: success",)]


def test_when_every_circuit_is_open_the_caller_hears_when_to_come_back(gateway, house):
    for provider in gateway.providers:
        provider.will(DOWN, DOWN, DOWN)
    for _ in range(3):
        with pytest.raises(errors.EscalationExhausted):
            gateway.chat(model="m").get(SOON)
    house.advance(10.0)

    with pytest.raises(errors.NoRouteError) as caught:
        gateway.chat(model="m").get(SOON)

    assert caught.value.retry_after == 50.0
    assert len(caught.value.reasons) == 3


def test_a_half_open_target_is_probed_by_one_of_a_hundred_callers(gateway, house):
    gateway.a.will(DOWN, DOWN, DOWN)
    for _ in range(3):
        with pytest.raises(errors.ProviderDown):
            gateway.chat(provider="a").get(SOON)
    house.advance(60.0)
    gateway.a.will_hang()

    replies = [gateway.chat(provider="a") for _ in range(100)]
    gateway.a.release(house)

    assert len(gateway.a.calls) == 4
    assert [reply.exception() for reply in replies].count(None) == 1


# -- giving up


def test_a_caller_who_gives_up_stops_the_provider_and_nobody_else_is_asked(gateway, house):
    gateway.a.will_hang()
    reply = gateway.chat(model="m")

    reply.cancel()
    house.settle()

    assert gateway.a.cancelled == 1
    assert gateway.b.calls == []
    assert gateway.metered() == [(1, "a", Outcome.CANCELLED)]
    assert gateway.is_idle()


def test_a_deadline_is_one_for_the_whole_request(gateway, house):
    gateway.a.will_hang(end=DOWN)
    gateway.b.will_hang()
    reply = gateway.chat(model="m", timeout=10.0)

    house.advance(6.0)
    gateway.a.release(house)
    house.advance(4.0)

    with pytest.raises(errors.DeadlineExceeded):
        reply.get(SOON)
    assert gateway.b.cancelled == 1
    assert gateway.c.calls == []
    assert gateway.metered() == [(1, "a", Outcome.TARGET_SICK), (2, "b", Outcome.DEADLINE_SHORT)]
    assert gateway.is_idle()


def test_neither_deadlines_nor_callers_who_give_up_ever_open_a_circuit(gateway, house):
    for _ in range(10):
        gateway.a.will_hang(2)
        gateway.chat(provider="a", timeout=1.0)
        reply = gateway.chat(provider="a")
        house.advance(1.0)
        reply.cancel()
    house.settle()

    assert gateway.chat(provider="a").get(SOON).text == "hello"
    assert house.inspect("health")["a"]["failures"] == 0


# -- streams


def test_a_stream_arrives_in_order_and_ends_with_the_whole_answer(gateway, answer, start_chunk, text_chunk):
    chunks = (start_chunk(), text_chunk("he"), text_chunk("llo"))
    gateway.a.will(answer("hello"), chunks=chunks)
    stream = gateway.stream(model="m")

    assert read(stream) == (list(chunks), None)
    response = stream.reply.get(SOON)
    assert (response.text, response.routing.provider, response.request_id) == ("hello", "a", "req_1")
    assert gateway.metered() == [(1, "a", Outcome.SUCCESS)]


def test_a_chunk_is_there_before_the_answer_is_complete(gateway, house, start_chunk, text_chunk):
    gateway.a.will_hang(chunks=(start_chunk(), text_chunk("he")))
    stream = gateway.stream(model="m")

    first = [next(stream), next(stream)]

    assert first == [start_chunk(), text_chunk("he")]
    assert gateway.a.now == 1
    gateway.a.release(house)
    assert read(stream) == ([], None)


def test_before_the_first_content_another_target_silently_takes_over(gateway, answer, start_chunk, text_chunk):
    gateway.a.will(DOWN, chunks=(start_chunk("of a"),))
    gateway.b.will(answer("hello"), chunks=(start_chunk("of b"), text_chunk("hello")))
    stream = gateway.stream(model="m")

    assert read(stream) == ([start_chunk("of b"), text_chunk("hello")], None)
    assert stream.reply.get(SOON).routing.chain == ("a/m: target_sick", "b/m: success")


def test_a_stream_cut_before_its_first_content_is_silently_asked_for_again(gateway, answer, start_chunk, text_chunk):
    gateway.a.will(CUT, chunks=(start_chunk("first"),))
    gateway.a.will(answer("hello"), chunks=(start_chunk("second"), text_chunk("hello")))
    stream = gateway.stream(model="m")

    assert read(stream) == ([start_chunk("second"), text_chunk("hello")], None)
    assert stream.reply.get(SOON).routing.chain == ("a/m: target_sick", "a/m: success")
    assert gateway.metered() == [(1, "a", Outcome.TARGET_SICK), (2, "a", Outcome.SUCCESS)]


def test_after_the_first_content_the_stream_ends_with_the_error_and_nothing_is_repeated(
    gateway, start_chunk, text_chunk
):
    gateway.a.will(CUT, chunks=(start_chunk(), text_chunk("he")))

    chunks, error = read(gateway.stream(model="m"))

    assert chunks == [start_chunk(), text_chunk("he")]
    assert error is CUT
    assert gateway.b.calls == []
    assert gateway.metered() == [(1, "a", Outcome.TARGET_SICK)]


def test_after_a_silent_takeover_the_second_target_s_content_commits_too(gateway, start_chunk, text_chunk):
    gateway.a.will(DOWN)
    gateway.b.will(CUT, chunks=(start_chunk(), text_chunk("he")))

    chunks, error = read(gateway.stream(model="m"))

    assert (chunks, error) == ([start_chunk(), text_chunk("he")], CUT)
    assert gateway.c.calls == []


def test_a_streamed_answer_without_content_is_passed_on_whole(gateway, answer, start_chunk):
    gateway.a.will(answer(""), chunks=(start_chunk(),))

    assert read(gateway.stream(model="m")) == ([start_chunk()], None)


def test_when_every_stream_fails_before_content_the_caller_sees_only_the_error(gateway, start_chunk):
    for provider in gateway.providers:
        provider.will(DOWN, chunks=(start_chunk(),))

    chunks, error = read(gateway.stream(model="m"))

    assert chunks == []
    assert isinstance(error, errors.EscalationExhausted)


def test_a_connection_killed_before_content_is_made_good_and_after_content_is_not(
    gateway, house, answer, start_chunk, text_chunk
):
    gateway.a.will_hang(chunks=(start_chunk("of a"),))
    gateway.b.will_hang(chunks=(start_chunk("of b"), text_chunk("he")))
    stream = gateway.stream(model="m")

    house.kill("a")
    house.kill("b")

    chunks, error = read(stream)
    assert chunks == [start_chunk("of b"), text_chunk("he")]
    assert isinstance(error, errors.ActorCrashed)
    assert gateway.c.calls == []


def test_a_reader_who_closes_the_stream_stops_the_provider(gateway, house, text_chunk):
    gateway.a.will_hang(chunks=(text_chunk("he"),))
    stream = gateway.stream(model="m")
    next(stream)

    stream.close()
    house.settle()

    assert gateway.a.cancelled == 1
    assert gateway.metered() == [(1, "a", Outcome.CANCELLED)]
    assert gateway.is_idle()


def test_a_reader_who_goes_away_while_the_provider_is_ahead_is_noticed(gateway, house, text_chunk):
    gateway.a.will_hang(chunks=(text_chunk("x"),) * 1000)
    stream = gateway.stream(model="m")
    next(stream)

    stream.close()
    house.settle()

    assert gateway.is_idle()
    assert [outcome for _, _, outcome in gateway.metered()] == [Outcome.CANCELLED]


def test_a_slow_reader_slows_the_provider(gateway, house, text_chunk, answer):
    gateway.a.will(answer("x" * 1000), chunks=(text_chunk("x"),) * 1000)
    stream = gateway.stream(model="m")

    behind = gateway.a.now

    assert behind == 1
    assert len(read(stream)[0]) == 1000


def test_a_deadline_ends_a_stream_after_what_had_come(gateway, house, text_chunk):
    gateway.a.will_hang(chunks=(text_chunk("he"),))
    stream = gateway.stream(model="m", timeout=5.0)

    house.advance(5.0)

    chunks, error = read(stream)
    assert chunks == [text_chunk("he")]
    assert isinstance(error, errors.DeadlineExceeded)
    assert gateway.metered() == [(1, "a", Outcome.DEADLINE_SHORT)]
    assert gateway.b.calls == []


# -- many at once


def test_of_many_requests_and_random_deaths_every_one_is_answered_and_nothing_stays_taken(gateway, house):
    for provider in gateway.providers:
        provider.will_hang(100)
    replies = [gateway.chat(model="m") for _ in range(20)]
    streams = [gateway.stream(model="m") for _ in range(20)]

    for victim in ("a", "router", "b", "health", "metering", "inference"):
        house.kill(victim)
    house.advance(10.0)  # the supervisor waits a little before each restart but the first
    ends = [*[reply.exception() for reply in replies], *[read(stream)[1] for stream in streams]]

    assert len(ends) == 40
    assert all(isinstance(end, errors.LegionError) for end in ends)
    assert gateway.is_idle()
    for provider in gateway.providers:
        provider.script.clear()
    assert gateway.chat(model="m").get(SOON).text == "hello"


# -- poor answers

POOR = "I cannot help with that."
GOOD = "Water boils at 100 degrees Celsius at sea level, and earlier the higher one climbs."


def test_a_poor_answer_escalates_and_weighs_half_a_failure(gateway, house, answer):
    for _ in range(6):
        gateway.a.will(answer(POOR))
        gateway.b.will(answer(GOOD))
        assert gateway.chat(model="m", escalation=Escalation(enabled=True)).get(SOON).text == GOOD

    assert house.inspect("health")["a"]["state"] == "open"
    assert house.inspect("health")["b"]["state"] == "closed"


def test_answers_that_are_judged_good_clear_earlier_failures(gateway, house, answer):
    for _ in range(10):
        gateway.a.will(DOWN)
        gateway.chat(model="m").get(SOON)
        gateway.a.will(answer(GOOD))
        gateway.chat(model="m", escalation=Escalation(enabled=True)).get(SOON)

    assert house.inspect("health")["a"]["state"] == "closed"


def test_the_check_beside_a_request_judges_its_answer(gateway, answer):
    async def own(response):
        return response.text == "from b"

    gateway.a.will(answer(GOOD))
    gateway.b.will(answer("from b"))

    request = gateway._request_of(id="req_1", model="m", escalation=Escalation(quality_threshold=0))
    message = Infer(request=request, quality_check=own)

    assert gateway.house.ask("inference", message).text == "from b"

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.connection.actor import Connection, ConnectionConfig
from legion_llm.messages import errors
from legion_llm.messages.chat import Usage
from legion_llm.messages.health import LimitReached
from legion_llm.messages.limits import Allowance, RateLimits
from legion_llm.messages.load import Load
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import Call, CircuitState, HealthWanted, StreamCall
from legion_llm.messages.settings import AdaptiveSettings, LimitSettings

SOON = 10.0


class Asked:
    """An ask from a task of the actors' own loop, as inference makes it; `get` and `cancel` as on a reply."""

    def __init__(self, house, address, message, timeout):
        self._house = house
        self._scope = trio.CancelScope()
        self._outcome = errors.CancelledError("cancelled")
        self._ask = address, message, timeout
        house.do(house.system.trio._nursery.start_soon, self._run)

    async def _run(self):
        address, message, timeout = self._ask
        with self._scope:
            try:
                self._outcome = await address.ask(message, timeout=timeout)
            except errors.LegionError as error:
                self._outcome = error

    def cancel(self):
        self._house.do(self._scope.cancel)

    def get(self, _patience=None):
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome


class Line:
    """One connection, the provider behind it, and what its neighbours hear."""

    def __init__(self, house, provider, request_of, target_of, way):
        self.house = house
        self.provider = provider
        self.way = way
        self.health = house.add_ear("health")
        self.metering = house.add_ear("metering")
        self.loads = []
        self._request_of = request_of
        self.target = target_of("openai", "m")

    def start(self, *, max_concurrency=2, max_queue=1, **more):
        config = ConnectionConfig(
            instance="openai",
            max_concurrency=max_concurrency,
            max_queue=max_queue,
            **more,
        )
        house = self.house
        house.add(
            "openai",
            lambda: Connection(
                config,
                self.provider,
                health=house.address("health"),
                metering=house.address("metering"),
                publish=self.loads.append,
            ),
        )
        house.start()
        self.health_wanted = list(self.health)
        self.health.clear()
        return self

    def call(self, *, timeout=None, text="hi", **fields):
        message = Call(request=self._request_of(text, id="req_1"), target=self.target, **fields)
        address = self.house.address("openai")
        if self.way == "actor":
            return Asked(self.house, address, message, timeout)
        reply = address.request(message, timeout=timeout)
        self.house.settle()
        return reply

    def stream(self):
        message = StreamCall(request=self._request_of(id="req_1"), target=self.target, attempt=2)
        return self.house.address("openai").stream(message)

    @property
    def report(self):
        """The one report there is, the same for health and metering."""
        self.house.settle()
        assert len(self.health) == len(self.metering) == 1
        assert self.health == self.metering
        return self.health[0]

    def permits(self):
        shown = self.house.inspect("openai")
        return shown["in_flight"], shown["waiting"]


@pytest.fixture(params=["host", "actor"])
def way(request):
    """Who calls: a host, through the mailbox, or an actor on the same loop, in whose own task an idle connection serves."""
    return request.param


@pytest.fixture
def unstarted(house, provider, request_of, target_of):
    return Line(house, provider, request_of, target_of, "host")


@pytest.fixture
def line(house, provider, request_of, target_of, way):
    return Line(house, provider, request_of, target_of, way).start()


# -- one report per attempt, however it ends


def test_a_success_is_reported_with_its_usage(line, provider, house, answer, news):
    provider.will_hang(end=answer("hello", uncached_input=5, visible_output=7))
    house.tell("openai", news("closed", epoch=41))
    reply = line.call(attempt=3)

    house.advance(2.5)
    provider.release(house)

    assert reply.get(SOON).text == "hello"
    report = line.report
    assert (report.request_id, report.attempt, report.target) == ("req_1", 3, line.target)
    assert (report.outcome, report.error, report.sent, report.epoch) == (Outcome.SUCCESS, None, True, 41)
    assert report.usage == Usage(uncached_input=5, visible_output=7)
    assert (report.latency, report.at, report.recorded_at) == (2.5, 1002.5, 1_700_001_002.5)


def test_a_call_whose_answer_will_be_judged_says_so_in_its_report(line):
    line.call(judged=True).get(SOON)

    assert line.report.judged


def test_a_probe_that_was_replaced_reports_for_no_epoch(line, provider, house, news):
    house.tell("openai", news("half_open", epoch=41))
    provider.will_hang(2)
    first = line.call()
    house.advance(30.0)
    second = line.call()

    provider.release(house)
    provider.release(house)

    assert (first.get(SOON).text, second.get(SOON).text) == ("hello", "hello")
    assert [report.epoch for report in line.health] == [-1, 41]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.ProviderDown("no answer"), Outcome.TARGET_SICK),
        (errors.RateLimitError("slow down", retry_after=3.0), Outcome.THROTTLED),
        (errors.AuthError("bad key"), Outcome.ACCOUNT_DEAD),
        (errors.RequestRejectedError("no"), Outcome.CALLER_MISTAKE),
        (errors.ContentRefusedError("no"), Outcome.REFUSED),
        (errors.ContextOverflow("too long"), Outcome.UNFIT),
        (errors.CancelledError("the reader is gone"), Outcome.CANCELLED),
    ],
)
def test_a_failure_is_reported_once_and_handed_on(line, provider, error, outcome):
    provider.will(error)

    with pytest.raises(type(error), match=str(error)):
        line.call().get(SOON)

    report = line.report
    assert (report.outcome, report.error, report.sent) == (outcome, type(error).__name__, True)
    assert report.usage == Usage(source="partial")
    assert line.permits() == (0, 0)


@pytest.mark.parametrize("error", [errors.UnsupportedCapability("no eyes"), errors.InvalidRequestError("not HTTP")])
def test_what_the_provider_refused_to_send_is_reported_as_unsent(line, provider, error):
    provider.will(error)

    with pytest.raises(type(error)):
        line.call().get(SOON)

    assert line.report.sent is False


def test_a_report_never_quotes_the_error(line, provider):
    provider.will(errors.ProviderError("the prompt was: my diary"))

    with pytest.raises(errors.ProviderError):
        line.call().get(SOON)

    assert "diary" not in repr(line.report)


def test_a_bug_in_the_provider_costs_the_one_call_and_is_reported_as_ours(line, provider):
    provider.will(ValueError("a bug"))

    with pytest.raises(errors.ActorCrashed, match="ValueError: a bug"):
        line.call().get(SOON)

    assert (line.report.outcome, line.report.error) == (Outcome.INTERNAL, "ValueError")
    assert line.call().get(SOON).text == "hello"
    assert line.permits() == (0, 0)


def test_a_caller_who_gives_up_stops_the_provider_and_is_reported(line, provider, house):
    provider.will_hang()
    reply = line.call()

    reply.cancel()
    house.settle()

    assert provider.cancelled == 1
    assert (line.report.outcome, line.report.error) == (Outcome.CANCELLED, "CancelledError")
    assert line.permits() == (0, 0)


def test_a_deadline_that_passes_stops_the_provider_and_is_told_apart_from_giving_up(line, provider, house):
    provider.will_hang()
    reply = line.call(timeout=5.0)

    house.advance(5.0)

    with pytest.raises(errors.DeadlineExceeded):
        reply.get(SOON)
    assert provider.cancelled == 1
    assert (line.report.outcome, line.report.error) == (Outcome.DEADLINE_SHORT, "DeadlineExceeded")
    assert line.report.latency == 5.0
    assert line.permits() == (0, 0)


def test_a_caller_who_gives_up_before_the_deadline_is_not_taken_for_a_late_one(line, provider, house):
    provider.will_hang()
    reply = line.call(timeout=5.0)

    house.advance(4.9)
    reply.cancel()
    house.settle()

    assert line.report.outcome is Outcome.CANCELLED


def test_when_the_actor_is_killed_the_caller_hears_it_and_the_attempt_is_reported(line, provider, house):
    provider.will_hang()
    reply = line.call()

    house.kill("openai")

    with pytest.raises(errors.ActorCrashed):
        reply.get(SOON)
    assert provider.cancelled == 1
    finished = [heard for heard in line.health if not isinstance(heard, HealthWanted)]
    assert finished == line.metering
    assert [report.outcome for report in finished] == [Outcome.CANCELLED]


def test_when_the_system_stops_the_caller_hears_it_and_the_attempt_is_reported(line, provider, house):
    provider.will_hang()
    reply = line.call()

    house.system.shutdown(drain=0.0)

    with pytest.raises(errors.ActorStopped):
        reply.get(SOON)
    assert [report.outcome for report in line.metering] == [Outcome.CANCELLED]
    assert line.health == line.metering


def test_a_call_that_may_finish_while_the_system_drains_is_a_success(line, provider, house):
    provider.will_hang()
    reply = line.call()

    house.do(lambda: house.system.trio._nursery.start_soon(house.system._stop_root, 5.0, None))
    provider.release(house)

    assert reply.get(SOON).text == "hello"
    assert [report.outcome for report in line.metering] == [Outcome.SUCCESS]


# -- streams


def test_a_stream_hands_on_its_chunks_and_reports_once(line, provider, text_chunk, answer):
    chunks = tuple(text_chunk(each) for each in ("a", "b", "c"))
    provider.will(answer("abc"), chunks=chunks)

    stream = line.stream()

    assert tuple(stream) == chunks
    assert stream.reply.get(SOON).text == "abc"
    assert (line.report.outcome, line.report.attempt) == (Outcome.SUCCESS, 2)


def test_a_stream_that_breaks_gives_what_came_and_then_the_error(line, provider, text_chunk):
    provider.will(errors.StreamBrokenError("cut"), chunks=(text_chunk("a"),))
    stream, read = line.stream(), []

    with pytest.raises(errors.StreamBrokenError, match="cut"):
        read.extend(chunk.text for chunk in stream)

    assert read == ["a"]
    assert (line.report.outcome, line.report.error) == (Outcome.TARGET_SICK, "StreamBrokenError")


def test_a_reader_who_closes_the_stream_stops_the_provider(line, provider, house, text_chunk):
    provider.will_hang(chunks=(text_chunk("a"),))
    stream = line.stream()
    next(stream)

    stream.close()
    house.settle()

    assert provider.cancelled == 1
    assert line.report.outcome is Outcome.CANCELLED
    assert line.permits() == (0, 0)


# -- admission


def test_no_more_calls_than_allowed_reach_the_provider_at_once(line, provider, house):
    provider.will_hang(5)
    replies = [line.call() for _ in range(3)]

    with pytest.raises(errors.TargetUnavailable, match="2 calls are in flight and 1 wait already"):
        line.call().get(SOON)
    busy = line.permits()
    for _ in replies:
        provider.release(house)

    assert busy == (2, 1)
    assert [reply.get(SOON).text for reply in replies] == ["hello"] * 3
    assert provider.most == 2
    assert line.permits() == (0, 0)


def test_a_call_that_was_not_admitted_is_no_attempt(line, provider, house, news):
    house.tell("openai", news("open", retry_at=1030.0))

    with pytest.raises(errors.TargetUnavailable) as caught:
        line.call().get(SOON)

    assert caught.value.retry_after == 30.0
    assert provider.calls == line.health == line.metering == []


def test_one_who_gives_up_while_waiting_never_reaches_the_provider(line, provider, house):
    provider.will_hang(2)
    line.call()
    line.call()
    waiting = line.call()

    waiting.cancel()
    house.settle()
    for _ in range(2):
        provider.release(house)

    assert len(provider.calls) == 2
    assert line.permits() == (0, 0)


def test_a_deadline_that_passes_in_the_queue_reaches_the_caller_and_not_the_provider(line, provider, house):
    provider.will_hang(2)
    line.call()
    line.call()
    waiting = line.call(timeout=1.0)

    house.advance(1.0)

    with pytest.raises(errors.DeadlineExceeded):
        waiting.get(SOON)
    assert len(provider.calls) == 2
    assert line.permits() == (2, 0)


def test_when_all_callers_give_up_at_once_nothing_stays_taken(line, provider, house):
    provider.will_hang(3)
    replies = [line.call() for _ in range(3)]

    for reply in replies:
        reply.cancel()
    house.settle()

    assert line.permits() == (0, 0)
    assert provider.now == 0


def test_a_circuit_that_opens_sends_the_waiting_away_and_leaves_the_running_alone(line, provider, house, news):
    provider.will_hang(2)
    running = [line.call(), line.call()]
    waiting = line.call()

    house.tell("openai", news("open", retry_at=1060.0))

    with pytest.raises(errors.TargetUnavailable) as caught:
        waiting.get(SOON)
    assert caught.value.retry_after == 60.0
    for _ in running:
        provider.release(house)
    assert [reply.get(SOON).text for reply in running] == ["hello", "hello"]


def test_a_half_open_circuit_lets_one_of_a_hundred_callers_through(unstarted, provider, house, news):
    line = unstarted.start(max_concurrency=64, max_queue=256)
    house.tell("openai", news("half_open"))
    provider.will_hang()

    replies = [line.call() for _ in range(100)]
    provider.release(house)

    ends = [reply.exception() for reply in replies]
    assert len(provider.calls) == 1
    assert ends.count(None) == 1
    assert all(isinstance(end, errors.TargetUnavailable) for end in ends if end is not None)


def test_after_a_probe_that_proved_nothing_the_next_may_go(line, provider, house, news):
    house.tell("openai", news("half_open"))
    provider.will(errors.RequestRejectedError("no"))
    with pytest.raises(errors.RequestRejectedError):
        line.call().get(SOON)

    reply = line.call()

    assert reply.get(SOON).text == "hello"


def test_its_snapshot_shows_the_permits_and_the_circuit(line, house, news):
    house.tell("openai", news("half_open"))

    assert house.inspect("openai") == {
        "instance": "openai",
        "in_flight": 0,
        "waiting": 0,
        "max_concurrency": 2,
        "concurrency": 2,
        "mean_seconds": 0.0,
        "circuit": "half_open",
        "fault": None,
        "minute": {},
    }


# -- how busy it is, and how busy it may be


def test_it_publishes_how_many_calls_it_has_and_how_long_they_take(unstarted, provider, house):
    line = unstarted.start(max_concurrency=1)
    provider.will_hang(2)
    line.call()
    line.call()
    house.advance(4.0)
    provider.release(house)
    provider.release(house)

    assert line.loads == [Load(1, 0.0), Load(2, 0.0), Load(1, 4.0), Load(1, 4.0), Load(0, 3.6)]


def test_calls_that_meet_overload_let_fewer_be_made(unstarted, provider, house):
    line = unstarted.start(max_concurrency=20, max_queue=0)
    provider.will_hang(20, end=errors.ProviderError("overloaded", status=529))
    for _ in range(20):
        line.call()
    while provider.held:
        provider.release(house)

    assert house.inspect("openai")["concurrency"] == 14


def test_answers_that_get_slow_with_the_load_let_fewer_be_made(unstarted, provider, house):
    line = unstarted.start(max_concurrency=40, max_queue=0)
    for _ in range(10):
        in_turn(line, provider, house, seconds=1.0)
    provider.will_hang(40)
    for _ in range(40):
        line.call()
    house.advance(10.0)
    while provider.held:
        provider.release(house)

    assert 8 <= house.inspect("openai")["concurrency"] < 40


def in_turn(line, provider, house, *, seconds):
    provider.will_hang()
    line.call()
    house.advance(seconds)
    provider.release(house)


def test_where_it_is_switched_off_nothing_changes_how_many_may_be_made(unstarted, provider, house):
    line = unstarted.start(max_concurrency=20, adaptive=AdaptiveSettings(enabled=False))
    for _ in range(20):
        provider.will(errors.ProviderDown("silent"))
        with pytest.raises(errors.ProviderDown):
            line.call().get(SOON)

    assert house.inspect("openai")["concurrency"] == 20


def test_who_would_wait_in_vain_is_sent_away_at_once(unstarted, provider, house):
    line = unstarted.start(max_concurrency=1, max_queue=10)
    in_turn(line, provider, house, seconds=4.0)
    provider.will_hang()
    line.call()

    with pytest.raises(errors.TargetUnavailable, match=r"the caller has 5\.0 s") as caught:
        line.call(timeout=5.0).get(SOON)

    assert caught.value.retry_after == 4.0


def test_a_stream_reports_when_its_first_content_came(unstarted, provider, house, text_chunk):
    line = unstarted.start()
    provider.will_hang(chunks=(text_chunk("a"),))
    stream = line.stream()
    house.settle()
    house.advance(30.0)
    provider.release(house)
    list(stream)

    assert (line.report.first_content, line.report.latency) == (0.0, 30.0)


# -- limits per minute


def limited(line, **limits):
    return line.start(limits=LimitSettings(**limits))


def minute(line):
    return line.house.inspect("openai")["minute"]["all models"]


def test_one_call_more_than_the_minute_allows_is_refused_and_health_hears_until_when(unstarted, provider):
    line = limited(unstarted, requests_per_minute=1)
    line.call().get(SOON)
    line.health.clear()

    with pytest.raises(errors.TargetUnavailable) as caught:
        line.call().get(SOON)

    assert caught.value.retry_after == 61.0
    assert line.health == [LimitReached(instance="openai", model="m", until=1061.0)]
    assert len(provider.calls) == 1


def test_a_call_that_is_too_large_for_now_is_refused_and_health_hears_nothing(unstarted, request_of):
    line = limited(unstarted, tokens_per_minute=1000)
    line.call().get(SOON)
    line.health.clear()

    with pytest.raises(errors.TargetUnavailable):
        line.call(text="long " * 2000).get(SOON)

    assert line.health == []


def test_tokens_are_settled_by_what_the_provider_reports(unstarted, provider, answer):
    line = limited(unstarted, tokens_per_minute=1000)
    provider.will(answer("hello", uncached_input=300, visible_output=200))

    line.call().get(SOON)

    assert minute(line) == {"tokens": "500/1000"}


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_a_call_that_is_cut_off_keeps_its_estimate_and_lets_its_place_go(unstarted, provider, house, end):
    line = limited(unstarted, requests_per_minute=5, tokens_per_minute=1000)
    provider.will_hang()
    reply = line.call()

    reply.cancel() if end == "cancel" else house.kill("openai")
    house.settle()

    kept = {"requests": "1/5", "tokens": "261/1000"} if end == "cancel" else {"requests": "0/5", "tokens": "0/1000"}
    assert (minute(line), line.permits()) == (kept, (0, 0))


def test_a_refused_call_gives_its_place_back(unstarted):
    line = limited(unstarted, requests_per_minute=1)
    line.call().get(SOON)
    for _ in range(5):
        with pytest.raises(errors.TargetUnavailable):
            line.call().get(SOON)

    assert line.permits() == (0, 0)


def test_what_an_answer_says_of_the_provider_s_limits_is_heeded(unstarted, provider, answer):
    line = unstarted.start()
    empty = RateLimits(requests=Allowance(0.0, 10.0, 50.0), at=1000.0)
    provider.will(attrs.evolve(answer("hello"), rate_limit=empty))
    line.call().get(SOON)

    with pytest.raises(errors.TargetUnavailable, match="nothing is left of the provider's limit") as caught:
        line.call().get(SOON)

    assert caught.value.retry_after == 5.0


# -- its life


def test_at_its_start_it_asks_how_its_instance_is(line):
    assert line.health_wanted == [HealthWanted(instance="openai")]


def test_after_a_crash_it_asks_again_and_calls_are_admitted_anew(line, provider, house):
    provider.will_hang(2)
    for _ in range(2):
        line.call()

    house.kill("openai")

    assert HealthWanted(instance="openai") in line.health
    assert line.call().get(SOON).text == "hello"
    assert line.permits() == (0, 0)


def test_after_a_crash_it_is_closed_until_it_hears_otherwise(line, house, news):
    house.tell("openai", news("open"))

    house.kill("openai")

    assert house.inspect("openai")["circuit"] == CircuitState.CLOSED


@pytest.mark.parametrize("ending", ["stop", "crash"])
def test_idle_sockets_are_closed_however_the_actor_ends(line, provider, house, ending):
    line.call().get(SOON)

    house.kill("openai") if ending == "crash" else house.system.shutdown()

    assert provider.closed == 1

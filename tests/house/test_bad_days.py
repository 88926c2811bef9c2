"""An upstream fails, an actor is killed, a caller goes away: an answer or a typed error in time, and nothing left behind."""

from __future__ import annotations

import json
import random
import socket
import threading
import time

import legion_llm
import pytest
from upstream import Fault, Hang, ScriptedServer, Send, Signal, WaitFor, answer, canned_openai, openai_upstream

WHOLE = canned_openai().whole

# What a caller of the whole house meets; the parts are tested in tests/adapters/providers.
ERRORS = {
    Fault.REFUSE: legion_llm.ProviderDown,
    Fault.RESET_BEFORE_HEADERS: legion_llm.ProviderDown,
    Fault.HANG_BEFORE_FIRST_BYTE: legion_llm.ProviderDown,
    Fault.HANG_AFTER_HEADERS: legion_llm.ProviderDown,
    Fault.HANG_BETWEEN_CHUNKS: legion_llm.ProviderDown,
    Fault.HALF_BODY: legion_llm.ProviderError,
    Fault.MALFORMED_CHUNKED: legion_llm.ProviderError,
    Fault.INVALID_JSON: legion_llm.ProviderError,
    Fault.HTML_200: legion_llm.ProviderError,
    Fault.HTML_502: legion_llm.ProviderError,
    Fault.CUT: legion_llm.ProviderError,
    Fault.ERROR_EVENT: legion_llm.ProviderError,
    Fault.STATUS_401: legion_llm.AuthError,
    Fault.STATUS_429_RETRY_AFTER: legion_llm.RateLimitError,
    Fault.STATUS_500: legion_llm.ProviderError,
}
# These show themselves only after the caller has read a part of the stream.
LATE = (
    Fault.HANG_BETWEEN_CHUNKS,
    Fault.HALF_BODY,
    Fault.INVALID_JSON,
    Fault.CUT,
    Fault.NO_TERMINAL_FRAME,
    Fault.ERROR_EVENT,
)
# Malformed framing may come in one packet with the text before it, which then is not believed either.
EARLY = tuple(fault for fault in ERRORS if fault not in (*LATE, Fault.MALFORMED_CHUNKED))


def in_flight(legion, instance):
    return legion.inspect(f"connections/{instance}")["snapshot"]["in_flight"]


def metered(legion):
    return [(row["target"], row["outcome"]) for row in legion.inspect("metering")["snapshot"]["last"]]


def wait_until(condition, timeout=5.0):
    """Poll a state that has no signal of its own."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.005)


@pytest.mark.parametrize("fault", ERRORS)
def test_an_upstream_that_fails_gives_a_typed_error(fault, embedded, make_provider):
    with openai_upstream(fault) as server:
        legion = embedded({"up": make_provider(server)})

        with pytest.raises(ERRORS[fault]) as caught:
            legion.chat("Hello!").get(timeout=10)

        assert caught.value.provider == "up"
        assert in_flight(legion, "up") == 0


@pytest.mark.parametrize("fault", LATE)
def test_a_stream_that_breaks_gives_its_text_and_then_a_typed_error(fault, embedded, make_provider):
    with openai_upstream(fault) as server:
        legion = embedded({"up": make_provider(server)})
        stream = legion.stream("Hello!")
        text = ""

        with pytest.raises(legion_llm.UpstreamError):
            for chunk in stream:
                text += chunk.text

        assert text.startswith("w0 ")
        assert in_flight(legion, "up") == 0


@pytest.mark.parametrize("fault", EARLY)
def test_a_failure_before_the_first_content_is_silently_made_good_by_another(fault, embedded, make_provider):
    with openai_upstream(fault) as sick, openai_upstream() as well:
        legion = embedded({"a": make_provider(sick), "b": make_provider(well)})

        stream = legion.stream("Hello!", model="m-1")
        text = "".join([chunk.text for chunk in stream])

        assert text == "w0 w1 w2 w3 w4 "
        assert stream.reply.get(timeout=10).routing.provider == "b"


@pytest.mark.parametrize("fault", LATE)
def test_a_failure_after_the_first_content_is_never_hidden_by_repeated_text(fault, embedded, make_provider):
    with openai_upstream(fault) as sick, openai_upstream() as well:
        legion = embedded({"a": make_provider(sick), "b": make_provider(well)})
        stream = legion.stream("Hello!", model="m-1")
        pieces = []

        with pytest.raises(legion_llm.UpstreamError):
            pieces.extend(chunk.text for chunk in stream)

        assert not [request for request in well.requests if request.path == "/v1/chat/completions"]


def test_the_attempts_of_a_failover_are_told_and_metered(embedded, make_provider):
    with openai_upstream(Fault.STATUS_500) as sick, openai_upstream() as well:
        legion = embedded({"a": make_provider(sick), "b": make_provider(well)})

        response = legion.chat("Hello!", model="m-1").get(timeout=10)

        assert response.routing.chain == ("a/m-1: target_sick", "a/m-1: target_sick", "b/m-1: success")
        # Inspection overtakes what is told, so it may look too early.
        wait_until(
            lambda: metered(legion) == [("a/m-1", "target_sick"), ("a/m-1", "target_sick"), ("b/m-1", "success")]
        )


def test_a_sick_provider_is_put_aside_and_the_refusal_says_for_how_long(embedded, make_provider):
    with openai_upstream(Fault.STATUS_500) as sick:
        legion = embedded({"a": make_provider(sick)})
        for _ in range(3):
            with pytest.raises(legion_llm.ProviderError):
                legion.chat("Hello!").get(timeout=10)
        wait_until(lambda: legion.providers().get(timeout=5)[0].state == "open")

        with pytest.raises(legion_llm.NoRouteError) as caught:
            legion.chat("Hello!").get(timeout=10)

        assert 0 < caught.value.retry_after <= 60
        assert caught.value.reasons == ("a/m-1: circuit open",)


def test_an_idle_connection_that_died_is_replaced_without_an_error(embedded, make_provider):
    with openai_upstream(Fault.CLOSE_AFTER_EACH) as server:
        legion = embedded({"up": make_provider(server)})

        answers = []
        for _ in range(5):
            answers.append(legion.chat("Hello!").get(timeout=10).text)
            assert server.wait_all_closed()  # the connection dies while it is idle, not under the next request

        assert len(answers) == 5


# -- callers that go away


def hanging(started):
    """A server that takes chat requests and never answers them."""

    def script(request):
        if request.path != "/v1/chat/completions":
            return (Send(answer(canned_openai().models)),)
        return (Signal(started), Hang())

    return ScriptedServer(script)


def gives_up_by_cancel(legion, started):
    reply = legion.chat("Hello!")
    started.wait(5)
    reply.cancel()


def gives_up_by_timeout(legion, started):
    with pytest.raises(legion_llm.DeadlineExceeded):
        legion.chat("Hello!").get(timeout=0.1)


def gives_up_by_deadline(legion, started):
    with pytest.raises(legion_llm.DeadlineExceeded):
        legion.chat("Hello!", timeout=0.1).get(timeout=5)


def gives_up_by_closing_the_stream(legion, started):
    stream = legion.stream("Hello!")
    started.wait(5)
    stream.close()


def gives_up_by_dropping_the_stream(legion, started):
    stream = legion.stream("Hello!")
    started.wait(5)
    del stream


@pytest.mark.parametrize(
    "give_up",
    [
        gives_up_by_cancel,
        gives_up_by_timeout,
        gives_up_by_deadline,
        gives_up_by_closing_the_stream,
        gives_up_by_dropping_the_stream,
    ],
)
def test_a_caller_that_gives_up_closes_the_upstream_connection(give_up, embedded, make_provider):
    started = threading.Event()
    limits = {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}
    with hanging(started) as server:
        legion = embedded({"up": make_provider(server, timeouts=limits)})

        give_up(legion, started)

        # 200 ms is the promise; the rest is patience with a busy machine.
        assert server.client_closed.wait(2.0)
        wait_until(lambda: in_flight(legion, "up") == 0)


def test_an_http_client_that_disconnects_closes_the_upstream_connection(serving, make_provider):
    started = threading.Event()
    limits = {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}
    body = json.dumps({"model": "m-1", "messages": [{"role": "user", "content": "Hello!"}]}).encode()
    with hanging(started) as server:
        legion = serving({"up": make_provider(server, timeouts=limits)})
        host, port = legion.url.removeprefix("http://").split(":")
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + body)
            assert started.wait(5)
            left_at = time.monotonic()

        assert server.client_closed.wait(2.0)
        took = time.monotonic() - left_at
        wait_until(lambda: in_flight(legion, "up") == 0)
        assert took < 2.0


# -- actors that are killed


VICTIMS = ("inference", "router", "health", "metering", "connections/a", "connections/b")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killing_actors_at_random_under_load_gives_everybody_an_answer_or_a_typed_error(seed, embedded, make_provider):
    chance = random.Random(seed)
    generous = {"max_restarts": 1000, "backoff_initial": 0.001, "backoff_max": 0.01}
    # A busy machine must not look like a sick provider.
    patient = {"max_queue": 500, "timeouts": {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}}
    with openai_upstream() as one, openai_upstream() as two:
        legion = embedded({"a": make_provider(one, **patient), "b": make_provider(two, **patient)}, runtime=generous)
        replies, outcomes = [], []

        for number in range(200):
            replies.append(legion.chat(f"Number {number}", model="m-1", timeout=10))
            if number % 10 == 0:
                legion._system.kill(chance.choice(VICTIMS))
        for reply in replies:
            try:
                outcomes.append(reply.get(timeout=15).text)
            except legion_llm.LegionError as error:
                outcomes.append(type(error).__name__)

        assert len(outcomes) == 200
        assert "DeadlineExceeded" not in outcomes
        assert "ReplyTimeout" not in outcomes
        wait_until(lambda: legion.chat("Again", model="m-1").exception() is None and legion.state == "ready")
        assert legion.chat("Again", model="m-1").get(timeout=10).text.startswith("w0")
        wait_until(lambda: in_flight(legion, "a") == in_flight(legion, "b") == 0)


def test_an_actor_that_crashes_in_a_loop_fails_the_system_and_not_the_host(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)}, runtime={"max_restarts": 2, "backoff_initial": 0.0})

    for _ in range(50):
        if legion.state != "ready":
            break
        legion._system.kill("router")
        wait_until(lambda: legion.state != "ready" or restarted(legion, "router"))
    wait_until(lambda: legion.state == "failed")

    with pytest.raises(legion_llm.SystemNotRunning, match="failed"):
        legion.chat("Hello!")


def restarted(legion, name):
    tree = legion.inspect()["tree"]["children"]
    return next(child for child in tree if child["name"] == name)["state"] == "ready"


def test_shutdown_lets_running_requests_finish(embedded, make_provider):
    started, go = threading.Event(), threading.Event()

    def script(request):
        if request.path != "/v1/chat/completions":
            return (Send(answer(canned_openai().models)),)
        return (Signal(started), WaitFor(go), Send(answer(WHOLE)))

    limits = {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}
    with ScriptedServer(script) as server:
        legion = embedded({"up": make_provider(server, timeouts=limits)})
        reply = legion.chat("Hello!")
        assert started.wait(5)
        ending = threading.Thread(target=legion.shutdown, kwargs={"drain": 10.0})
        ending.start()
        wait_until(lambda: legion.state == "draining")
        go.set()

        assert reply.get(timeout=10).text.startswith("w0")
        ending.join(10)
        assert legion.state == "stopped"


def test_shutdown_cancels_what_does_not_finish_in_time(embedded, make_provider):
    started = threading.Event()
    limits = {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}
    with hanging(started) as server:
        legion = embedded({"up": make_provider(server, timeouts=limits)})
        reply = legion.chat("Hello!")
        assert started.wait(5)

        legion.shutdown(drain=0.05)

        with pytest.raises(legion_llm.RuntimeFault):
            reply.get(timeout=1)
        assert server.client_closed.wait(2.0)

"""What the pipeline does for a request, seen from both doors."""

from __future__ import annotations

import json
import threading

import httpx
import legion_llm
import pytest
from legion_llm import Caller
from legion_llm.actors.inference.pipeline.archive import PassagesWanted
from scripted import ScriptedServer, Send, Signal, WaitFor
from upstream import answer, canned_openai, openai_upstream

PATIENCE = 10.0
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = {"model": "m-1", "messages": [{"role": "user", "content": "hello"}]}
KEYS = {"api": {"port": 0, "keys": {"alice": "key-of-alice", "bob": "key-of-bob"}}}


def post(legion, body=ASKED, **headers):
    return httpx.post(f"{legion.url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE)


def last_passage(legion):
    return legion._system.address("inference").request(PassagesWanted(most=1)).get(PATIENCE)[0]


# -- idempotency


def test_a_repeated_key_is_answered_once(serving, upstream, make_provider):
    legion = serving({"p": make_provider(upstream)}, **KEYS)
    headers = {"idempotency-key": "order-7", "authorization": "Bearer key-of-alice"}

    first, second = post(legion, **headers), post(legion, **headers)

    assert first.json() == second.json()
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]


def test_another_callers_key_is_unknown(serving, upstream, make_provider):
    legion = serving({"p": make_provider(upstream)}, **KEYS)

    for holder in ("alice", "bob"):
        post(legion, **{"idempotency-key": "order-7", "authorization": f"Bearer key-of-{holder}"})

    assert len(upstream.requests) == 2


def test_a_key_of_another_request_is_refused_in_the_clients_words(serving, upstream, make_provider):
    legion = serving({"p": make_provider(upstream)})
    post(legion, **{"idempotency-key": "order-7"})

    refused = post(legion, {**ASKED, "temperature": 0.5}, **{"idempotency-key": "order-7"})

    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "idempotency_key"


@pytest.mark.parametrize("key", ["", "x" * 256, "with blank"])
def test_a_key_that_is_none_is_refused(serving, upstream, make_provider, key):
    refused = post(serving({"p": make_provider(upstream)}), **{"idempotency-key": key})

    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.json()["error"]["message"]


def test_a_stream_that_is_asked_for_again_gives_the_same_text(embedded, upstream, make_provider):
    legion = embedded({"p": make_provider(upstream)})

    def read():
        stream = legion.stream("hello", idempotency_key="k")
        return "".join(chunk.text for chunk in stream), stream.reply.get(PATIENCE).id

    assert read() == read()
    assert len(upstream.requests) == 1


def test_a_request_that_comes_while_the_first_is_under_way_waits_for_its_answer(embedded, make_provider):
    asked, go = threading.Event(), threading.Event()
    script = (Signal(asked), WaitFor(go), Send(answer(canned_openai(2).whole)))
    with ScriptedServer(script) as server:
        legion = embedded({"p": make_provider(server, timeouts={"first_byte": 10.0})})
        replies = [legion.chat("hello", idempotency_key="k")]
        assert asked.wait(PATIENCE)
        replies.append(legion.chat("hello", idempotency_key="k"))
        go.set()

        ids = {reply.get(PATIENCE).id for reply in replies}

        assert len(ids) == 1
        assert len(server.requests) == 1


# -- tracing


def test_a_clients_trace_goes_through_to_the_provider_and_comes_back(serving, upstream, make_provider):
    legion = serving({"p": make_provider(upstream)})

    response = post(legion, traceparent=f"00-{TRACE}-{SPAN}-01")

    _, trace_id, span, flags = upstream.requests[-1].headers["traceparent"].split("-")
    assert (trace_id, flags) == (TRACE, "01")
    assert span != SPAN
    assert response.headers["traceresponse"] == f"00-{TRACE}-{span}-01"


def test_a_streams_trace_comes_back_in_its_head(serving, upstream, make_provider):
    legion = serving({"p": make_provider(upstream)})

    response = post(legion, {**ASKED, "stream": True}, traceparent=f"00-{TRACE}-{SPAN}-00")

    assert response.headers["traceresponse"].startswith(f"00-{TRACE}-")


@pytest.mark.parametrize("headers", [{}, {"traceparent": "rubbish"}])
def test_a_request_without_a_trace_sends_none_on_but_has_one(serving, upstream, make_provider, headers):
    legion = serving({"p": make_provider(upstream)})

    response = post(legion, **headers)

    assert response.status_code == 200
    assert "traceresponse" not in response.headers
    assert "traceparent" not in upstream.requests[-1].headers
    assert len(last_passage(legion).trace_id) == 32


def test_a_host_gives_its_trace_as_text(embedded, upstream, make_provider):
    response = embedded({"p": make_provider(upstream)}).chat("hi", trace=f"00-{TRACE}-{SPAN}-01").get(PATIENCE)

    assert (response.trace.trace_id, response.trace.parent_id) == (TRACE, SPAN)


@pytest.mark.parametrize("trace", ["rubbish", 7])
def test_a_host_hears_that_its_trace_is_none(embedded, upstream, make_provider, trace):
    with pytest.raises(legion_llm.InvalidRequestError, match="traceparent"):
        embedded({"p": make_provider(upstream)}).chat("hi", trace=trace)


# -- who asks


def test_who_asks_follows_from_the_key_and_from_nothing_in_the_body(serving, upstream, make_provider):
    legion = serving({"p": make_provider(upstream)}, **KEYS)
    claims = {
        "caller": {"type": "system", "identity": "gaia:tick"},
        "requested_by": {"type": "system"},
        "profile": "subcall",
        "metadata": {"type": "system"},
    }

    response = post(legion, {**ASKED, **claims}, authorization="Bearer key-of-bob")

    assert response.status_code == 200
    passage = last_passage(legion)
    assert (passage.profile, passage.caller) == ("external", "bob")


@pytest.mark.parametrize(
    ("caller", "profile"),
    [
        (None, "external"),
        (Caller(type="human"), "human"),
        (Caller(type="service", identity="billing"), "service"),
        (Caller(type="system"), "system"),
        (Caller(type="system", identity="gaia:tick"), "gaia"),
        (Caller(type="quick_reply"), "quick_reply"),
        (Caller(type="who knows"), "external"),
    ],
)
def test_a_host_says_who_asks(embedded, upstream, make_provider, caller, profile):
    legion = embedded({"p": make_provider(upstream)})

    assert legion.chat("hi", caller=caller).get(PATIENCE).text.strip()
    assert last_passage(legion).profile == profile


def test_a_caller_must_be_one(embedded, upstream, make_provider):
    with pytest.raises(legion_llm.InvalidRequestError, match="must be a legion_llm"):
        embedded({"p": make_provider(upstream)}).chat("hi", caller={"type": "system"})


# -- what is seen of it afterwards


def test_the_way_of_a_request_is_seen_in_inspection_without_its_text(embedded, upstream, make_provider):
    legion = embedded({"p": make_provider(upstream)})
    response = legion.chat("a secret word").get(PATIENCE)

    shown = legion.inspect("inference")["snapshot"]

    last = shown["last"][0]
    assert last["request_id"] == response.request_id
    assert last["target"] == "p/m-1"
    assert next(iter(last["steps_ms"])) == "tracing_init"
    assert {"routing", "provider_call"} <= set(last["steps_ms"])
    assert last["steps_ms"]["provider_call"] > 0
    assert [event["key"] for event in last["events"]] == [
        "tracing:init",
        "routing:provider_selection",
        "provider:request_sent",
        "provider:response_received",
    ]
    assert shown["step_times"]["provider_call"]["taken"] == 1
    assert "a secret word" not in json.dumps(shown, default=str)


def test_a_request_that_failed_is_seen_too(embedded, make_provider):
    with openai_upstream() as server:
        legion = embedded({"p": make_provider(server)})
        with pytest.raises(legion_llm.UnknownModelError):
            legion.chat("hi", model="nobody-serves-this").get(PATIENCE)

    passage = last_passage(legion)
    assert (passage.error, passage.outcome, passage.routing) == ("UnknownModelError", "caller_mistake", None)
    assert [name for name, _ in passage.steps] == ["tracing_init", "routing"]


def test_a_new_conversation_has_an_id_that_the_answer_tells(embedded, upstream, make_provider):
    response = embedded({"p": make_provider(upstream)}).chat("hi", conversation_id="new").get(PATIENCE)

    assert response.conversation_id.startswith("conv_")

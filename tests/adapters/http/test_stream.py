"""POST /v1/chat/completions, answered as an event stream."""

from __future__ import annotations

import json

import pytest
from legion_llm.messages.errors import ProviderDown, StreamBrokenError

CHAT = "/v1/chat/completions"


@pytest.fixture
def streaming(raw, gateway, streamed):
    """A raw client whose stream has arrived at the gateway."""
    raw.post(json.dumps(streamed).encode())
    return raw, gateway.take()


def test_a_stream_arrives_as_server_sent_events(client, gateway, streamed):
    def answer(work):
        work.say("one", "two")
        work.finish()

    gateway.answer = answer

    answer = client.post(CHAT, json=streamed)

    assert answer.text == "data: one\n\ndata: two\n\ndata: [DONE]\n\n"
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-cache", "no")
    assert answer.headers["x-request-id"].startswith("req_")


def test_each_piece_is_sent_when_it_is_there(streaming):
    raw, work = streaming

    work.say("one")
    raw.read_until(b"data: one\n\n")
    work.say("two")
    raw.read_until(b"data: two\n\n")
    work.finish()

    assert raw.read_until(b"0\r\n\r\n").endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_pieces_that_wait_together_are_sent_together(raw, gateway, streamed):
    def answer(work):
        work.say(*"abc")
        work.finish()

    gateway.answer = answer
    raw.post(json.dumps(streamed).encode())
    raw.read_until(b"\r\n\r\n")

    size = int(raw.read_until(b"\r\n"), 16)

    assert size == len("data: a\n\n") * 3


def test_a_stream_without_a_piece_still_ends_well(client, gateway, streamed):
    gateway.answer = lambda work: work.finish()

    answer = client.post(CHAT, json=streamed)

    assert (answer.status_code, answer.text) == (200, "data: [DONE]\n\n")


def test_a_failure_before_the_first_piece_has_a_status(client, gateway, streamed):
    gateway.answer = lambda work: work.fail(ProviderDown("nobody there"))

    answer = client.post(CHAT, json=streamed)

    assert (answer.status_code, answer.json()["error"]["message"]) == (502, "nobody there")


def test_a_failure_after_the_first_piece_is_told_in_the_stream(client, gateway, streamed):
    def answer(work):
        work.say("one")
        work.fail(StreamBrokenError("cut in the middle"))

    gateway.answer = answer

    answer = client.post(CHAT, json=streamed)

    assert answer.text == "data: one\n\ndata: failed: cut in the middle\n\n"


def test_a_bug_after_the_first_piece_cuts_the_stream_and_stops_the_work(streaming, client):
    raw, work = streaming

    work.say("one", "a bug")
    said = raw.read_to_end()

    assert not said.endswith(b"0\r\n\r\n")
    assert work.cancelled.wait(1)
    assert client.get("/healthz").status_code == 200


def test_a_client_that_leaves_before_the_first_piece_cancels_the_work(streaming):
    raw, work = streaming

    raw.close()

    assert work.cancelled.wait(0.2)


def test_a_client_that_leaves_in_the_middle_cancels_the_work(streaming):
    raw, work = streaming
    work.say("one")
    raw.read_until(b"data: one\n\n")

    raw.close()

    assert work.cancelled.wait(0.2)


def test_silence_is_broken_by_comments(serve, connect, gateway, streamed):
    raw = connect(serve(comment_interval=0.02))
    raw.post(json.dumps(streamed).encode())
    work = gateway.take()
    work.say("one")
    raw.read_until(b"data: one\n\n")

    raw.read_until(b": keep-alive\n\n")
    raw.read_until(b": keep-alive\n\n")
    work.say("two")
    work.finish()

    assert raw.read_until(b"data: two\n\n")
    assert raw.read_until(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_nothing_is_sent_before_the_first_piece(serve, connect, gateway, streamed):
    raw = connect(serve(comment_interval=0.01))
    raw.post(json.dumps(streamed).encode())
    work = gateway.take()
    raw.socket.settimeout(0.1)

    with pytest.raises(TimeoutError):
        raw.socket.recv(1)
    work.finish()


def test_a_client_that_reads_nothing_is_cut_off(serve, connect, gateway, streamed):
    raw = connect(serve(stall_timeout=0.05))
    raw.post(json.dumps(streamed).encode())
    work = gateway.take()

    while not work.cancelled.is_set():
        work.say("x" * 1_000_000)
        work.cancelled.wait(0.01)

    assert work.cancelled.is_set()


def test_other_requests_are_answered_while_a_stream_runs(streaming, client, gateway, prompt):
    _, work = streaming
    work.say("one")
    gateway.answer = lambda other: other.finish("meanwhile")

    answer = client.post(CHAT, json=prompt)
    work.finish()

    assert answer.json() == {"text": "meanwhile"}

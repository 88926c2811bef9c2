"""Clients that send garbage, too much, or too slowly before there is a request."""

from __future__ import annotations

import json

import pytest

CHAT = "/v1/chat/completions"
HEAD = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"


def _error(body):
    return json.loads(body)["error"]["kind"]


@pytest.fixture
def impatient(serve, connect):
    """A client of an API that waits 50 ms for the head of a request."""
    return connect(serve(head_timeout=0.05))


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
        b"HELO there\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_with_400(raw, client, garbage):
    raw.send(garbage)
    status, headers, body = raw.read_answer()

    assert (status, _error(body), headers["connection"]) == (400, "InvalidRequestError", "close")
    assert headers["x-request-id"].startswith("req_")
    assert raw.read_to_end() == b""
    assert client.get("/healthz").status_code == 200


def test_malformed_chunks_are_answered_with_400(raw, client):
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

    raw.send(head.encode() + b"zz\r\n{}\r\n")

    assert raw.read_answer()[0] == 400
    assert client.get("/healthz").status_code == 200


def test_garbage_behind_a_request_does_not_get_into_its_answer(raw, gateway, prompt):
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()

    raw.send(b"\x00garbage\r\n\r\n")
    work.finish("clean")
    status, _, body = raw.read_answer()

    assert (status, json.loads(body), raw.read_to_end()) == (200, {"text": "clean"}, b"")


def test_a_client_that_sent_garbage_behind_its_request_and_leaves_cancels_the_work(raw, gateway, prompt):
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()

    raw.send(b"\x00garbage\r\n\r\n")
    raw.close()

    assert work.cancelled.wait(0.5)


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"x-large: " + b"a" * 70_000 + b"\r\n\r\n",
        HEAD + b"".join(b"x-%d: %s\r\n" % (number, b"a" * 90) for number in range(800)) + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["one huge field", "many fields", "a huge target"],
)
def test_a_head_that_is_too_large_is_answered_with_431(raw, client, head):
    raw.send(head)
    status, _, body = raw.read_answer()

    assert (status, _error(body)) == (431, "RequestTooLargeError")
    assert client.get("/healthz").status_code == 200


def test_a_field_without_an_end_is_answered_with_431(raw):
    raw.send(HEAD + b"x-large: ")
    for _ in range(20):
        raw.send(b"a" * 65536)

    assert raw.read_answer()[0] == 431


def test_the_body_does_not_count_as_head(serve, connect, gateway, prompt):
    raw = connect(serve(settings={"max_header_bytes": 1024}))
    gateway.answer = lambda work: work.finish()

    statuses = []
    for _ in range(3):
        raw.post(json.dumps(prompt).encode() + b" " * 50_000)
        statuses.append(raw.read_answer()[0])

    assert statuses == [200, 200, 200]


def test_a_head_of_bearable_size_is_taken(serve, connect):
    raw = connect(serve(settings={"max_header_bytes": 1024}))

    raw.send(HEAD + b"x-large: " + b"a" * 900 + b"\r\n\r\n")

    assert raw.read_answer()[0] == 200


def test_a_client_that_says_nothing_is_closed(impatient):
    assert impatient.read_to_end() == b""


def test_a_client_that_does_not_finish_its_head_is_told_so(impatient):
    impatient.send(HEAD)
    status, headers, _ = impatient.read_answer()

    assert (status, headers["connection"], impatient.read_to_end()) == (408, "close", b"")


def test_a_trickling_head_does_not_prolong_its_time(impatient):
    impatient.socket.settimeout(0.002)
    answer = b""

    impatient.send(HEAD)
    while not answer:
        impatient.send(b"x: y\r\n")
        try:
            answer = impatient.socket.recv(65536)
        except TimeoutError:
            continue

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_blank_lines_do_not_keep_a_connection(impatient):
    impatient.send(HEAD + b"\r\n")
    impatient.read_answer()

    impatient.send(b"\r\n")

    assert impatient.read_to_end() == b""


def test_an_answer_may_take_longer_than_a_head(serve, connect, gateway, prompt):
    api = serve(head_timeout=0.05)
    raw = connect(api)
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()

    connect(api).read_to_end()  # a silent client is closed meanwhile: the time has passed
    work.finish()

    assert raw.read_answer()[0] == 200


def test_an_idle_connection_is_closed_after_its_time(serve, connect):
    raw = connect(serve(settings={"keep_alive_timeout": 0.05}))

    raw.send(HEAD + b"\r\n")
    raw.read_answer()

    assert raw.read_to_end() == b""


def test_a_wish_for_a_websocket_is_answered_as_plain_http(raw):
    raw.send(HEAD + b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n")

    assert raw.read_answer()[0] == 200

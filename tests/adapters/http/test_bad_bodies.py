"""Bodies that are too large, too deep, too slow, or no JSON: a clear error with the right status, and the server still serves."""

from __future__ import annotations

import http.client
import json

import pytest

CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}


@pytest.fixture
def small(serve):
    """An API that takes bodies of up to 2000 bytes."""
    return serve(settings={"max_body_bytes": 2000})


@pytest.fixture(autouse=True)
def _answers(gateway):
    gateway.answer = lambda work: work.finish()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b'{"messages": []}', b'{"messages": 7}', b"null"])
def test_a_body_that_is_no_request_is_refused(client, prompt, body):
    answer = client.post(CHAT, content=body, headers=JSON)

    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "InvalidRequestError")
    assert client.post(CHAT, json=prompt).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"]
)
def test_json_is_taken_however_it_is_written(client, prompt, content_type):
    answer = client.post(CHAT, content=json.dumps(prompt), headers={"content-type": content_type})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}]
)
def test_a_body_that_does_not_say_it_is_json_is_refused(client, prompt, headers):
    answer = client.post(CHAT, content=json.dumps(prompt), headers=headers)

    assert answer.status_code == 415
    assert "content-type: application/json" in answer.json()["error"]["message"]


def test_a_compressed_body_is_refused(client, prompt):
    answer = client.post(CHAT, content=b"x", headers={**JSON, "content-encoding": "gzip"})

    assert (answer.status_code, "gzip" in answer.text) == (415, True)


def test_a_body_of_20_mb_is_refused_and_the_client_gets_to_read_why(api, client, prompt):
    # http.client sends everything before it reads: a server that closed at once would reset the connection under it.
    connection = http.client.HTTPConnection("127.0.0.1", api.address.port, timeout=10)
    connection.request("POST", CHAT, b"x" * 20_000_000, JSON)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()

    assert (answer.status, body["error"]["kind"]) == (413, "RequestTooLargeError")
    assert client.post(CHAT, json=prompt).status_code == 200


def test_a_body_that_is_declared_too_large_is_refused_before_it_is_sent(small, connect):
    raw = connect(small)

    raw.send(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2001\r\n\r\n".encode()
    )
    status, headers, body = raw.read_answer()

    assert (status, headers["connection"]) == (413, "close")
    assert "2000 bytes" in json.loads(body)["error"]["message"]


def test_an_undeclared_body_is_refused_once_it_is_too_large(small, connect):
    raw = connect(small)
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

    raw.send(head.encode() + b"5dc\r\n" + b"x" * 1500 + b"\r\n")
    raw.send(b"5dc\r\n" + b"x" * 1500 + b"\r\n")

    assert raw.read_answer()[0] == 413


def test_a_refused_body_is_read_for_a_limited_time(serve, connect):
    raw = connect(serve(settings={"max_body_bytes": 2000}, linger_timeout=0.05))

    raw.send(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2001\r\n\r\n".encode()
    )
    status = raw.read_answer()[0]

    assert (status, raw.read_to_end()) == (413, b"")


def test_a_body_of_just_the_largest_size_is_taken(small, connect, prompt):
    raw = connect(small)
    body = json.dumps(prompt).encode()

    raw.post(body + b" " * (2000 - len(body)))

    assert raw.read_answer()[0] == 200


def test_a_body_in_many_pieces_is_put_together(raw, prompt):
    body = json.dumps(prompt).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

    raw.send(head.encode())
    for byte in body:
        raw.send(b"1\r\n%c\r\n" % byte)
    raw.send(b"0\r\n\r\n")

    assert raw.read_answer()[0] == 200


def test_json_nested_10000_deep_is_refused(client, prompt):
    deep = b'{"messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"

    answer = client.post(CHAT, content=deep, headers=JSON)

    assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "RequestTooLargeError")
    assert "200 levels" in answer.json()["error"]["message"]
    assert client.post(CHAT, json=prompt).status_code == 200


def test_a_client_that_does_not_send_its_body_is_told_so(serve, connect, client, prompt):
    raw = connect(serve(settings={"body_timeout": 0.05}))

    raw.send(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{{".encode()
    )
    status, headers, _ = raw.read_answer()

    assert (status, headers["connection"], raw.read_to_end()) == (408, "close", b"")
    assert client.post(CHAT, json=prompt).status_code == 200


def test_a_trickling_body_does_not_prolong_its_time(serve, connect):
    raw = connect(serve(settings={"body_timeout": 0.05}))
    raw.socket.settimeout(0.002)
    answer = b""

    raw.send(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n".encode()
    )
    while not answer:
        raw.send(b" ")
        try:
            answer = raw.socket.recv(65536)
        except TimeoutError:
            continue

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(raw, client, prompt, caplog):
    raw.send(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{{".encode()
    )
    raw.close()

    assert client.post(CHAT, json=prompt).status_code == 200
    assert not caplog.records

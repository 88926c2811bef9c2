"""Crowds and forgers: thousands of clients that say nothing, and heads that two servers might read in two ways."""

from __future__ import annotations

import gc
import resource
import socket
import sys
import threading
from pathlib import Path

import pytest

CROWD = 2000
# Bytes that an idle connection may take here, client's side and server's together; it is about 13,000.
PER_CONNECTION = 40_000
BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"content-length: %d\r\n" % len(BODY)


@pytest.fixture
def _many_files():
    """Let the process have as many sockets as the test wants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CROWD + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this system allows {hard} open files, and the test needs {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident():
    """Bytes of memory that this process has now."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def connections(api):
    return api.system.inspect("http api")["snapshot"]["connections"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.usefixtures("_many_files")
def test_thousands_of_idle_connections_cost_little_and_leave_nothing_behind(serve, client, gateway, prompt):
    gateway.answer = lambda work: work.finish()
    api = serve()
    levels, pause = [], threading.Event()

    for _ in range(2):
        before = resident()
        crowd = [socket.create_connection(("127.0.0.1", api.address.port)) for _ in range(CROWD)]
        for each in crowd[::2]:  # half of them have said something before
            each.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        for each in crowd[::2]:
            assert each.recv(15) == b"HTTP/1.1 200 OK"
        assert connections(api) == CROWD
        assert client.post("/v1/chat/completions", json=prompt).status_code == 200
        assert resident() - before < CROWD * PER_CONNECTION
        for each in crowd:
            each.close()
        while connections(api):
            pause.wait(0.01)
        levels.append(resident())

    assert levels[1] - levels[0] < CROWD * 1000


FORGED = {
    "a length and chunks": LENGTH + b"transfer-encoding: chunked\r\n\r\n" + CHUNKED,
    "chunks and a length": b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "two lengths": LENGTH + b"content-length: 3\r\n\r\n" + BODY,
    "the same length twice": LENGTH + LENGTH + b"\r\n" + BODY,
    "a list of lengths": b"content-length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY,
    "a length with a sign": b"content-length: +%d\r\n\r\n" % len(BODY) + BODY,
    "a length below nothing": b"content-length: -1\r\n\r\n" + BODY,
    "a length beyond all bounds": b"content-length: 99999999999999999999\r\n\r\n" + BODY,
    "a folded line": b"x-a: b\r\n c\r\n" + LENGTH + b"\r\n" + BODY,
    "a coding that is none": b"transfer-encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunks that are not the last coding": b"transfer-encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "two codings": b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n" + CHUNKED,
    "a blank before the colon": b"content-length : %d\r\n\r\n" % len(BODY) + BODY,
    "line feeds alone": LENGTH.replace(b"\r\n", b"\n") + b"\n" + BODY,
    "a zero byte": b"x-a: a\0b\r\n" + LENGTH + b"\r\n" + BODY,
    "two hosts": b"host: y\r\n" + LENGTH + b"\r\n" + BODY,
    "a host that is none": b"host: a b\r\n" + LENGTH + b"\r\n" + BODY,
}


@pytest.mark.parametrize("rest", FORGED.values(), ids=FORGED.keys())
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(raw, gateway, rest):
    gateway.answer = lambda work: work.finish()
    head = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\n"
    host = b"" if b"host: a b" in rest else b"host: x\r\n"

    raw.send(head + host + rest + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    said = raw.read_to_end()

    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1
    assert b'"error"' in said


def test_a_request_of_http_1_1_without_a_host_is_refused(raw):
    raw.send(b"GET /healthz HTTP/1.1\r\n\r\n")

    assert raw.read_to_end().startswith(b"HTTP/1.1 400 ")


def test_http_1_0_knows_no_hosts(raw):
    raw.send(b"GET /healthz HTTP/1.0\r\n\r\n")

    assert raw.read_to_end().startswith(b"HTTP/1.1 200 ")

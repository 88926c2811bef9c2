from __future__ import annotations

import socket
from functools import partial

import httpx
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.transport import LegionTransport
from legion_llm.adapters.transport.wire import PlainWire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.mark.trio
async def test_a_refused_connection_is_a_connect_error(fetch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        request = httpx.Request("GET", f"http://127.0.0.1:{unused.getsockname()[1]}/")

        with pytest.raises(httpx.ConnectError) as error:
            await fetch(request)

    assert isinstance(error.value.__cause__, OSError)
    assert error.value.request is request


@pytest.mark.trio
@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_name_that_cannot_be_found_is_a_connect_error(fetch, failure):
    class NoNames(trio.abc.HostnameResolver):
        async def getaddrinfo(self, *_args, **_options):
            raise failure

        async def getnameinfo(self, *_args):
            raise failure

    trio.socket.set_custom_hostname_resolver(NoNames())

    with pytest.raises(httpx.ConnectError, match=r"http://nowhere\.example:80"):
        await fetch(httpx.Request("GET", "http://nowhere.example/"))


@pytest.mark.trio
@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nConte"])
async def test_a_reset_before_the_head_is_whole_is_a_read_error(serve, fetch, sent):
    async def handler(peer):
        await peer.answer(sent)
        peer.reset()

    upstream = await serve(handler)

    with pytest.raises(httpx.ReadError) as error:
        await fetch(upstream.request())

    assert isinstance(error.value.__cause__, OSError)
    assert upstream.accepted == 1


@pytest.mark.trio
async def test_a_reset_inside_the_body_is_a_read_error(serve, transport):
    reading = trio.Event()

    async def handler(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await reading.wait()
        peer.reset()

    upstream = await serve(handler)
    response = await transport.handle_async_request(upstream.request())
    reading.set()

    with pytest.raises(httpx.ReadError) as error:
        await response.aread()

    assert error.value.request is response.request
    assert transport.statistics().open == 0


@pytest.mark.trio
@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "without sending a response"),
        (b"HTTP/1.1 200 OK\r\nConte", "inside the response head"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "incomplete body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "incomplete body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "larger than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 129 + b"\r\n", "more than 128 headers"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed"),
        (b"<html>not HTTP</html>", "malformed"),
    ],
)
async def test_what_is_not_a_whole_response_is_a_protocol_error(serve_bytes, fetch, transport, sent, reason):
    upstream = await serve_bytes(sent, close=True)

    with pytest.raises(httpx.RemoteProtocolError, match=reason):
        await fetch(upstream.request())

    assert transport.statistics().open == 0
    assert upstream.accepted == 1


@pytest.mark.trio
async def test_a_server_that_refuses_a_large_body_is_heard(serve, fetch, transport, monkeypatch):
    async def broken_pipe(_wire, _data):
        raise BrokenPipeError

    async def handler(peer):
        await peer.stream.receive_some(1)
        await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await peer.wait_end()

    upstream = await serve(handler)
    monkeypatch.setattr(PlainWire, "send", broken_pipe)  # after the first write, which goes another way

    response = await fetch(upstream.request(content=b"x" * 30_000_000))

    assert (response.status_code, response.content) == (413, b"no")
    assert transport.statistics().open == 0


@pytest.mark.trio
async def test_a_connection_lost_while_a_request_is_sent_is_a_write_error(serve, fetch):
    async def handler(peer):
        await peer.stream.receive_some(1)
        peer.reset()

    upstream = await serve(handler)

    with pytest.raises(httpx.WriteError) as error:
        await fetch(upstream.request(content=b"x" * 30_000_000))

    assert isinstance(error.value.__cause__, OSError)
    assert upstream.accepted == 1


@settings(max_examples=30, deadline=None)
@given(
    response=st.sampled_from([OK, CHUNKED]),
    end=st.integers(0, len(CHUNKED)),
    splits=st.lists(st.integers(1, 40), max_size=4),
    reset=st.booleans(),
)
def test_a_response_cut_anywhere_is_whole_or_a_typed_error_and_never_a_hang(response, end, splits, reset):
    sent = response[:end]
    body = {OK: b"hi", CHUNKED: b"hello"}[response]

    outcome = trio.run(_cut_exchange, sent, splits, reset)

    if outcome != body:
        assert isinstance(outcome, httpx.TransportError)
        assert reset or sent != response
    else:
        assert sent == response


async def _cut_exchange(sent: bytes, splits: list[int], reset: bool) -> bytes | httpx.TransportError:
    """Return the body that arrives if a server sends these bytes in these pieces and leaves, or the error."""

    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        position = 0
        for size in [*splits, len(sent)]:
            await stream.send_all(sent[position : position + size])
            position += size
        if reset:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            stream.socket.close()

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery, LegionTransport() as transport:
            serve = partial(trio.serve_tcp, handle, 0, host="127.0.0.1")
            (listener,) = await nursery.start(serve)
            request = httpx.Request("POST", f"http://127.0.0.1:{listener.socket.getsockname()[1]}/", content=b"{}")
            try:
                response = await transport.handle_async_request(request)
                return await response.aread()
            except httpx.TransportError as error:
                return error
            finally:
                assert transport.statistics().in_use == 0
                nursery.cancel_scope.cancel()
    raise AssertionError("unreachable")

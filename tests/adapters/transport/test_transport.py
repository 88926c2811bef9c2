from __future__ import annotations

import gzip
import socket
import zlib

import httpx
import pytest
import trio
from legion_llm.adapters.transport import LegionTransport, choose_transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi"


@pytest.mark.trio
async def test_a_request_goes_out_as_it_was_built_and_its_answer_comes_back(serve_bytes, fetch):
    upstream = await serve_bytes(OK)
    request = upstream.request(headers={"X-Key": "k"}, content=b'{"a": 1}')

    response = await fetch(request)

    assert (response.status_code, response.text, response.http_version) == (200, "hi", "HTTP/1.1")
    assert response.headers["content-type"] == "text/plain"
    assert response.request is request
    host = b"Host: 127.0.0.1:%d\r\n" % upstream.port
    expected = b'POST /v1/chat?x=1 HTTP/1.1\r\n%bX-Key: k\r\nContent-Length: 8\r\n\r\n{"a": 1}' % host
    assert upstream.requests == [expected]


@pytest.mark.trio
async def test_it_serves_an_httpx_client(serve_bytes, transport):
    upstream = await serve_bytes(OK)

    async with httpx.AsyncClient(transport=transport) as client:
        first = await client.post(upstream.url, json={"a": 1})
        async with client.stream("GET", upstream.url) as second:
            pieces = [piece async for piece in second.aiter_raw()]

    assert (first.text, pieces, upstream.accepted) == ("hi", [b"hi"], 1)


@pytest.mark.trio
@pytest.mark.parametrize(
    ("response", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n", b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n" + OK, b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
async def test_framed_responses_are_read_to_their_end_and_the_connection_is_kept(
    serve_bytes, fetch, transport, response, body
):
    upstream = await serve_bytes(response)

    first, second = await fetch(upstream.request()), await fetch(upstream.request())

    assert (first.content, second.content) == (body, body)
    assert (upstream.accepted, transport.statistics().idle) == (1, 1)


@pytest.mark.trio
async def test_a_body_without_length_ends_with_the_connection(serve_bytes, fetch, transport):
    upstream = await serve_bytes(b"HTTP/1.1 200 OK\r\n\r\nhello", close=True)

    response = await fetch(upstream.request())

    assert (response.content, transport.statistics().open) == (b"hello", 0)


@pytest.mark.trio
async def test_a_head_request_gets_its_answer_and_the_next_one_a_new_connection(serve_bytes, fetch):
    upstream = await serve_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")

    response = await fetch(upstream.request("HEAD"))
    again = await fetch(upstream.request("HEAD"))

    assert (response.content, response.headers["content-length"], again.status_code) == (b"", "2", 200)
    assert upstream.accepted == 2


@pytest.mark.trio
@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_content_codings_are_decoded_by_httpx(serve_bytes, fetch, coding, pack):
    packed = pack(b"hello " * 1000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    upstream = await serve_bytes(head.encode() + packed)

    response = await fetch(upstream.request())

    assert response.content == b"hello " * 1000


@pytest.mark.trio
async def test_pieces_are_yielded_as_they_arrive(serve, transport):
    wanted, more = trio.open_memory_channel[bytes](0)

    async def handler(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        async for text in more:
            await peer.send(b"%x\r\n%b\r\n" % (len(text), text))
        await peer.send(b"0\r\n\r\n")
        await peer.wait_end()

    upstream = await serve(handler)
    response = await transport.handle_async_request(upstream.request())
    pieces = response.aiter_raw()

    got = []
    for text in (b"one", b"two", b"three"):
        await wanted.send(text)
        got.append(await anext(pieces))
    wanted.close()
    rest = [piece async for piece in pieces]

    assert (got, rest) == ([b"one", b"two", b"three"], [])


@pytest.mark.trio
async def test_streamed_request_bodies_are_sent_in_chunks(serve_bytes, fetch):
    async def words():
        for word in (b"one", b"", b"three"):
            yield word

    upstream = await serve_bytes(OK)

    await fetch(upstream.request(content=words()))

    assert upstream.requests[0].endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")


@pytest.mark.trio
async def test_streamed_request_bodies_of_declared_length_are_sent_plain(serve_bytes, fetch):
    async def words():
        yield b"one"
        yield b"two"

    upstream = await serve_bytes(OK)

    await fetch(upstream.request(content=words(), headers={"Content-Length": "6"}))

    assert upstream.requests[0].endswith(b"\r\n\r\nonetwo")


@pytest.mark.trio
@pytest.mark.parametrize("declared", ["2", "4"])
async def test_streamed_request_bodies_of_another_length_than_declared_are_refused(serve, fetch, declared):
    class Words:
        def __aiter__(self):
            return self

        async def __anext__(self):
            if self.given:
                raise StopAsyncIteration
            self.given = True
            return b"one"

        given = False

    upstream = await serve(lambda peer: peer.wait_end())

    with pytest.raises(httpx.LocalProtocolError, match="Content-Length"):
        await fetch(upstream.request(content=Words(), headers={"Content-Length": declared}))


@pytest.mark.trio
async def test_synchronous_body_streams_are_refused(serve, fetch):
    upstream = await serve(lambda peer: peer.wait_end())

    with pytest.raises(httpx.LocalProtocolError, match="synchronous"):
        await fetch(upstream.request(content=iter([b"one"])))


@pytest.mark.trio
async def test_a_large_body_reaches_a_slow_server_whole(serve, fetch):
    async def handler(peer):
        body = (await peer.request()).partition(b"\r\n\r\n")[2]
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%07d" % len(body))

    upstream = await serve(handler)

    response = await fetch(upstream.request(content=b"x" * 5_000_000))

    assert response.content == b"5000000"


@pytest.mark.trio
async def test_small_writes_are_not_delayed_by_nagle(serve_bytes, transport):
    upstream = await serve_bytes(OK.removesuffix(b"i"))
    response = await transport.handle_async_request(upstream.request())

    (connection,) = transport._pool._busy
    nodelay = connection._wire._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await response.aclose()

    assert nodelay


@pytest.mark.trio
async def test_a_hundred_requests_at_once_are_all_answered(serve, fetch, transport):
    async def handler(peer):
        while request := await peer.request():
            body = request.partition(b"\r\n\r\n")[2]
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    upstream = await serve(handler)
    answers = {}

    async def ask(number):
        for turn in range(3):
            content = f"{number}-{turn}".encode()
            answers[content] = (await fetch(upstream.request(content=content))).content

    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(ask, number)

    assert len(answers) == 300
    assert all(sent == received for sent, received in answers.items())
    assert transport.statistics().open <= 64


@pytest.mark.trio
async def test_httpx_own_transport_can_be_chosen(serve_bytes):
    upstream = await serve_bytes(OK)

    async with choose_transport("httpx") as chosen, httpx.AsyncClient(transport=chosen) as client:
        response = await client.get(upstream.url)

    assert isinstance(chosen, httpx.AsyncHTTPTransport)
    assert response.text == "hi"


def test_ours_is_chosen_by_name_and_refuses_what_it_cannot_do():
    assert isinstance(choose_transport("legion"), LegionTransport)
    with pytest.raises(ValueError, match="proxies"):
        choose_transport("legion", proxy="http://127.0.0.1:1")
    with pytest.raises(ValueError, match="unknown transport"):
        choose_transport("curl")

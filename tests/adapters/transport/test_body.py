from __future__ import annotations

import gzip

import httpx
import pytest
import trio
from legion_llm.adapters.transport import BodyTooLargeError, read_limited

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.mark.trio
@pytest.mark.parametrize("response", [HELLO, UNTIL_CLOSE])
async def test_a_body_of_just_the_limit_is_read(serve_bytes, transport, response):
    upstream = await serve_bytes(response, close=True)

    body = await read_limited(await transport.handle_async_request(upstream.request()), 5)

    assert body == b"hello"


@pytest.mark.trio
@pytest.mark.parametrize("response", [HELLO, UNTIL_CLOSE])
async def test_a_body_over_the_limit_is_refused_and_its_connection_closed(serve_bytes, transport, response):
    upstream = await serve_bytes(response, close=True)
    answer = await transport.handle_async_request(upstream.request())

    with pytest.raises(BodyTooLargeError, match="4"):
        await read_limited(answer, 4)

    assert answer.is_closed


@pytest.mark.trio
async def test_a_declared_length_over_the_limit_is_refused_without_reading(serve, transport):
    async def handler(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        await peer.wait_end()

    upstream = await serve(handler)

    with pytest.raises(BodyTooLargeError, match="1000000 bytes, where 10 are allowed"):
        await read_limited(await transport.handle_async_request(upstream.request()), 10)

    await upstream.ended.wait()


@pytest.mark.trio
async def test_the_limit_counts_decoded_bytes(serve_bytes, transport):
    packed = gzip.compress(b"x" * 1000)
    upstream = await serve_bytes(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    )

    body = await read_limited(await transport.handle_async_request(upstream.request()), 1000)
    with pytest.raises(BodyTooLargeError):
        await read_limited(await transport.handle_async_request(upstream.request()), 999)

    assert body == b"x" * 1000


@pytest.mark.trio
async def test_responses_of_an_httpx_client_are_limited_too(serve_bytes, transport):
    upstream = await serve_bytes(HELLO)

    async with httpx.AsyncClient(transport=transport) as client, client.stream("GET", upstream.url) as response:
        body = await read_limited(response, 5)
    with pytest.raises(BodyTooLargeError):
        await read_limited(httpx.Response(200, content=b"hello"), 4)

    assert body == b"hello"


@pytest.mark.trio
async def test_a_body_is_read_once(serve_bytes, transport):
    upstream = await serve_bytes(HELLO)
    response = await transport.handle_async_request(upstream.request())
    await read_limited(response, 5)

    with pytest.raises(httpx.StreamConsumed):
        [_ async for _ in response.stream]


@pytest.mark.trio
async def test_a_slow_reader_slows_the_server_and_memory_stays_bounded(serve, transport):
    sent = 0

    async def handler(peer):
        nonlocal sent
        await peer.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n")
        for _ in range(64):
            await peer.send(b"x" * 1_000_000)
            sent += 1

    upstream = await serve(handler)
    response = await transport.handle_async_request(upstream.request())
    await trio.testing.wait_all_tasks_blocked(cushion=0.05)
    sent_before_reading = sent

    sizes = [len(piece) async for piece in response.aiter_raw()]

    assert sent_before_reading < 32
    assert (sum(sizes), sent) == (64_000_000, 64)
    assert max(sizes) <= 65536

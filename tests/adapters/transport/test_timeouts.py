from __future__ import annotations

import socket

import httpx
import pytest
import trio
from legion_llm.adapters.transport import LegionTransport, TransportLimits

# Each test's clock stands still until the server has said that the awaited moment has come; then it jumps.
LIMITS = {"connect": 1.0, "read": 2.0, "write": 3.0, "pool": 4.0}


async def _pass(mock_clock, seconds):
    """Let so many seconds pass once every task waits."""
    await trio.testing.wait_all_tasks_blocked(cushion=0.02)
    mock_clock.jump(seconds)


@pytest.fixture
def expect(nursery):
    """Start a call that must raise; the returned function waits for the error."""

    async def expect(kind, call, *args):
        done = trio.Event()
        errors = []

        async def run():
            with pytest.raises(kind) as caught:
                await call(*args)
            errors.append(caught.value)
            done.set()

        nursery.start_soon(run)

        async def error():
            await done.wait()
            return errors[0]

        return error

    return expect


@pytest.mark.trio
async def test_silence_before_the_first_byte_ends_after_the_read_timeout(serve, fetch, expect, mock_clock):
    upstream = await serve(lambda peer: peer.wait_end())
    request = upstream.request(extensions={"timeout": LIMITS})

    error = await expect(httpx.ReadTimeout, fetch, request)
    await _pass(mock_clock, 2.0)

    assert "sent no response for 2.0 s" in str(await error())
    await upstream.ended.wait()


@pytest.mark.trio
async def test_the_first_byte_may_have_a_limit_of_its_own(serve, fetch, expect, mock_clock):
    upstream = await serve(lambda peer: peer.wait_end())
    request = upstream.request(extensions={"timeout": LIMITS, "legion_first_byte": 30.0})

    error = await expect(httpx.ReadTimeout, fetch, request)
    await _pass(mock_clock, 29.0)
    await _pass(mock_clock, 1.0)

    assert "for 30.0 s" in str(await error())


@pytest.mark.trio
async def test_after_the_first_byte_the_read_timeout_counts(serve, fetch, expect, mock_clock):
    async def handler(peer):
        await peer.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
        await peer.wait_end()

    upstream = await serve(handler)
    request = upstream.request(extensions={"timeout": LIMITS, "legion_first_byte": 30.0})

    error = await expect(httpx.ReadTimeout, fetch, request)
    await _pass(mock_clock, 2.0)

    assert "for 2.0 s" in str(await error())


@pytest.mark.trio
async def test_silence_between_chunks_ends_after_the_read_timeout_counted_from_the_last(
    serve, transport, expect, mock_clock
):
    async def handler(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        await peer.wait_end()

    upstream = await serve(handler)
    request = upstream.request(extensions={"timeout": LIMITS, "legion_first_byte": 30.0})
    response = await transport.handle_async_request(request)
    pieces = response.aiter_raw()
    first = await anext(pieces)
    mock_clock.jump(100.0)

    error = await expect(httpx.ReadTimeout, anext, pieces)
    await _pass(mock_clock, 2.0)

    assert first == b"hi"
    assert "stopped sending for 2.0 s" in str(await error())
    await upstream.ended.wait()


@pytest.mark.trio
async def test_a_server_that_takes_no_data_ends_in_a_write_timeout(serve, fetch, expect, mock_clock):
    async def handler(_peer):
        await given_up.wait()

    given_up = trio.Event()
    upstream = await serve(handler)
    request = upstream.request(content=b"x" * 30_000_000, extensions={"timeout": LIMITS})

    error = await expect(httpx.WriteTimeout, fetch, request)
    await _pass(mock_clock, 3.0)

    assert "took no data for 3.0 s" in str(await error())
    given_up.set()


@pytest.mark.trio
async def test_an_unanswered_connection_attempt_ends_in_a_connect_timeout(fetch, expect, mock_clock):
    with socket.socket() as deaf, socket.socket() as filling:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        filling.connect(deaf.getsockname())  # the queue of a listener that never accepts is full now
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        request = httpx.Request("GET", url, extensions={"timeout": LIMITS})

        error = await expect(httpx.ConnectTimeout, fetch, request)
        await _pass(mock_clock, 1.0)

        assert "did not accept a connection within 1.0 s" in str(await error())


@pytest.mark.trio
async def test_waiting_for_a_free_connection_ends_in_a_pool_timeout(serve, expect, mock_clock):
    upstream = await serve(lambda peer: peer.wait_end())
    async with LegionTransport(limits=TransportLimits(max_connections=1)) as transport, trio.open_nursery() as nursery:
        nursery.start_soon(transport.handle_async_request, upstream.request())
        await trio.testing.wait_all_tasks_blocked(cushion=0.02)
        request = upstream.request(extensions={"timeout": LIMITS})
        error = await expect(httpx.PoolTimeout, transport.handle_async_request, request)
        await _pass(mock_clock, 4.0)
        message = str(await error())
        statistics = transport.statistics()
        nursery.cancel_scope.cancel()

    assert "all 1 connections were in use for 4.0 s" in message
    assert (statistics.in_use, statistics.waiting) == (1, 0)


@pytest.mark.trio
async def test_without_limits_nothing_times_out(serve, fetch, mock_clock):
    asked = trio.Event()
    answer = trio.Event()

    async def handler(peer):
        await peer.request()
        asked.set()
        await answer.wait()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    upstream = await serve(handler)
    statuses = []

    async def ask():
        nothing = {"timeout": {"read": None, "write": None, "pool": None, "connect": None}}
        statuses.append((await fetch(upstream.request(extensions=nothing))).status_code)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await asked.wait()
        mock_clock.jump(1e6)
        answer.set()

    assert statuses == [200]

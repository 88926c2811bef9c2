from __future__ import annotations

import httpx
import pytest
import trio
from legion_llm.adapters.transport import LegionTransport, TransportLimits

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"


@pytest.fixture
def serve_then_wait(serve):
    """A server that answers with a part of a response, and then waits for the client to go."""

    async def start(part):
        async def handler(peer):
            await peer.request()
            await peer.send(part)
            sent.set()
            await peer.wait_end()

        sent = trio.Event()
        return await serve(handler), sent

    return start


@pytest.mark.trio
@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\nCont", HALF])
async def test_a_cancelled_request_closes_its_connection_at_once(serve_then_wait, fetch, transport, part):
    upstream, sent = await serve_then_wait(part)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fetch, upstream.request())
        await sent.wait()
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    with trio.fail_after(2):
        await upstream.ended.wait()
    assert (transport.statistics().open, transport.statistics().in_use) == (0, 0)


@pytest.mark.trio
async def test_a_request_cancelled_while_it_is_sent_closes_its_connection(serve, fetch, transport):
    async def handler(peer):
        await peer.stream.receive_some(1)
        started.set()
        await cancelled.wait()
        await peer.wait_end()

    started, cancelled = trio.Event(), trio.Event()
    upstream = await serve(handler)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fetch, upstream.request(content=b"x" * 30_000_000))
        await started.wait()
        nursery.cancel_scope.cancel()
    cancelled.set()

    with trio.fail_after(2):
        await upstream.ended.wait()
    assert transport.statistics().open == 0


@pytest.mark.trio
async def test_a_request_cancelled_while_it_connects_leaves_nothing(transport, monkeypatch):
    async def never(*_args):
        await trio.sleep_forever()

    monkeypatch.setattr(trio, "open_tcp_stream", never)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(transport.handle_async_request, httpx.Request("GET", "http://127.0.0.1:1/"))
        await trio.testing.wait_all_tasks_blocked()
        held = transport.statistics().in_use
        nursery.cancel_scope.cancel()

    assert (held, transport.statistics().in_use) == (1, 0)


@pytest.mark.trio
async def test_a_request_cancelled_before_it_began_sends_nothing(serve_bytes, fetch, transport):
    upstream = await serve_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await fetch(upstream.request())

    with trio.CancelScope() as scope:
        scope.cancel()
        await fetch(upstream.request())

    assert (transport.statistics().idle, transport.statistics().reused_total) == (1, 0)


@pytest.mark.trio
async def test_a_request_cancelled_while_it_waits_its_turn_takes_no_slot(serve_then_wait):
    upstream, _ = await serve_then_wait(HALF)
    async with LegionTransport(limits=TransportLimits(max_connections=1)) as transport:
        response = await transport.handle_async_request(upstream.request())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(transport.handle_async_request, upstream.request())
            await trio.testing.wait_all_tasks_blocked()
            waiting = transport.statistics().waiting
            nursery.cancel_scope.cancel()
        await response.aclose()

        statistics = transport.statistics()

    assert (waiting, statistics.waiting, statistics.in_use) == (1, 0, 0)


@pytest.mark.trio
async def test_a_response_closed_early_closes_its_connection(serve_then_wait, transport):
    upstream, _ = await serve_then_wait(HALF)
    response = await transport.handle_async_request(upstream.request())

    await response.aclose()

    with trio.fail_after(2):
        await upstream.ended.wait()
    assert (transport.statistics().open, transport.statistics().in_use) == (0, 0)


@pytest.mark.trio
async def test_a_body_abandoned_in_the_middle_cannot_be_read_on(serve_then_wait, transport):
    upstream, _ = await serve_then_wait(HALF)
    response = await transport.handle_async_request(upstream.request())
    pieces = aiter(response.stream)
    first = await anext(pieces)

    await response.aclose()

    assert first == b"half"
    with pytest.raises(httpx.StreamClosed):
        await anext(pieces)


@pytest.mark.trio
async def test_an_own_error_of_a_streamed_request_body_passes_through_and_leaves_nothing(serve, fetch, transport):
    async def words():
        yield b"one"
        raise LookupError("no more words")

    upstream = await serve(lambda peer: peer.wait_end())

    with pytest.raises(LookupError, match="no more words"):
        await fetch(upstream.request(content=words()))

    await upstream.ended.wait()
    assert transport.statistics().open == 0

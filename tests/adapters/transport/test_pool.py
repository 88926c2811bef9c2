from __future__ import annotations

import httpx
import pytest
import trio
from legion_llm.adapters.transport import LegionTransport, TransportClosedError, TransportLimits
from legion_llm.adapters.transport.wire import PlainWire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.fixture
def serve_until_told(serve):
    """A server whose first connection answers once and then ends as `leave` says, when told to."""

    async def start(leave):
        go, gone = trio.Event(), trio.Event()

        async def handler(peer):
            await peer.answer(OK)
            if peer.number == 1:
                await go.wait()
                await leave(peer)
                gone.set()
            await peer.answer(OK)

        upstream = await serve(handler)

        async def end_the_first():
            go.set()
            await gone.wait()

        return upstream, end_the_first

    return start


async def _close(peer):
    peer.stream.socket.close()


async def _reset(peer):
    peer.reset()


async def _unasked(peer):
    await peer.send(OK)


@pytest.mark.trio
async def test_requests_one_after_the_other_share_a_connection(serve_bytes, fetch, transport):
    upstream = await serve_bytes(OK)

    for _ in range(3):
        await fetch(upstream.request())

    statistics = transport.statistics()
    assert (statistics.opened_total, statistics.reused_total, statistics.open, statistics.idle) == (1, 2, 1, 1)


@pytest.mark.trio
async def test_the_connection_is_free_with_the_last_byte_before_anyone_closes_the_response(serve_bytes, transport):
    upstream = await serve_bytes(OK)

    response = await transport.handle_async_request(upstream.request())

    assert transport.statistics().idle == 1
    assert await response.aread() == b"hi"


@pytest.mark.trio
async def test_origins_do_not_share_connections(serve_bytes, fetch):
    one, other = await serve_bytes(OK), await serve_bytes(OK)

    await fetch(one.request())
    await fetch(other.request())

    assert (one.accepted, other.accepted) == (1, 1)


@pytest.mark.trio
@pytest.mark.parametrize("leave", [_close, _reset, _unasked])
async def test_an_idle_connection_that_died_is_noticed_before_it_is_used(serve_until_told, fetch, transport, leave):
    upstream, end_the_first = await serve_until_told(leave)
    await fetch(upstream.request())
    await end_the_first()

    response = await fetch(upstream.request())

    assert response.content == b"hi"
    assert (upstream.accepted, transport.statistics().reused_total) == (2, 0)


@pytest.mark.trio
async def test_a_reused_connection_that_takes_nothing_is_replaced_once(serve_until_told, fetch, transport, monkeypatch):
    upstream, end_the_first = await serve_until_told(_reset)
    await fetch(upstream.request())
    await end_the_first()
    monkeypatch.setattr(PlainWire, "stale", lambda _wire: False)  # it died just after we looked

    response = await fetch(upstream.request())

    assert response.content == b"hi"
    assert (upstream.accepted, transport.statistics().reused_total) == (2, 0)


@pytest.mark.trio
async def test_a_reused_connection_that_took_the_request_and_died_is_an_error(
    serve_until_told, fetch, transport, monkeypatch
):
    upstream, end_the_first = await serve_until_told(_close)
    await fetch(upstream.request())
    await end_the_first()
    monkeypatch.setattr(PlainWire, "stale", lambda _wire: False)

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await fetch(upstream.request())

    assert (upstream.accepted, transport.statistics().open) == (1, 0)


@pytest.mark.trio
async def test_a_connection_that_cannot_be_replaced_frees_its_slot(serve_until_told, fetch, transport, monkeypatch):
    upstream, end_the_first = await serve_until_told(_reset)
    await fetch(upstream.request())
    await end_the_first()
    monkeypatch.setattr(PlainWire, "stale", lambda _wire: False)
    monkeypatch.setattr(trio, "open_tcp_stream", _refuse)

    with pytest.raises(httpx.ConnectError, match="no way"):
        await fetch(upstream.request())

    assert (transport.statistics().open, transport.statistics().in_use) == (0, 0)


async def _refuse(*_args):
    raise OSError("no way")


@pytest.mark.trio
async def test_idle_connections_expire(serve_bytes, fetch, transport, mock_clock):
    upstream = await serve_bytes(OK)
    await fetch(upstream.request())

    mock_clock.jump(31.0)
    await fetch(upstream.request())

    assert (upstream.accepted, transport.statistics().open) == (2, 1)


@pytest.mark.trio
async def test_expired_connections_of_other_origins_are_swept_when_one_comes_back(
    serve_bytes, fetch, transport, mock_clock
):
    one, other = await serve_bytes(OK), await serve_bytes(OK)
    await fetch(one.request())

    mock_clock.jump(31.0)
    await fetch(other.request())

    assert transport.statistics().idle == 1


@pytest.mark.trio
async def test_expired_connections_can_be_closed_by_a_timer(serve_bytes, fetch, transport, mock_clock):
    upstream = await serve_bytes(OK)
    await fetch(upstream.request())
    early = transport.close_expired()

    mock_clock.jump(31.0)
    late = transport.close_expired()

    assert (early, late, transport.statistics().open) == (0, 1, 0)


@pytest.mark.trio
@pytest.mark.parametrize("kept", [0, 2])
async def test_no_more_than_the_allowed_number_stays_idle(serve, kept):
    everyone = trio.Event()

    async def handler(peer):
        await peer.request()
        await everyone.wait()
        await peer.send(OK)
        await peer.wait_end()

    upstream = await serve(handler)
    async with LegionTransport(limits=TransportLimits(max_idle_per_origin=kept)) as transport:
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(transport.handle_async_request, upstream.request())
            await trio.testing.wait_all_tasks_blocked(cushion=0.02)
            everyone.set()

        statistics = transport.statistics()

    assert (statistics.opened_total, statistics.open, statistics.idle, statistics.in_use) == (4, kept, kept, 0)


@pytest.mark.trio
async def test_requests_beyond_the_bound_wait_their_turn(serve):
    running = most = 0

    async def handler(peer):
        nonlocal running, most
        while await peer.request():
            running += 1
            most = max(most, running)
            await trio.lowlevel.checkpoint()
            running -= 1
            await peer.send(OK)

    upstream = await serve(handler)
    order = []
    async with LegionTransport(limits=TransportLimits(max_connections=2)) as transport:

        async def ask(number):
            response = await transport.handle_async_request(upstream.request())
            await response.aread()
            order.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(ask, number)

        statistics = transport.statistics()

    assert sorted(order) == list(range(20))
    assert most <= 2
    assert (statistics.opened_total, statistics.in_use, statistics.waiting) == (2, 0, 0)


@pytest.mark.trio
async def test_idle_connections_make_room_for_another_origin(serve_bytes):
    one, other = await serve_bytes(OK), await serve_bytes(OK)
    async with LegionTransport(limits=TransportLimits(max_connections=1)) as transport:
        for upstream in (one, other):
            await (await transport.handle_async_request(upstream.request())).aread()

        statistics = transport.statistics()

    assert (statistics.opened_total, statistics.open) == (2, 1)


@pytest.mark.trio
async def test_closing_ends_requests_in_flight_and_those_that_wait(serve):
    upstream = await serve(lambda peer: peer.wait_end())
    transport = LegionTransport(limits=TransportLimits(max_connections=1))

    async def ask():
        with pytest.raises(TransportClosedError):
            await transport.handle_async_request(upstream.request())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked(cushion=0.02)
        await transport.aclose()

    statistics = transport.statistics()
    assert (statistics.open, statistics.in_use, statistics.waiting) == (0, 0, 0)
    await upstream.ended.wait()


@pytest.mark.trio
async def test_a_closed_transport_refuses_and_can_be_closed_again(serve_bytes, fetch, transport):
    upstream = await serve_bytes(OK)
    await fetch(upstream.request())

    await transport.aclose()
    await transport.aclose()

    with pytest.raises(TransportClosedError):
        await fetch(upstream.request())
    assert transport.statistics().open == 0


@pytest.mark.parametrize(
    "wrong", [{"max_connections": 0}, {"idle_expiry": 0.0}, {"max_headers": 0}, {"max_idle_per_origin": -1}]
)
def test_limits_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TransportLimits(**wrong)

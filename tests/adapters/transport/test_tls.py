from __future__ import annotations

import ssl

import httpx
import pytest
import trio
import trustme
from legion_llm.adapters.transport import LegionTransport, choose_transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def serve_tls(nursery, authority):
    """A TLS server for "localhost" that answers each request and notes what the handshake agreed on."""

    async def start(response=OK, *, leave=False):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        names, protocols = [], []

        async def handle(stream):
            secured = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
            try:
                while await secured.receive_some(65536):
                    protocols.append(secured.selected_alpn_protocol())
                    await secured.send_all(response)
                    if leave:
                        return
            except trio.BrokenResourceError:
                pass  # the client did not trust us, or left without a good-bye

        (listener,) = await nursery.start(lambda task_status: _listen(handle, task_status))
        url = f"https://localhost:{listener.socket.getsockname()[1]}/"
        return url, names, protocols

    return start


async def _listen(handle, task_status):
    await trio.serve_tcp(handle, 0, host="127.0.0.1", task_status=task_status)


@pytest.mark.trio
async def test_https_is_spoken_with_the_servers_name_and_http_1_1_only(serve_tls, trusting):
    url, names, protocols = await serve_tls()
    async with LegionTransport(ssl_context=trusting) as transport:
        bodies = []
        for _ in range(2):
            response = await transport.handle_async_request(httpx.Request("POST", url, content=b"{}"))
            bodies.append(await response.aread())

        statistics = transport.statistics()

    assert bodies == [b"hi", b"hi"]
    assert (names, protocols) == (["localhost"], ["http/1.1", "http/1.1"])
    assert (statistics.opened_total, statistics.reused_total, statistics.in_use) == (1, 1, 0)


@pytest.mark.trio
async def test_an_untrusted_certificate_is_a_connect_error_that_says_so(serve_tls):
    url, _, _ = await serve_tls()
    async with choose_transport("legion") as transport:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate verify failed"):
            await transport.handle_async_request(httpx.Request("GET", url))

        assert transport.statistics().open == 0


@pytest.mark.trio
async def test_a_certificate_of_another_name_is_a_connect_error(serve_tls, trusting):
    url, _, _ = await serve_tls()
    async with LegionTransport(ssl_context=trusting) as transport:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate verify failed"):
            await transport.handle_async_request(httpx.Request("GET", url.replace("localhost", "127.0.0.1")))


@pytest.mark.trio
async def test_a_server_without_tls_is_a_connect_error(serve, trusting):
    upstream = await serve(lambda peer: peer.send(b"220 mail.example ESMTP\r\n"))
    url = f"https://127.0.0.1:{upstream.port}/"
    async with LegionTransport(ssl_context=trusting) as transport:
        with pytest.raises(httpx.ConnectError):
            await transport.handle_async_request(httpx.Request("GET", url))


@pytest.mark.trio
async def test_a_body_cut_inside_tls_is_a_protocol_error(serve_tls, trusting):
    url, _, _ = await serve_tls(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", leave=True)
    async with LegionTransport(ssl_context=trusting) as transport:
        response = await transport.handle_async_request(httpx.Request("GET", url))
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete body"):
            await response.aread()

        assert transport.statistics().in_use == 0


@pytest.mark.trio
async def test_an_idle_tls_connection_that_died_is_noticed_before_it_is_used(serve_tls, trusting):
    url, _, protocols = await serve_tls(leave=True)
    async with LegionTransport(ssl_context=trusting) as transport:
        bodies = []
        for _ in range(2):
            response = await transport.handle_async_request(httpx.Request("GET", url))
            bodies.append(await response.aread())
            await trio.testing.wait_all_tasks_blocked(cushion=0.02)

    assert (bodies, len(protocols)) == ([b"hi", b"hi"], 2)


@pytest.mark.trio
async def test_a_cancelled_tls_request_closes_its_connection(serve_tls, trusting):
    url, _, protocols = await serve_tls(b"")
    async with LegionTransport(ssl_context=trusting) as transport:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(transport.handle_async_request, httpx.Request("GET", url))
            await trio.testing.wait_all_tasks_blocked(cushion=0.05)
            nursery.cancel_scope.cancel()

        assert (transport.statistics().open, transport.statistics().in_use) == (0, 0)
    assert protocols == ["http/1.1"]

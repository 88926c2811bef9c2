"""The HTTP API as an actor: its address, its restarts, its end."""

from __future__ import annotations

import json
import logging
import signal
import socket
import threading
import time

import httpx
import pytest
from legion_llm.adapters.http.actor import ApiAddress
from legion_llm.messages.errors import SettingsError, StartFailed

CHAT = "/v1/chat/completions"


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def _stop(api, drain):
    """Shut down beside the test; returns the thread and when it began."""
    thread = threading.Thread(target=api.system.shutdown, args=(drain,))
    thread.start()
    return thread


def _until_draining(api):
    """Wait until every answer is the last one of its connection."""
    with httpx.Client(trust_env=False) as client:
        while client.get(f"{api.url}/healthz").headers.get("connection") != "close":
            pass


def test_port_0_yields_a_real_port(api):
    url = api.system.address("http api").request(ApiAddress()).get(timeout=1)

    assert url == api.url == f"http://127.0.0.1:{api.address.port}"
    assert api.address.port > 0


def test_the_snapshot_says_how_busy_it_is(api, client):
    client.get("/healthz")

    snapshot = api.system.inspect("http api")["snapshot"]

    assert snapshot == {"url": api.url, "connections": 1, "running": 0, "answered": 1}


def test_a_port_in_use_is_named_with_a_way_out(serve, taken_port):
    with pytest.raises(StartFailed, match=f"port {taken_port} on 127.0.0.1 is in use: choose another with --port"):
        serve(port=taken_port)


def test_an_unknown_host_is_an_error_of_the_settings(serve):
    with pytest.raises(StartFailed, match=r"cannot resolve 'no-such-host\.invalid'") as caught:
        serve(host="no-such-host.invalid")

    assert isinstance(caught.value.__cause__, SettingsError)
    assert caught.value.__cause__.path == "api.host"


def test_a_foreign_address_is_named_with_a_way_out(serve):
    with pytest.raises(StartFailed, match=r"192\.0\.2\.1 is no address of this machine: choose one with --host"):
        serve(host="192.0.2.1")


def test_localhost_means_the_address_that_clients_try_first(serve):
    api = serve(host="localhost")

    assert api.address.address == "127.0.0.1"
    assert api.address.is_loopback


def test_on_loopback_there_is_no_warning(serve, caplog):
    serve()

    assert not caplog.records


def test_other_machines_are_not_served_without_keys(serve):
    with pytest.raises(StartFailed, match=r"api\.keys.*api\.insecure"):
        serve(host="0.0.0.0")


def test_an_operator_who_insists_is_warned(serve, caplog):
    api = serve(host="0.0.0.0", settings={"insecure": True})

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "WITHOUT AUTHENTICATION" in caplog.text
    assert api.url == f"http://127.0.0.1:{api.address.port}"


def test_a_crashed_api_comes_back_on_the_same_port(api, gateway, prompt, raw):
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()
    port = api.address.port

    api.system.kill("http api")
    status = raw.read_answer()[0]
    raw.read_to_end()
    api.system.address("http api").request(ApiAddress()).get(timeout=5)

    assert (status, api.address.port) == (503, port)
    assert work.cancelled.wait(1)
    assert httpx.get(f"{api.url}/healthz", trust_env=False).status_code == 200


def test_the_host_keeps_its_signal_handlers(serve):
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    serve()

    assert {each: signal.getsignal(each) for each in before} == before


def test_the_host_keeps_its_loggers(serve):
    access = logging.getLogger("uvicorn.access")
    handler = logging.NullHandler()
    access.addHandler(handler)

    serve()

    assert (handler in access.handlers, access.propagate) == (True, True)
    access.removeHandler(handler)


def test_running_requests_may_finish_while_it_drains(api, raw, gateway, prompt):
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()

    stopping = _stop(api, 5.0)
    _until_draining(api)
    work.finish("just in time")
    status, _, body = raw.read_answer()
    stopping.join()

    assert (status, json.loads(body), raw.read_to_end()) == (200, {"text": "just in time"}, b"")


def test_a_running_stream_may_finish_while_it_drains(api, raw, gateway, streamed):
    raw.post(json.dumps(streamed).encode())
    work = gateway.take()
    work.say("one")
    raw.read_until(b"data: one\n\n")

    stopping = _stop(api, 5.0)
    _until_draining(api)
    work.say("two")
    work.finish()
    rest = raw.read_to_end()
    stopping.join()

    assert b"data: two\n\n" in rest
    assert rest.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_what_is_unfinished_at_the_deadline_is_cancelled_and_told_so(api, connect, gateway, prompt, streamed):
    whole, stream = connect(api), connect(api)
    whole.post(json.dumps(prompt).encode())
    works = [gateway.take()]
    stream.post(json.dumps(streamed).encode())
    works.append(gateway.take())
    works[1].say("one")
    stream.read_until(b"data: one\n\n")

    _stop(api, 0.05).join()

    assert whole.read_answer()[0] == 503
    assert b"data: failed: the gateway is shutting down\n\n\r\n0\r\n\r\n" in stream.read_to_end()
    assert all(work.cancelled.is_set() for work in works)


def test_the_setting_bounds_the_drain(serve, connect, gateway, prompt):
    api = serve(settings={"drain_timeout": 0.05})
    raw = connect(api)
    raw.post(json.dumps(prompt).encode())
    gateway.take()

    _stop(api, 60.0).join(timeout=5)

    assert raw.read_answer()[0] == 503


def test_idle_connections_do_not_delay_the_end(api, client):
    client.get("/healthz")

    started = time.monotonic()
    api.system.shutdown(drain=30.0)

    assert time.monotonic() - started < 1.0


def test_a_client_that_reads_nothing_does_not_hold_up_the_end(api, raw, gateway, streamed):
    raw.post(json.dumps(streamed).encode())
    work = gateway.take()
    work.say(*["x" * 1_000_000] * 20)
    raw.read_until(b"data: x")

    stopping = _stop(api, 0.05)
    stopping.join(timeout=5)

    assert not stopping.is_alive()
    assert work.cancelled.is_set()

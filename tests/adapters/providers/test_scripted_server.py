from __future__ import annotations

import socket
import threading

import pytest
from upstream import Close, Fault, Hang, Reset, ScriptedServer, Send, Signal, Trickle, WaitFor, openai_upstream

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(server: ScriptedServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def read_all(connection: socket.socket) -> bytes:
    pieces = iter(lambda: connection.recv(4096), b"")
    return b"".join(pieces)


def test_it_answers_each_request_by_the_script_and_records_it():
    with ScriptedServer(lambda request: (Send(request.path.encode()),)) as server, connect(server) as connection:
        connection.sendall(b"POST /a HTTP/1.1\r\nX-Y: z\r\nContent-Length: 2\r\n\r\nhi" + GET)
        answered = connection.recv(2) + connection.recv(2)

    assert answered == b"/a/a"
    assert [(each.method, each.body, each.headers.get("x-y")) for each in server.requests] == [
        ("POST", b"hi", "z"),
        ("GET", b"", None),
    ]


def test_close_ends_the_connection_in_an_orderly_way():
    with ScriptedServer([Send(b"ab"), Close()]) as server, connect(server) as connection:
        connection.sendall(GET)

        assert read_all(connection) == b"ab"


def test_reset_breaks_the_connection():
    with ScriptedServer([Reset()]) as server, connect(server) as connection:
        connection.sendall(GET)

        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_greeting_comes_before_the_request():
    with ScriptedServer([], greeting=[Send(b"220"), Close()]) as server, connect(server) as connection:
        assert read_all(connection) == b"220"


def test_trickled_bytes_all_arrive():
    with ScriptedServer([Trickle(b"abc", 0.001), Close()]) as server, connect(server) as connection:
        connection.sendall(GET)

        assert read_all(connection) == b"abc"


def test_the_script_waits_for_the_test_and_tells_how_far_it_is():
    go, reached = threading.Event(), threading.Event()
    with ScriptedServer([Signal(reached), WaitFor(go), Send(b"ab"), Close()]) as server, connect(server) as connection:
        connection.sendall(GET)
        assert reached.wait(5)

        go.set()

        assert read_all(connection) == b"ab"


def test_it_notices_a_client_that_closes_while_it_hangs():
    with ScriptedServer([Hang()]) as server:
        with connect(server) as connection:
            connection.sendall(GET)

        assert server.client_closed.wait(5)


def test_its_own_closing_is_not_taken_for_the_clients():
    with ScriptedServer([Hang()]) as server:
        connection = connect(server)
        connection.sendall(GET)
    connection.close()

    assert not server.client_closed.is_set()


def test_leaving_the_context_ends_every_thread():
    before = threading.active_count()
    with ScriptedServer([Hang()]) as server, connect(server) as one, connect(server) as other:
        one.sendall(GET)
        other.sendall(GET)

    assert threading.active_count() == before
    assert server.open_connections == 0


def test_a_port_can_be_kept_closed():
    with openai_upstream(Fault.REFUSE) as server, pytest.raises(ConnectionRefusedError):
        connect(server)

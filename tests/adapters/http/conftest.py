"""The real server on a loopback port, before a gateway that answers when the test says so."""

from __future__ import annotations

import json
import queue
import socket
import threading
from contextlib import suppress

import attrs
import httpx
import pytest
from legion_llm.adapters.dialects.protocol import EVENT_STREAM
from legion_llm.adapters.http.actor import http_api
from legion_llm.adapters.http.config import HttpApiConfig
from legion_llm.adapters.http.listening import ListeningAddress
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, ModelInfo, Request, Response, RoutingInfo, Usage
from legion_llm.messages.errors import InvalidRequestError
from legion_llm.messages.settings import ApiSettings
from legion_llm.runtime import ActorSystem, Reply, Stream, SupervisorSpec
from legion_llm.runtime.stream import Channel

PATIENCE = 10.0


class PlainDialect:
    """Just enough of OpenAI's shape to see which request led to which answer."""

    name = "plain"

    def parse_request(self, body):
        try:
            fields = json.loads(body)
            text = fields["messages"][0]["content"]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise InvalidRequestError(f"not understood: {error}", param="messages") from error
        return Request(
            messages=(ChatMessage(content=text),), model=fields.get("model"), stream=fields.get("stream", False)
        )

    def render_response(self, response, request=None):
        return json.dumps({"text": response.text}).encode()

    def stream_renderer(self, request):
        return PlainRenderer()

    def render_error(self, error):
        return json.dumps({"error": {"message": str(error), "kind": type(error).__name__}}).encode()


class PlainRenderer:
    framing = EVENT_STREAM

    def render(self, chunk):
        if chunk.delta == "a bug":
            raise ZeroDivisionError
        return f"data: {chunk.delta}\n\n".encode() if chunk.delta else b""

    def end(self, response):
        return b"data: [DONE]\n\n"

    def fail(self, error):
        return f"data: failed: {error}\n\n".encode()


class Work:
    """One request that has arrived at the gateway, with both ways to answer it."""

    def __init__(self, request):
        self.request = request
        self.reply = Reply()
        self.cancelled = threading.Event()
        self.reply.attach(self.cancelled.set)
        self.channel = Channel(1000, lambda: None)

    def say(self, *words):
        """Send pieces of a streamed answer."""
        for word in words:
            # Below the channel's bound this never waits, so it ends at its first step.
            with suppress(StopIteration):
                self.channel.send(Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=word)).send(None)

    def finish(self, text="done", routing=None):
        """Answer, or end the stream."""
        message = ChatMessage(role="assistant", content=text)
        self.reply.set(Response(message=message, request_id=self.request.id, usage=Usage(), routing=routing))

    def fail(self, error):
        self.reply.fail(error)


class HeldGateway:
    """Hands every request to the test; answers by itself only where `answer` says so."""

    def __init__(self):
        self.arrived = queue.Queue()
        self.answer = None
        self.refusal = None
        self.ready = (True, "ready")
        self.fault = None
        self.catalogue = ()

    def take(self):
        return self.arrived.get(timeout=PATIENCE)

    def submit(self, request):
        return self._accept(request).reply

    def submit_stream(self, request):
        work = self._accept(request)
        return Stream(work.channel, work.reply)

    def models(self):
        reply = Reply()
        reply.set(self.catalogue)
        return reply

    def providers(self):
        reply = Reply()
        reply.set(())
        return reply

    def readiness(self):
        return self.ready

    def store_fault(self):
        return self.fault

    def _accept(self, request):
        if self.refusal is not None:
            raise self.refusal
        work = Work(request)
        if self.answer is not None:
            self.answer(work)
        else:
            self.arrived.put(work)
        return work


@attrs.frozen
class Api:
    system: ActorSystem
    address: ListeningAddress

    @property
    def url(self):
        return self.address.url


class RawClient:
    """A client that says exactly what it is told."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def post(self, body, *lines):
        head = ["POST /v1/chat/completions HTTP/1.1", "host: x", "content-type: application/json", *lines]
        self.send("\r\n".join([*head, f"content-length: {len(body)}", "", ""]).encode() + body)

    def read_until(self, end):
        while end not in self._buffer:
            piece = self.socket.recv(65536)
            assert piece, f"closed after {self._buffer!r}"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(end)
        return text + end

    def read_answer(self):
        """Return status, headers and body of one answer with a content-length."""
        status_line, *lines = self.read_until(b"\r\n\r\n").decode().strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        while len(self._buffer) < int(headers["content-length"]):
            piece = self.socket.recv(65536)
            assert piece
            self._buffer += piece
        size = int(headers["content-length"])
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return int(status_line.split()[1]), headers, body

    def read_to_end(self):
        """Return what comes until the server closes."""
        data, self._buffer = self._buffer, b""
        with suppress(ConnectionResetError):
            while piece := self.socket.recv(65536):
                data += piece
        return data

    def close(self):
        self.socket.close()


@pytest.fixture
def gateway():
    return HeldGateway()


@pytest.fixture
def serve(gateway):
    """Start the API with limits of the test's own; `settings` are those of ApiSettings, the others HttpApiConfig's."""
    started = []

    def start(*, settings=None, host="127.0.0.1", port=0, dialect=None, **limits):
        address = ListeningAddress(host, port)
        config = HttpApiConfig(settings=ApiSettings(**(settings or {})), **limits)
        spec = http_api(address, gateway, dialect or PlainDialect(), config)
        system = ActorSystem("test")
        started.append(system)
        system.start(SupervisorSpec(name="root", children=(spec,)))
        return Api(system, address)

    yield start
    for system in started:
        system.shutdown(drain=0.0)


@pytest.fixture
def api(serve):
    return serve()


@pytest.fixture
def client(api):
    with httpx.Client(base_url=api.url, timeout=PATIENCE, trust_env=False) as client:
        yield client


@pytest.fixture
def connect():
    """Open raw connections to an API."""
    opened = []

    def open_connection(api):
        raw = RawClient(api.address.port)
        opened.append(raw)
        return raw

    yield open_connection
    for raw in opened:
        raw.close()


@pytest.fixture
def raw(api, connect):
    return connect(api)


@pytest.fixture
def prompt():
    """A request for a whole answer."""
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def streamed(prompt):
    """A request for a streamed answer."""
    return {**prompt, "stream": True}


@pytest.fixture
def routed():
    return RoutingInfo(provider="openai/eu", model="m-1", tier="cloud", attempts=2)


@pytest.fixture
def some_models():
    return (
        ModelInfo(id="m-1", provider="openai/eu", tier="cloud", created=7),
        ModelInfo(id="org/m-2", provider="vllm", tier="local"),
        ModelInfo(id="m-1", provider="openai/us", tier="cloud", created=8),
    )

"""Time limits and closing, on a clock that jumps and a transport without sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import attrs
import httpx
import pytest
import trio
from legion_llm.adapters.dialects.protocol import DialectOptions, WireRequest
from legion_llm.adapters.providers.endpoint import Endpoint
from legion_llm.adapters.providers.http import HttpProvider
from legion_llm.messages.catalogue import ModelFacts
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, StopReason
from legion_llm.messages.content import TextBlock
from legion_llm.messages.errors import ProviderError, ProviderSilent, RateLimitError, StreamBrokenError, UpstreamError
from legion_llm.messages.limits import Allowance, RateLimits
from legion_llm.messages.settings import TimeoutSettings

TIMEOUTS = TimeoutSettings(connect=5.0, first_byte=60.0, first_content=120.0, gap=30.0)
HELLO = Request(messages=(ChatMessage(content="Hello"),))


class LineDialect:
    """A line is a delta; "." is the terminal frame, "~" a lifecycle frame, "!" an error."""

    name = "lines"
    models_path = "/models"

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        return WireRequest(path="/chat", body=b"{}", warnings=("no top_k",))

    def parse_response(self, body: bytes) -> Response:
        if not body.startswith(b"{"):
            raise ProviderError("not JSON")
        return Response(message=ChatMessage(role="assistant", content=(TextBlock(text=body.decode()),)))

    def stream_parser(self) -> LineParser:
        return LineParser()

    def classify_error(self, status: int, headers: Any, body: bytes) -> UpstreamError:
        return RateLimitError(body.decode(), status=status)

    def parse_models(self, body: bytes) -> tuple[ModelFacts, ...]:
        raise ProviderError("the tests of scouts are elsewhere")


class LineParser:
    finished = False

    def __init__(self) -> None:
        self._rest = b""

    def take(self) -> list[Chunk]:
        return []

    def feed(self, data: bytes) -> list[Chunk]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [self._chunk(line) for line in lines]

    def close(self) -> None:
        raise StreamBrokenError("no terminal frame")

    def _chunk(self, line: bytes) -> Chunk:
        if line == b"!":
            raise ProviderError("error event")
        if line == b"~":
            return Chunk(kind=ChunkKind.START, id="a-1")
        if line == b".":
            self.finished = True
            return Chunk(kind=ChunkKind.END, stop_reason=StopReason.END_TURN)
        return Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=line.decode())


class TimedBody(httpx.AsyncByteStream):
    """Sends its pieces, each after so many seconds; knows whether it was closed and read to its end."""

    def __init__(self, pieces: Sequence[tuple[float, bytes]]) -> None:
        self.pieces = pieces
        self.closed = self.read_to_end = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for pause, data in self.pieces:
            await trio.sleep(pause)
            yield data
        self.read_to_end = True

    async def aclose(self) -> None:
        self.closed = True


class TimedTransport(httpx.AsyncBaseTransport):
    def __init__(self, body: TimedBody, *, status: int, head_after: float, headers: dict[str, str]) -> None:
        self.body, self.status, self.head_after, self.headers = body, status, head_after, headers
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await trio.sleep(self.head_after)
        return httpx.Response(self.status, headers=self.headers, stream=self.body)


@pytest.fixture
def upstream():
    """Return a provider, and the body that it will be sent."""

    def make(*pieces, status=200, head_after=0.0, headers=None, **fields):
        body = TimedBody([piece if isinstance(piece, tuple) else (0.0, piece) for piece in pieces])
        transport = TimedTransport(body, status=status, head_after=head_after, headers=headers or {})
        endpoint = Endpoint(name="openai/eu", root_url="http://upstream/v1", timeouts=TIMEOUTS)
        provider = HttpProvider(
            endpoint=endpoint, dialect=LineDialect(), transport=transport, wall_clock=lambda: 7.5, **fields
        )
        return provider, body

    return make


@pytest.mark.trio
@pytest.mark.parametrize(
    ("pieces", "head_after", "seconds", "words"),
    [
        ([], 1000.0, 65.0, "openai/eu sent nothing for 60.0 s"),
        ([(1000.0, b"a\n")], 50.0, 120.0, "openai/eu sent no content for 120.0 s"),
        ([b"~\n", (1000.0, b"a\n")], 50.0, 120.0, "openai/eu sent no content for 120.0 s"),
        ([(10.0, b"a\n"), (31.0, b"b\n")], 50.0, 90.0, "openai/eu fell silent in the middle of its answer for 30.0 s"),
        ([(10.0, b"a\n"), *[(1.0, b"x")] * 99], 0.0, 40.0, "fell silent in the middle"),
    ],
    ids=["first_byte", "first_content", "lifecycle_frames_are_no_content", "gap", "bytes_without_a_chunk"],
)
async def test_silence_past_a_limit_is_the_provider_being_down(
    autojump_clock, upstream, sink, pieces, head_after, seconds, words
):
    provider, body = upstream(*pieces, head_after=head_after)
    began = trio.current_time()

    with pytest.raises(ProviderSilent, match=words) as caught:
        await provider.stream(HELLO, "m", sink)

    assert trio.current_time() - began == pytest.approx(seconds, abs=0.1)
    assert (caught.value.provider, caught.value.model) == ("openai/eu", "m")
    assert body.closed or head_after > 60


@pytest.mark.trio
async def test_a_whole_answer_may_not_pause_for_longer_than_the_gap(autojump_clock, upstream):
    provider, body = upstream((20.0, b"{"), (31.0, b"}"))

    with pytest.raises(ProviderSilent, match=r"30\.0 s"):
        await provider.chat(HELLO, "m")

    assert body.closed


@pytest.mark.trio
async def test_a_slow_but_steady_answer_is_waited_for(autojump_clock, upstream, sink):
    provider, _ = upstream(*[(29.0, b"a\n")] * 20, b".\n")

    response = await provider.stream(HELLO, "m", sink)

    assert response.text == "a" * 20


@pytest.mark.trio
async def test_a_slow_reader_is_no_silent_provider(autojump_clock, upstream):
    class SlowSink:
        async def send(self, chunk: Chunk) -> None:
            await trio.sleep(500.0)

    provider, _ = upstream(b"a\nb\n", (29.0, b".\n"))

    response = await provider.stream(HELLO, "m", SlowSink())

    assert response.text == "ab"


@pytest.mark.trio
async def test_a_large_request_is_given_time_to_be_sent(autojump_clock, upstream, monkeypatch):
    provider, _ = upstream(b"{}", head_after=70.0)
    large = WireRequest(path="/chat", body=bytes(10 * 65536))
    monkeypatch.setattr(LineDialect, "render_request", lambda *_, **__: large)

    response = await provider.chat(HELLO, "m")

    assert response.text == "{}"


@pytest.mark.trio
async def test_the_rest_of_the_stream_is_read_so_that_the_connection_can_be_used_again(upstream, sink):
    provider, body = upstream(b"a\n.\n", b"")

    await provider.stream(HELLO, "m", sink)

    assert body.read_to_end
    assert body.closed


@pytest.mark.trio
async def test_a_stream_that_does_not_end_after_its_terminal_frame_is_not_waited_for_long(
    autojump_clock, upstream, sink
):
    provider, body = upstream(b"a\n.\n", (1000.0, b""))
    began = trio.current_time()

    response = await provider.stream(HELLO, "m", sink)

    assert response.text == "a"
    assert trio.current_time() - began == pytest.approx(1.0)
    assert body.closed


@pytest.mark.trio
async def test_a_caller_who_gives_up_closes_the_connection(autojump_clock, upstream, sink):
    provider, body = upstream(b"a\n", (20.0, b"b\n"))

    with trio.move_on_after(10.0) as scope:
        await provider.stream(HELLO, "m", sink)

    assert scope.cancelled_caught
    assert body.closed


@pytest.mark.trio
@pytest.mark.parametrize(
    ("pieces", "expected"),
    [([b"a\n", b"!\n", b"b\n"], ProviderError), ([b"a\n"], StreamBrokenError)],
    ids=["error_event", "no_terminal_frame"],
)
async def test_a_stream_that_goes_wrong_closes_the_connection(upstream, sink, pieces, expected):
    provider, body = upstream(*pieces)

    with pytest.raises(expected) as caught:
        await provider.stream(HELLO, "m", sink)

    assert type(caught.value) is expected
    assert (caught.value.provider, caught.value.model) == ("openai/eu", "m")
    assert sink.text == "a"
    assert body.closed


@pytest.mark.trio
async def test_a_reader_who_is_gone_ends_the_stream(upstream):
    class GoneSink:
        async def send(self, chunk: Chunk) -> None:
            raise RateLimitError("any error of the sink", provider="elsewhere")

    provider, body = upstream(b"a\n", b".\n")

    with pytest.raises(RateLimitError):
        await provider.stream(HELLO, "m", GoneSink())

    assert body.closed


@pytest.mark.trio
async def test_an_error_status_is_an_error_even_if_its_body_never_comes(autojump_clock, upstream):
    provider, body = upstream(b"slow down", (1000.0, b"!"), status=429)

    with pytest.raises(RateLimitError, match="slow down") as caught:
        await provider.chat(HELLO, "m")

    assert (caught.value.status, caught.value.provider) == (429, "openai/eu")
    assert body.closed


@pytest.mark.trio
async def test_of_an_endless_error_page_only_the_beginning_is_read(upstream):
    provider, body = upstream(*[b"x" * 40000] * 9, status=500)

    with pytest.raises(RateLimitError) as caught:
        await provider.chat(HELLO, "m")

    assert len(str(caught.value)) == 65536
    assert not body.read_to_end


@pytest.mark.trio
@pytest.mark.parametrize("method", ["chat", "stream"])
async def test_an_answer_beyond_the_size_allowed_is_an_error(upstream, sink, method):
    provider, body = upstream(*[b"x" * 99 + b"\n"] * 12, max_body_bytes=1000)
    call = provider.chat(HELLO, "m") if method == "chat" else provider.stream(HELLO, "m", sink)

    with pytest.raises(ProviderError, match="1000"):
        await call

    assert body.closed


@pytest.mark.trio
@pytest.mark.parametrize("method", ["chat", "stream"])
async def test_a_web_page_is_named_by_its_title(upstream, sink, method):
    provider, _ = upstream(b"\n<html><title>\n Sign in </title>")
    call = provider.chat(HELLO, "m") if method == "chat" else provider.stream(HELLO, "m", sink)

    with pytest.raises(ProviderError, match=r"a web page \('Sign in'\) came"):
        await call


@pytest.mark.trio
async def test_a_server_that_does_not_stream_is_understood(upstream, sink):
    provider, _ = upstream(b'{"whole":', b"1}")

    response = await provider.stream(HELLO, "m", sink)

    assert sink.text == response.text == '{"whole":1}'


@pytest.mark.trio
async def test_what_the_provider_does_not_tell_is_filled_in(upstream):
    provider, _ = upstream(b"{}")

    response = await provider.chat(HELLO, "m-1")

    assert (response.model, response.created, response.warnings) == ("m-1", 7, ("no top_k",))


@pytest.mark.trio
async def test_tokens_that_nobody_counts_are_estimated(upstream, sink):
    provider, _ = upstream(b"word " * 40 + b"\n", b".\n")

    response = await provider.stream(HELLO, "m", sink)

    assert response.usage.source == "estimated"
    assert response.usage.input_tokens > 0
    assert response.usage.output_tokens == pytest.approx(50, abs=5)


@pytest.mark.trio
async def test_an_encoding_that_nobody_asked_for_is_the_providers_error(upstream):
    provider, body = upstream(b"{}", headers={"Content-Encoding": "br"})

    with pytest.raises(ProviderError, match="'br'"):
        await provider.chat(HELLO, "m")

    assert body.closed


# -- what the head says of rate limits

OPENAI = {
    "X-RateLimit-Limit-Requests": "100",
    "x-ratelimit-remaining-requests": "20",
    "x-ratelimit-reset-requests": "30s",
    "x-request-id": "1",
}
ANTHROPIC = {
    "date": "Thu, 01 Jan 1970 00:00:07 GMT",
    "anthropic-ratelimit-tokens-limit": "1000",
    "anthropic-ratelimit-tokens-remaining": "100",
    "anthropic-ratelimit-tokens-reset": "1970-01-01T00:00:27Z",
}


@pytest.mark.trio
@pytest.mark.parametrize("way", ["chat", "stream"])
@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        (OPENAI, RateLimits(requests=Allowance(20.0, 100.0, 30.0), at=3.0)),
        (ANTHROPIC, RateLimits(tokens=Allowance(100.0, 1000.0, 20.0), at=3.0)),
        ({"x-request-id": "1", "x-ratelimit-remaining-requests": "many"}, None),
        ({}, None),
    ],
    ids=["openai", "anthropic", "unreadable", "silent"],
)
async def test_an_answer_carries_what_its_head_said_of_the_limits_and_when(
    upstream, sink, autojump_clock, way, headers, limits
):
    body = [(4.0, b"{}")] if way == "chat" else [(4.0, b"a\n.\n")]
    provider, _ = upstream(*body, headers=headers, head_after=3.0)
    began = trio.current_time()

    response = await (provider.chat(HELLO, "m") if way == "chat" else provider.stream(HELLO, "m", sink))

    said = response.rate_limit
    assert limits == (None if said is None else attrs.evolve(said, at=said.at - began))

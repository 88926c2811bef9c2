"""Everything an upstream can do wrong, over real sockets, in every dialect."""

from __future__ import annotations

import json

import attrs
import pytest
import trio
from legion_llm.adapters.providers import relay
from legion_llm.adapters.providers.build import build_provider
from legion_llm.adapters.transport import LegionTransport
from legion_llm.messages.chat import ChatMessage, Request, StopReason, Usage
from legion_llm.messages.content import ThinkingBlock
from legion_llm.messages.errors import (
    AuthError,
    ProviderDown,
    ProviderError,
    ProviderReset,
    ProviderSilent,
    RateLimitError,
    StreamBrokenError,
    UpstreamError,
)
from legion_llm.messages.secret import SecretRef
from legion_llm.messages.settings import ProviderSettings, Settings, TimeoutSettings, expand_instances
from responses import speaking_upstream
from upstream import (
    Fault,
    anthropic_upstream,
    bedrock_upstream,
    canned_anthropic,
    gemini_upstream,
    ollama_upstream,
    openai_upstream,
    upstream,
)

_KEY = SecretRef.of("sk-1")
HELLO = Request(messages=(ChatMessage(content="Hello"),))
SERVERS = {
    "openai_compat": openai_upstream,
    "anthropic": anthropic_upstream,
    "gemini": gemini_upstream,
    "bedrock": bedrock_upstream,
    "ollama": ollama_upstream,
    "responses": speaking_upstream,
}
PATIENT = TimeoutSettings(connect=20.0, first_byte=20.0, first_content=20.0, gap=20.0)

# Fault -> error of a whole answer, error of a stream, the limit that must end the waiting.
BROKEN = {
    Fault.REFUSE: (ProviderDown, ProviderDown, None),
    Fault.RESET_BEFORE_HEADERS: (ProviderReset, ProviderReset, None),
    Fault.CLOSE_BEFORE_HEADERS: (ProviderReset, ProviderReset, None),
    Fault.NOT_HTTP: (ProviderError, StreamBrokenError, None),
    Fault.HANG_BEFORE_FIRST_BYTE: (ProviderSilent, ProviderSilent, "first_byte"),
    Fault.HANG_AFTER_HEADERS: (ProviderSilent, ProviderSilent, "gap first_content"),
    Fault.HANG_BETWEEN_CHUNKS: (ProviderSilent, ProviderSilent, "gap"),
    Fault.HALF_BODY: (ProviderError, StreamBrokenError, None),
    Fault.MALFORMED_CHUNKED: (ProviderError, StreamBrokenError, None),
    Fault.INVALID_JSON: (ProviderError, ProviderError, None),
    Fault.HTML_200: (ProviderError, ProviderError, None),
    Fault.HTML_502: (ProviderError, ProviderError, None),
    Fault.CUT: (ProviderError, StreamBrokenError, None),
    Fault.RESET_IN_THE_MIDDLE: (ProviderError, StreamBrokenError, None),
    Fault.ERROR_EVENT: (ProviderError, ProviderError, None),
    Fault.STATUS_401: (AuthError, AuthError, None),
    Fault.STATUS_429: (RateLimitError, RateLimitError, None),
    Fault.STATUS_500: (ProviderError, ProviderError, None),
    Fault.STATUS_503_RETRY_AFTER: (ProviderError, ProviderError, None),
    Fault.STATUS_529: (ProviderError, ProviderError, None),
    Fault.REDIRECT: (ProviderError, ProviderError, None),
}

# What only looks wrong.
HARMLESS = [
    Fault.NONE,
    Fault.WRONG_CONTENT_TYPE,
    Fault.TRICKLE,
    Fault.CLOSE_AFTER_EACH,
    Fault.GZIP,
    Fault.NOT_STREAMED,
    Fault.HANG_AFTER_TERMINAL_FRAME,
]


def event(name, **fields):
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


@pytest.fixture(autouse=True)
def short_drain(monkeypatch):
    monkeypatch.setattr(relay, "DRAIN_SECONDS", 0.1)


@attrs.frozen
class Connected:
    provider: object
    transport: LegionTransport


@pytest.fixture(params=SERVERS)
def kind(request):
    return request.param


@pytest.fixture
def connected():
    """Return a provider for a server, over our own transport."""

    def connect(kind, server, timeouts=PATIENT):
        spoken = {"kind": "openai_compat", "wire_api": kind} if kind == "responses" else {"kind": kind}
        block = ProviderSettings(api_key=_KEY, base_url=server.url, timeouts=timeouts, **spoken)
        [instance] = expand_instances(Settings(providers={"up": block}))
        transport = LegionTransport()
        return Connected(build_provider(instance, {}, lambda *_: transport), transport)

    return connect


def timeouts_for(limits):
    short = dict.fromkeys((limits or "").split(), 0.2)
    return attrs.evolve(PATIENT, **short)


@pytest.mark.trio
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_whole_answer_is_a_typed_error_and_leaves_no_connection(kind, connected, fault):
    expected, _, limits = BROKEN[fault]
    with SERVERS[kind](fault) as server, trio.fail_after(10):
        there = connected(kind, server, timeouts_for(limits))

        with pytest.raises(UpstreamError) as caught:
            await there.provider.chat(HELLO, "m-1")

        assert type(caught.value) is expected
        assert (caught.value.provider, caught.value.model) == ("up", "m-1")
        assert there.transport.statistics().in_use == 0
        await there.provider.aclose()


@pytest.mark.trio
@pytest.mark.parametrize("fault", [*BROKEN, Fault.NO_TERMINAL_FRAME])
async def test_a_broken_stream_is_a_typed_error_and_leaves_no_connection(kind, connected, sink, fault):
    _, expected, limits = BROKEN.get(fault, (None, StreamBrokenError, None))
    with SERVERS[kind](fault) as server, trio.fail_after(10):
        there = connected(kind, server, timeouts_for(limits))

        with pytest.raises(UpstreamError) as caught:
            await there.provider.stream(HELLO, "m-1", sink)

        assert type(caught.value) is expected
        assert (caught.value.provider, caught.value.model) == ("up", "m-1")
        assert there.transport.statistics().in_use == 0
        await there.provider.aclose()


@pytest.mark.trio
@pytest.mark.parametrize("fault", HARMLESS)
async def test_a_peculiar_whole_answer_is_understood(kind, connected, fault):
    with SERVERS[kind](fault) as server, trio.fail_after(10):
        there = connected(kind, server)

        response = await there.provider.chat(HELLO, "m-1")

        assert (response.text, response.model) == ("w0 w1 w2 w3 w4 ", "m-1")
        assert response.created >= 1700000000  # Anthropic does not tell it, so there it is the time of the answer
        assert response.stop_reason is StopReason.END_TURN
        assert response.usage == Usage(uncached_input=7, visible_output=5)
        assert there.transport.statistics().in_use == 0
        await there.provider.aclose()


@pytest.mark.trio
@pytest.mark.parametrize("fault", HARMLESS)
async def test_a_peculiar_stream_is_understood(kind, connected, sink, fault):
    with SERVERS[kind](fault) as server, trio.fail_after(10):
        there = connected(kind, server)

        response = await there.provider.stream(HELLO, "m-1", sink)

        assert response.text == sink.text == "w0 w1 w2 w3 w4 "
        assert (response.model, response.stop_reason) == ("m-1", StopReason.END_TURN)
        assert response.usage == Usage(uncached_input=7, visible_output=5)
        assert there.transport.statistics().in_use == 0
        await there.provider.aclose()


@pytest.mark.trio
@pytest.mark.parametrize(("fault", "seconds"), [(Fault.STATUS_429_RETRY_AFTER, 7), (Fault.STATUS_503_RETRY_AFTER, 3)])
async def test_the_wait_that_the_provider_asks_for_is_kept(kind, connected, fault, seconds):
    with SERVERS[kind](fault) as server:
        there = connected(kind, server)

        with pytest.raises((RateLimitError, ProviderError)) as caught:
            await there.provider.chat(HELLO, "m-1")

        assert caught.value.retry_after == seconds
        await there.provider.aclose()


@pytest.mark.trio
@pytest.mark.parametrize("method", ["chat", "stream"])
async def test_a_connection_serves_one_call_after_the_other(kind, connected, sink, method):
    with SERVERS[kind]() as server:
        there = connected(kind, server)
        for _ in range(3):
            await (there.provider.chat(HELLO, "m-1") if method == "chat" else there.provider.stream(HELLO, "m-1", sink))

        assert server.accepted == 1
        await there.provider.aclose()


@pytest.mark.trio
async def test_a_keep_alive_connection_that_died_is_replaced(kind, connected):
    with SERVERS[kind](Fault.CLOSE_AFTER_EACH) as server:
        there = connected(kind, server)

        await there.provider.chat(HELLO, "m-1")
        assert await trio.to_thread.run_sync(server.wait_all_closed)

        response = await there.provider.chat(HELLO, "m-1")

        assert response.text == "w0 w1 w2 w3 w4 "
        await there.provider.aclose()


@pytest.mark.trio
@pytest.mark.parametrize("fault", [Fault.HANG_BEFORE_FIRST_BYTE, Fault.HANG_BETWEEN_CHUNKS])
async def test_a_caller_who_gives_up_closes_the_socket(kind, connected, sink, fault):
    with SERVERS[kind](fault) as server, trio.fail_after(10):
        there = connected(kind, server)

        with trio.move_on_after(0.1) as scope:
            await there.provider.stream(HELLO, "m-1", sink)

        assert scope.cancelled_caught
        assert await trio.to_thread.run_sync(server.client_closed.wait, 5)
        assert there.transport.statistics().in_use == 0
        await there.provider.aclose()


@pytest.mark.trio
async def test_the_collected_answer_is_the_sum_of_its_chunks(kind, connected, sink):
    with SERVERS[kind](words=200) as server:
        there = connected(kind, server)

        response = await there.provider.stream(HELLO, "m-1", sink)

        assert response.text == sink.text
        assert len(sink.text.split()) == 200
        await there.provider.aclose()


@pytest.mark.trio
async def test_what_is_signed_says_where_it_was_made_while_it_streams(connected, sink):
    canned = canned_anthropic()
    start, _, _, *_ = canned.frames
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    frames = (
        start,
        event("content_block_start", index=0, content_block=thought),
        event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "EqQB"}),
        event("content_block_stop", index=0),
    )
    with upstream(attrs.evolve(canned, frames=frames)) as server:
        there = connected("anthropic", server)

        response = await there.provider.stream(HELLO, "m-1", sink)

        assert [chunk.origin for chunk in sink.chunks if chunk.signature] == ["up"]
        assert response.message.blocks == (ThinkingBlock(signature="EqQB", origin="up"),)
        await there.provider.aclose()

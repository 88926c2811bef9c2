"""Answers in Gemini's dialect: from a provider, and to a client; whole and in pieces."""

from __future__ import annotations

import itertools
import json

import attrs
import pytest
from google.genai import types
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.gemini import Gemini, GeminiCall
from legion_llm.adapters.dialects.gemini.call_ids import is_made
from legion_llm.adapters.dialects.gemini.words import STOP_REASONS
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.catalogue import Capability
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, StopReason, Usage
from legion_llm.messages.content import ImageBlock, OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.errors import (
    ContentRefusedError,
    LegionError,
    ProviderError,
    RateLimitError,
    StreamBrokenError,
    UpstreamError,
)
from legion_llm.messages.unstreamed import chunks_of

DIALECT = Gemini()
ASKED = Request(messages=(), model="m")
WHOLE = ["text", "calls", "grounded"]


def whole(golden, name):
    return DIALECT.parse_response(golden(f"gemini/response_{name}.json"))


# -- whole


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_goes_to_the_client_as_it_came(golden, golden_json, name):
    body = json.loads(GeminiCall().render_response(whole(golden, name)))

    came = golden_json(f"gemini/response_{name}.json")
    assert body["candidates"] == came["candidates"]
    assert {key: body[key] for key in came if key not in ("candidates", "usageMetadata")} == {
        key: came[key] for key in came if key not in ("candidates", "usageMetadata")
    }
    assert body["usageMetadata"]["totalTokenCount"] == came["usageMetadata"]["totalTokenCount"]


@pytest.mark.parametrize("name", WHOLE)
def test_the_official_client_reads_what_we_write(golden, name):
    types.GenerateContentResponse.model_validate_json(GeminiCall().render_response(whole(golden, name)))


def test_usage_is_read_into_buckets_that_do_not_overlap(golden):
    assert whole(golden, "text").usage == Usage(uncached_input=20, cache_read=10, visible_output=12, reasoning=8)
    assert whole(golden, "grounded").usage == Usage(
        uncached_input=60, audio_input=22, image_input=258, visible_output=10, image_output=1290
    )


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        (None, Usage(source="partial")),
        ({}, Usage()),
        ({"promptTokenCount": 5, "totalTokenCount": 9}, Usage(uncached_input=5, visible_output=4)),
        (
            {"promptTokenCount": 5, "cachedContentTokenCount": 9, "candidatesTokenCount": 1, "totalTokenCount": 6},
            Usage(cache_read=5, visible_output=1),
        ),
        (
            {"promptTokenCount": 5, "candidatesTokenCount": 1, "totalTokenCount": 10},
            Usage(uncached_input=5, visible_output=1, source="partial"),
        ),
        ({"promptTokenCount": "5", "candidatesTokenCount": -3, "promptTokensDetails": [7, {}]}, Usage()),
    ],
)
def test_tokens_that_do_not_add_up_are_clamped_and_told(counts, usage):
    body = {"candidates": [{"content": {"parts": [{"text": "x"}]}}], "usageMetadata": counts}

    assert DIALECT.parse_response(json.dumps(body).encode()).usage == usage


def test_a_signature_stands_before_what_it_signs_and_calls_get_ids(golden):
    thought, signature, first, second = whole(golden, "calls").message.blocks

    assert (thought, signature) == (ThinkingBlock(text="I need both."), ThinkingBlock(signature="U2lnbmF0dXJlX0E="))
    assert (first.name, first.input, second.name, second.arguments) == (
        "get_weather",
        {"city": "Paris"},
        "get_time",
        "{}",
    )
    assert is_made(first.id)
    assert first.id != second.id


def test_ids_that_were_made_here_do_not_come_out_again(golden):
    calls = whole(golden, "calls").message
    body = json.loads(
        DIALECT.render_request(
            Request(messages=(calls,)), "gemini-2.5-pro", stream=False, options=DialectOptions()
        ).body
    )

    assert [part["functionCall"].get("id") for part in body["contents"][0]["parts"][1:]] == [None, None]


def test_what_only_google_writes_is_kept(golden):
    response = whole(golden, "grounded")

    assert [type(block) for block in response.message.blocks] == [OpaqueBlock, OpaqueBlock, TextBlock, ImageBlock]
    assert response.extra["candidate"]["groundingMetadata"] == {"webSearchQueries": ["one"]}
    assert response.stop_reason is StopReason.MAX_TOKENS


def test_every_finish_reason_of_the_official_client_has_a_meaning():
    assert STOP_REASONS.keys() == {reason.value for reason in types.FinishReason}


@pytest.mark.parametrize("word", [*STOP_REASONS, "SOMETHING_NEW", None, 7])
def test_a_turn_with_calls_never_ends_as_an_end_of_turn(word):
    parts = [{"functionCall": {"name": "f"}}]
    body = {"candidates": [{"content": {"parts": parts}, "finishReason": word}]}

    reason = DIALECT.parse_response(json.dumps(body).encode()).stop_reason

    assert reason is not StopReason.END_TURN
    assert (reason is StopReason.TOOL_USE) == (word == "STOP")


@pytest.mark.parametrize("reason", StopReason)
def test_clients_get_a_word_that_they_know_for_every_reason(reason):
    response = Response(message=ChatMessage(role="assistant", content="x"), stop_reason=reason)

    body = json.loads(GeminiCall().render_response(response))

    assert body["candidates"][0]["finishReason"] in STOP_REASONS


def test_a_blocked_prompt_is_a_refusal():
    body = b'{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}}'

    with pytest.raises(ContentRefusedError, match="PROHIBITED_CONTENT"):
        DIALECT.parse_response(body)
    with pytest.raises(ContentRefusedError, match="PROHIBITED_CONTENT"):
        DIALECT.stream_parser().feed(b"data: " + body + b"\n\n")


def test_a_blocked_answer_is_an_answer_that_ends_in_a_refusal():
    response = DIALECT.parse_response(b'{"candidates": [{"finishReason": "SAFETY", "index": 0}]}')

    assert (response.stop_reason, response.message.blocks) == (StopReason.REFUSAL, ())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"candidates": []}',
        b'{"candidates": 7}',
        b'{"candidates": [7]}',
        b'{"candidates": [{"content": 7}]}',
        b'{"candidates": [{"content": {"parts": 7}}]}',
        b'{"candidates": [{"content": {"parts": [{"functionCall": {}}]}}]}',
    ],
)
def test_what_is_no_answer_is_a_typed_error(body):
    with pytest.raises(ProviderError):
        DIALECT.parse_response(body)


def test_an_error_under_status_200_is_an_error():
    with pytest.raises(RateLimitError, match="slow down"):
        DIALECT.parse_response(b'{"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}')


def test_the_models_that_chat_or_embed_are_listed(golden):
    flash, embedder = DIALECT.parse_models(golden("gemini/models.json"))

    assert (flash.name, embedder.name) == ("gemini-2.5-flash", "gemini-embedding-001")
    assert (Capability.CHAT in flash.can, Capability.EMBED in embedder.can) == (True, True)
    assert Capability.CHAT in embedder.cannot


@pytest.mark.parametrize("body", [b"{}", b'{"models": 7}', b"[]"])
def test_what_is_no_catalogue_is_a_typed_error(body):
    with pytest.raises(ProviderError):
        DIALECT.parse_models(body)


# -- in pieces


def test_a_stream_is_read(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), golden("gemini/stream_text.sse"))

    assert (response.id, response.model, response.text) == ("r-1", "gemini-2.5-pro", "One, two.")
    assert response.message.blocks[0] == ThinkingBlock(text="Counting ")
    assert response.message.blocks[-1] == ThinkingBlock(signature="U2lnbmF0dXJlX0I=")
    assert response.usage == Usage(uncached_input=9, visible_output=5, reasoning=4)
    assert response.stop_reason is StopReason.END_TURN


def test_streamed_calls_come_whole_with_the_signature_before_the_first(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), golden("gemini/stream_calls.sse"))

    thought, signature, first, second = response.message.blocks
    assert (thought.text, signature.signature) == ("Both.", "U2lnbmF0dXJlX0E=")
    assert (first.input, second.arguments) == ({"city": "Paris"}, "{}")
    assert response.stop_reason is StopReason.TOOL_USE


@pytest.mark.parametrize("name", ["text", "calls"])
def test_however_a_stream_is_cut_it_says_the_same(golden, name):
    data = golden(f"gemini/stream_{name}.sse")
    expected = said(DIALECT.stream_parser().feed(data))

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, len(data)), max_size=6).map(sorted))
    def attempt(cuts):
        parser = DIALECT.stream_parser()
        pieces = [data[start:end] for start, end in itertools.pairwise([0, *cuts, len(data)])]

        assert said(itertools.chain.from_iterable(map(parser.feed, pieces))) == expected
        assert parser.finished

    attempt()


def said(chunks):
    """Chunks without the ids that are made anew each time."""
    return [attrs.evolve(chunk, tool_id=chunk.tool_id and "made") for chunk in chunks]


def test_a_stream_without_a_finish_reason_is_broken(golden):
    parser = DIALECT.stream_parser()
    parser.feed(b"".join(golden("gemini/stream_text.sse").splitlines(keepends=True)[:4]))

    with pytest.raises(StreamBrokenError):
        parser.close()


def test_tokens_may_come_after_the_finish_reason(answer_of):
    parser = DIALECT.stream_parser()
    end = b'data: {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}]}\n\n'
    tokens = b'data: {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4}}\n\n'

    parser.feed(end)
    before = parser.finished
    response = answer_of(DIALECT.stream_parser(), end, tokens)

    assert not before
    assert response.usage == Usage(uncached_input=3, visible_output=1)


@pytest.mark.parametrize(
    "bad", [b'{"error": {"code": 503, "message": "overloaded"}}', b"not json", b"[]", b'{"candidates": 7}']
)
def test_an_error_inside_a_stream_comes_after_what_was_said_before_it(bad):
    parser = DIALECT.stream_parser()

    with pytest.raises(UpstreamError):
        parser.feed(b'data: {"candidates": [{"content": {"parts": [{"text": "said"}]}}]}\n\ndata: ' + bad + b"\n\n")

    assert "".join([chunk.text for chunk in parser.take()]) == "said"


# -- to clients


def streamed(chunks, response, *, as_events=True, model="m"):
    renderer = GeminiCall(as_events=as_events).stream_renderer(Request(messages=(), model=model))
    return b"".join([*map(renderer.render, chunks), renderer.end(response)])


def events_of(data):
    return [json.loads(event.removeprefix("data: ")) for event in data.decode().split("\n\n") if event.strip()]


def built(chunks):
    builder = ResponseBuilder()
    for chunk in chunks:
        builder.add(chunk)
    return builder.build(model="m", created=0)


@pytest.mark.parametrize("name", ["text", "calls"])
def test_a_stream_of_the_same_dialect_is_relayed_to_the_byte(golden, name):
    data = golden(f"gemini/stream_{name}.sse")
    chunks = DIALECT.stream_parser().feed(data)

    assert streamed(chunks, built(chunks)) == data.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("name", ["text", "calls"])
def test_clients_without_events_get_an_array_of_the_same_pieces(golden, name):
    data = golden(f"gemini/stream_{name}.sse")
    chunks = DIALECT.stream_parser().feed(data)

    pieces = json.loads(streamed(chunks, built(chunks), as_events=False))

    assert pieces == events_of(data.replace(b"\r\n", b"\n"))


BLOCKS = (
    ThinkingBlock(text="hm", signature="c2ln", origin="anthropic"),
    TextBlock(text="Both."),
    ToolUseBlock(id="call_1", name="f", arguments='{"a": 1}'),
    ToolUseBlock(id="call_2", name="g"),
)
FOREIGN = Response(
    message=ChatMessage(role="assistant", content=BLOCKS),
    id="msg_1",
    model="claude",
    stop_reason=StopReason.TOOL_USE,
    usage=Usage(uncached_input=3, visible_output=2),
)


def signed(chunks):
    return [attrs.evolve(chunk, origin="anthropic") if chunk.signature else chunk for chunk in chunks]


@pytest.mark.parametrize("as_events", [True, False])
def test_an_answer_of_another_vendor_becomes_pieces_that_the_official_client_reads(as_events):
    data = streamed(signed(chunks_of(FOREIGN)), FOREIGN, as_events=as_events)

    pieces = events_of(data) if as_events else json.loads(data)
    read = [types.GenerateContentResponse.model_validate(piece) for piece in pieces]
    parts = [part for each in read for part in each.candidates[0].content.parts]
    assert [part.text for part in parts if part.text] == ["hm", "Both."]
    assert [(part.function_call.id, part.function_call.args) for part in parts if part.function_call] == [
        ("call_1", {"a": 1}),
        ("call_2", {}),
    ]
    assert (read[-1].candidates[0].finish_reason, read[-1].usage_metadata.total_token_count) == ("STOP", 5)
    assert {each.response_id for each in read} == {"msg_1"}


@pytest.mark.parametrize("is_streamed", [True, False])
def test_what_others_signed_comes_back_with_its_origin(is_streamed):
    if is_streamed:
        parts = [
            part
            for piece in events_of(streamed(signed(chunks_of(FOREIGN)), FOREIGN))
            for part in piece["candidates"][0]["content"]["parts"]
        ]
    else:
        parts = json.loads(GeminiCall().render_response(FOREIGN))["candidates"][0]["content"]["parts"]
    # Google's client decodes signatures and writes them with the other alphabet.
    content = types.Content.model_validate({"role": "model", "parts": parts}).model_dump_json(
        by_alias=True, exclude_none=True
    )

    request = GeminiCall("m").parse_request(b'{"contents": [' + content.encode() + b"]}")

    thought, text, first, second = request.messages[0].blocks
    assert (thought, text) == BLOCKS[:2]
    assert [(call.id, call.input) for call in (first, second)] == [("call_1", {"a": 1}), ("call_2", {})]


@pytest.mark.parametrize("as_events", [True, False])
def test_a_stream_that_fails_ends_with_the_error(as_events):
    renderer = GeminiCall(as_events=as_events).stream_renderer(ASKED)
    said = renderer.render(Chunk(kind=ChunkKind.BLOCK_START, block_kind="text"))
    said += renderer.render(Chunk(kind=ChunkKind.DELTA, block_kind="text", delta="x"))

    data = said + renderer.fail(RateLimitError("slow down", retry_after=7.0))

    *_, last = events_of(data) if as_events else json.loads(data)
    assert last["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert last["error"]["details"] == [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]


def test_a_stream_in_which_nothing_was_said_is_an_empty_answer():
    empty = attrs.evolve(FOREIGN, message=ChatMessage(role="assistant"), stop_reason=StopReason.REFUSAL)

    [piece] = json.loads(streamed([], empty, as_events=False))

    assert piece["candidates"][0] == {"content": {"role": "model", "parts": []}, "finishReason": "SAFETY", "index": 0}


def test_arguments_that_are_no_object_fail_the_answer_and_not_the_actor():
    broken = attrs.evolve(
        FOREIGN, message=ChatMessage(role="assistant", content=(ToolUseBlock(id="a", name="f", arguments="{"),))
    )

    with pytest.raises(ProviderError):
        GeminiCall().render_response(broken)
    with pytest.raises(ProviderError):
        streamed(chunks_of(broken), broken)


@given(st.binary(max_size=200))
def test_garbage_in_a_stream_is_a_typed_error_or_nothing(data):
    parser = DIALECT.stream_parser()
    try:
        parser.feed(b"data: " + data + b"\n\n")
        parser.close()
    except LegionError:
        return
    assert parser.finished

"""What is in answers, on its way from every kind of provider to the clients of every dialect, whole and streamed."""

from __future__ import annotations

import json

import attrs
import pytest
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.unsaid import unsaid
from legion_llm.adapters.providers.build import DIALECTS
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, StopReason, Usage
from legion_llm.messages.content import (
    AudioBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate"
OLLAMA = "ollama.chat"
DIALECT_NAMES = (CHAT, RESPONSES, ANTHROPIC, GEMINI, OLLAMA)

PNG = ImageBlock(source="base64", data="UE5H", media_type="image/png")
WAV = AudioBlock(data="V0FW", format="wav")
ODD_CALL = ToolUseBlock(id="functions.f:0", name="f", arguments='{"a":1}')
CALLS = (ToolUseBlock(id="c1", name="f", arguments='{"a":1}'), ToolUseBlock(id="c2", name="g", arguments="{}"))
USAGE = Usage(
    uncached_input=10, cache_read=4, cache_write=2, visible_output=5, reasoning=3, audio_input=1, image_input=1
)

# feature -> (what is answered, dialect -> a fragment of the answer, or ("lost", words of the warning))
ANSWERS = {
    "text": (
        (TextBlock(text="Hello"),),
        {
            CHAT: {"role": "assistant", "content": "Hello"},
            RESPONSES: {"type": "output_text", "text": "Hello"},
            ANTHROPIC: {"type": "text", "text": "Hello"},
            GEMINI: {"text": "Hello"},
            OLLAMA: {"role": "assistant", "content": "Hello"},
        },
    ),
    "calls side by side": (
        CALLS,
        {
            CHAT: [
                {"id": "c1", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"id": "c2", "function": {"name": "g", "arguments": "{}"}},
            ],
            RESPONSES: [
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
                {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
            ],
            ANTHROPIC: [
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
                {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
            ],
            GEMINI: [
                {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
                {"functionCall": {"id": "c2", "name": "g", "args": {}}},
            ],
            OLLAMA: [
                {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}},
                {"id": "c2", "function": {"name": "g", "arguments": {}}},
            ],
        },
    ),
    "a call whose maker uses other signs in ids": (
        (ODD_CALL,),
        {
            CHAT: {"id": "functions.f:0"},
            RESPONSES: {"call_id": "functions.f:0"},
            ANTHROPIC: {"type": "tool_use", "id": "legion_ZnVuY3Rpb25zLmY6MA"},
            GEMINI: {"functionCall": {"id": "functions.f:0"}},
            OLLAMA: {"id": "functions.f:0"},
        },
    ),
    "reasoning": (
        (ThinkingBlock(text="hm"), TextBlock(text="42")),
        {
            CHAT: {"reasoning_content": "hm", "content": "42"},
            RESPONSES: {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            ANTHROPIC: {"type": "thinking", "thinking": "hm"},
            GEMINI: {"text": "hm", "thought": True},
            OLLAMA: {"thinking": "hm", "content": "42"},
        },
    ),
    "a picture": (
        (TextBlock(text="Here:"), PNG),
        {
            CHAT: {"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,UE5H"}}]},
            RESPONSES: {"type": "image_generation_call", "result": "UE5H"},
            ANTHROPIC: {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "UE5H"}},
            GEMINI: {"inlineData": {"mimeType": "image/png", "data": "UE5H"}},
            OLLAMA: {"images": ["UE5H"]},
        },
    ),
    "sound": (
        (TextBlock(text="Here:"), WAV),
        {
            CHAT: {"audio": {"data": "V0FW"}},
            RESPONSES: ("lost", "audio was left out of the answer"),
            ANTHROPIC: ("lost", "audio was left out of the answer"),
            GEMINI: {"inlineData": {"mimeType": "audio/wav", "data": "V0FW"}},
            OLLAMA: ("lost", "audio was left out of the answer"),
        },
    ),
    "a block that only its vendor's clients know": (
        (TextBlock(text="Here:"), OpaqueBlock(dialect="bedrock.converse", raw={"video": {}})),
        dict.fromkeys(DIALECT_NAMES, ("lost", "a video block of bedrock.converse was left out of the answer")),
    ),
}

CASES = [
    pytest.param(blocks, name, cell, id=f"{feature} > {name}")
    for feature, (blocks, cells) in ANSWERS.items()
    for name, cell in cells.items()
]


def answered(*blocks, **more):
    return Response(message=ChatMessage(role="assistant", content=blocks), model="m", created=5, **more)


@pytest.mark.parametrize(("blocks", "name", "cell"), CASES)
def test_a_whole_answer_shows_it_or_tells_that_it_is_lost(served, heard, blocks, name, cell):
    response = answered(*blocks)

    body = json.loads(served[name].render_response(response, Request(messages=())))

    heard(body, unsaid(response.message, name), *(cell if isinstance(cell, list) else [cell]))


def test_no_cell_is_missing(served):
    assert all(cells.keys() == served.keys() for _, cells in ANSWERS.values())


# -- streams


def chunks_of(blocks):
    """An answer in pieces, as a parser says it: calls grow side by side."""
    yield Chunk(kind=ChunkKind.START, id="x", model="m")
    for number, block in enumerate(blocks):
        if isinstance(block, ToolUseBlock):
            kind, text = "tool_use", block.arguments
            yield Chunk(
                kind=ChunkKind.BLOCK_START, block=number, block_kind=kind, tool_id=block.id, tool_name=block.name
            )
        elif isinstance(block, (TextBlock, ThinkingBlock)):
            kind, text = block.type, block.text
            yield Chunk(kind=ChunkKind.BLOCK_START, block=number, block_kind=kind)
        else:
            kind, text = "opaque", ""
            yield Chunk(kind=ChunkKind.BLOCK_START, block=number, block_kind=kind, content=block)
        for piece in text:
            yield Chunk(kind=ChunkKind.DELTA, block=number, block_kind=kind, delta=piece)
        if kind != "tool_use":
            yield Chunk(kind=ChunkKind.BLOCK_STOP, block=number, block_kind=kind)
    for number, block in enumerate(blocks):
        if isinstance(block, ToolUseBlock):
            yield Chunk(kind=ChunkKind.BLOCK_STOP, block=number, block_kind="tool_use")
    yield Chunk(kind=ChunkKind.END, stop_reason=StopReason.END_TURN)


def events_of(stream):
    """The JSON of a stream's events."""
    lines = [line.removeprefix(b"data:").strip() for line in stream.split(b"\n") if line.startswith(b"data:")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def read_back(name, events):
    """What a client that puts the pieces together has in the end, as our own values."""
    kinds = {CHAT: "openai", ANTHROPIC: "anthropic", GEMINI: "gemini", OLLAMA: "ollama"}
    speaks = OpenAIResponses() if name == RESPONSES else DIALECTS[kinds[name]]
    parser, builder = speaks.stream_parser(), ResponseBuilder()
    for chunk in parser.feed(events):
        builder.add(chunk)
    parser.close()
    return builder.build(model="m", created=5)


def streamed(served, name, blocks):
    renderer = served[name].stream_renderer(Request(messages=(), stream=True, include_usage=True))
    said = b"".join([renderer.render(chunk) for chunk in chunks_of(blocks)])
    return said + renderer.end(answered(*blocks, usage=USAGE))


@pytest.mark.parametrize("name", DIALECT_NAMES)
@pytest.mark.parametrize("feature", ["text", "calls side by side", "reasoning", "a picture"])
def test_the_pieces_of_a_stream_come_to_the_same(served, name, feature):
    blocks = ANSWERS[feature][0]

    read = read_back(name, streamed(served, name, blocks))

    assert [attrs.evolve(block, extra={}) for block in read.message.blocks] == list(blocks)


@pytest.mark.parametrize("feature", ANSWERS)
def test_the_last_event_of_the_responses_api_holds_the_whole_answer(served, heard, feature):
    blocks, cells = ANSWERS[feature]
    cell = cells[RESPONSES]

    last = events_of(streamed(served, RESPONSES, blocks))[-1]

    assert last["type"] == "response.completed"
    if not isinstance(cell, tuple):
        heard(last, (), *(cell if isinstance(cell, list) else [cell]))


def test_sound_comes_in_a_piece_of_its_own(served):
    pieces = [event["choices"][0]["delta"] for event in events_of(streamed(served, CHAT, (WAV,))) if event["choices"]]

    assert [piece["audio"]["data"] for piece in pieces if "audio" in piece] == ["V0FW"]

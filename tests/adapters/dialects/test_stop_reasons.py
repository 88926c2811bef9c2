"""Why a model stopped: total tables to and from every dialect's words."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from anthropic.types import StopReason as AnthropicReason
from legion_llm.adapters.dialects.anthropic import words as anthropic
from legion_llm.adapters.dialects.bedrock import words as bedrock
from legion_llm.adapters.dialects.gemini import words as gemini
from legion_llm.adapters.dialects.ollama import words as ollama
from legion_llm.adapters.dialects.openai_chat import words as chat
from legion_llm.adapters.dialects.openai_responses import words as responses
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, StopReason
from legion_llm.messages.content import TextBlock, ToolUseBlock
from openai.types.chat.chat_completion import Choice
from openai.types.responses.response import IncompleteDetails

RENDERED = {
    "openai.chat": chat.FINISH_REASONS,
    "openai.responses": responses.INCOMPLETE,
    "anthropic.messages": anthropic.WORDS,
    "gemini.generate": gemini.WORDS,
    "ollama.chat": ollama.DONE_REASONS,
}
# Of Ollama there is no list; these are in its source.
DOCUMENTED = [
    (anthropic.STOP_REASONS, set(get_args(AnthropicReason))),
    (chat.STOP_REASONS, set(get_args(Choice.model_fields["finish_reason"].annotation))),
    (responses.STOP_REASONS, set(get_args(get_args(IncompleteDetails.model_fields["reason"].annotation)[0]))),
    (ollama.STOP_REASONS, {"stop", "length", "load", "unload"}),
]
READ = [
    *[(word, lambda word, calls: anthropic.stop_reason_of(word, has_calls=calls)) for word in anthropic.STOP_REASONS],
    *[(word, lambda word, calls: bedrock.stop_reason_of(word, has_calls=calls)) for word in bedrock.STOP_REASONS],
    *[(word, lambda word, calls: gemini.stop_reason_of(word, has_calls=calls)) for word in gemini.STOP_REASONS],
    *[(word, lambda word, calls: ollama.stop_reason_of(word, has_calls=calls)) for word in ollama.STOP_REASONS],
    *[
        (word, lambda word, calls: chat.stop_reason_of(word, has_calls=calls, refused=False, stop_sequence=None))
        for word in chat.STOP_REASONS
    ],
]
CALL = ToolUseBlock(id="c", name="f")
# How each dialect's clients see that the model wants its tools run; Gemini's, Ollama's and those of the responses API look at the calls alone.
RUN = {"openai.chat": ("finish_reason", "tool_calls"), "anthropic.messages": ("stop_reason", "tool_use")}


def test_every_dialect_that_clients_speak_has_a_table(served):
    assert RENDERED.keys() == served.keys()


@pytest.mark.parametrize("name", RENDERED)
def test_every_reason_has_a_word_in_every_dialect(name):
    assert RENDERED[name].keys() == set(StopReason)


@pytest.mark.parametrize(("table", "documented"), DOCUMENTED)
def test_every_word_that_a_vendor_documents_is_read(table, documented):
    assert table.keys() >= documented


@pytest.mark.parametrize(("word", "read"), READ)
def test_a_turn_with_calls_never_ends_as_the_end_of_a_turn(word, read):
    assert read(word, True) is not StopReason.END_TURN


@pytest.mark.parametrize("word", [None, 7, "", "new_word", []])
@pytest.mark.parametrize("read", [read for _, read in READ[:: len(READ) // 5]])
def test_a_word_that_nobody_knows_is_said_to_be_unknown(word, read):
    assert read(word, False) is StopReason.UNKNOWN


def values_of(value, key):
    """Every value of a key within a JSON value."""
    if isinstance(value, dict):
        found = [value[key]] if value.get(key) is not None else []
        return found + [each for child in value.values() for each in values_of(child, key)]
    return [each for child in value for each in values_of(child, key)] if isinstance(value, list) else []


@pytest.mark.parametrize("reason", [StopReason.END_TURN, StopReason.TOOL_USE, StopReason.UNKNOWN])
@pytest.mark.parametrize("name", RUN)
def test_clients_are_told_to_run_the_tools_whatever_the_provider_said(served, name, reason):
    response = Response(message=ChatMessage(role="assistant", content=(CALL,)), stop_reason=reason)
    key, word = RUN[name]

    body = json.loads(served[name].render_response(response))

    assert values_of(body, key) == [word]


@pytest.mark.parametrize("reason", [StopReason.END_TURN, StopReason.TOOL_USE, StopReason.UNKNOWN])
@pytest.mark.parametrize("name", RUN)
def test_clients_of_a_stream_are_told_so_too(served, name, reason):
    renderer = served[name].stream_renderer(Request(messages=(), stream=True))
    chunks = [
        Chunk(kind=ChunkKind.START, id="x", model="m"),
        Chunk(kind=ChunkKind.BLOCK_START, block=0, block_kind="tool_use", tool_id="c", tool_name="f"),
        Chunk(kind=ChunkKind.BLOCK_STOP, block=0, block_kind="tool_use"),
        Chunk(kind=ChunkKind.END, stop_reason=reason),
    ]
    key, word = RUN[name]

    events = b"".join([renderer.render(chunk) for chunk in chunks])
    events += renderer.end(Response(message=ChatMessage(role="assistant", content=(CALL,)), stop_reason=reason))

    lines = [line[6:] for line in events.split(b"\n") if line.startswith(b"data: {")]
    assert [each for line in lines for each in values_of(json.loads(line), key)] == [word]


def test_a_refusal_in_the_models_own_words_is_a_complete_answer(served):
    refusal = TextBlock(text="No.", extra={"type": "refusal"})
    response = Response(message=ChatMessage(role="assistant", content=(refusal,)), stop_reason=StopReason.REFUSAL)

    assert json.loads(served["openai.responses"].render_response(response))["status"] == "completed"
    assert json.loads(served["openai.chat"].render_response(response))["choices"][0]["finish_reason"] == "stop"

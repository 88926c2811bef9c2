"""OpenAI's responses dialect, as clients speak it to us, whoever answers."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.ollama import Ollama
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import ChatMessage, Request, Response, StopReason, Thinking, ToolChoice, Usage
from legion_llm.messages.content import (
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.errors import InvalidRequestError, LegionError, RateLimitError
from legion_llm.messages.unstreamed import chunks_of
from openai.types.responses import Response as OfficialResponse
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

GOLDEN = Path(__file__).parent / "golden"
DIALECT = OpenAIResponses(wall_clock=lambda: 1_700_000_000.0)
EVENTS = TypeAdapter(ResponseStreamEvent)
USAGE = Usage(uncached_input=20, cache_read=10, visible_output=12, reasoning=8)
PLAIN = {"model": "m", "input": "Hi"}

# What a coding agent sends: instructions, a history of items, tools of every kind.
AGENT = {
    "model": "gpt-5",
    "instructions": "You are a coding agent.",
    "input": [
        {"type": "message", "role": "developer", "id": "msg_1", "content": [{"type": "input_text", "text": "Rules."}]},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Fix it."},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Look first."}],
            "encrypted_content": "gAAAA",
        },
        {
            "type": "message",
            "role": "assistant",
            "id": "msg_2",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Looking.", "annotations": []}],
        },
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "shell", "arguments": '{"cmd": "ls"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "a.py"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"role": "user", "content": "And now?"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "shell",
            "description": "Runs.",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
        {"type": "web_search"},
        {"type": "namespace", "name": "mcp", "tools": []},
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar"}},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "text": {
        "verbosity": "low",
        "format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": True},
    },
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "k",
    "client_metadata": {"session": "1"},
    "max_output_tokens": 100,
}


def parsed(value):
    return DIALECT.parse_request(json.dumps(value).encode())


def test_a_text_is_what_the_user_says():
    assert parsed(PLAIN).messages == (ChatMessage(role="user", content="Hi"),)


def test_what_a_coding_agent_sends_becomes_a_conversation():
    request = parsed(AGENT)

    rules, task, turn, result, search, question = request.messages
    assert (request.system, rules.role, rules.content) == ("You are a coding agent.", "developer", "Rules.")
    assert [type(block) for block in task.blocks] == [TextBlock, ImageBlock]
    assert [type(block) for block in turn.blocks] == [ThinkingBlock, TextBlock, ToolUseBlock]
    assert result.blocks == (ToolResultBlock(tool_use_id="call_1", content="a.py"),)
    assert (type(search.blocks[0]), question.content) == (OpaqueBlock, "And now?")
    assert (request.tool_choice, request.thinking) == (ToolChoice(parallel=False), Thinking(effort="medium"))
    assert (request.generation.max_tokens, request.response_format.name, request.stream) == (100, "a", True)


@pytest.mark.parametrize("dialect", [OpenAIChat(), AnthropicMessages(), Ollama()], ids=lambda each: each.name)
def test_it_can_be_asked_of_every_provider_and_what_is_lost_is_told(dialect):
    wire = dialect.render_request(parsed(AGENT), "m", stream=True, options=DialectOptions())

    assert "shell" in wire.body.decode()
    assert "apply_patch" not in wire.body.decode()
    assert any("web_search" in warning for warning in wire.warnings)


def test_files_come_by_value_by_url_and_by_id():
    parts = [
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {"type": "input_file", "file_url": "https://example.org/a.pdf"},
        {"type": "input_file", "file_id": "file_1"},
        {"type": "input_image", "file_id": "file_2", "detail": "low"},
    ]

    blocks = parsed({**PLAIN, "input": [{"role": "user", "content": parts}]}).messages[0].blocks

    assert blocks == (
        DocumentBlock(source="base64", data="JVBERi0=", media_type="application/pdf", name="a.pdf"),
        DocumentBlock(source="url", data="https://example.org/a.pdf"),
        DocumentBlock(source="file", data="file_1"),
        ImageBlock(source="file", data="file_2", detail="low"),
    )


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("required", ToolChoice(mode="required")),
        ({"type": "function", "name": "f"}, ToolChoice(mode="tool", name="f")),
        ({"type": "web_search"}, None),
    ],
)
def test_the_choice_among_tools(choice, wanted):
    assert parsed({**PLAIN, "tool_choice": choice}).tool_choice == wanted


BAD = [
    ({"model": "m"}, "input", "is required"),
    ({**PLAIN, "input": []}, "input", "must not be empty"),
    ({**PLAIN, "input": 7}, "input", "must be an array"),
    ({**PLAIN, "input": [{"role": "wizard", "content": "x"}]}, "input.0.role", "must be one of"),
    ({**PLAIN, "input": [{"role": "user"}]}, "input.0.content", "is required"),
    ({**PLAIN, "input": [{"type": "function_call", "name": "f"}]}, "input.0.call_id", "is required"),
    ({**PLAIN, "input": [{"type": "item_reference"}]}, "input.0.id", "is required"),
    ({**PLAIN, "previous_response_id": "resp_1"}, "previous_response_id", "'resp_1' not found"),
    ({**PLAIN, "previous_response_id": 7}, "previous_response_id", "must be a string"),
    ({**PLAIN, "store": "yes"}, "store", "must be a boolean"),
    ({**PLAIN, "conversation": "conv_1"}, "conversation", "go on from an answer with previous_response_id"),
    ({**PLAIN, "background": True}, "background", "not supported"),
    ({**PLAIN, "max_output_tokens": 0}, "max_output_tokens", "at least 1"),
    ({**PLAIN, "tools": [{"name": "f"}]}, "tools.0.type", "is required"),
    ({**PLAIN, "tool_choice": "perhaps"}, "tool_choice", "must be one of"),
    ({**PLAIN, "text": {"format": {"type": "poem"}}}, "text.format.type", "must be one of"),
    ({**PLAIN, "model": ""}, "model", "must not be empty"),
]


@pytest.mark.parametrize(("body", "param", "words"), BAD)
def test_what_is_wrong_is_said_and_where(body, param, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        parsed(body)

    assert caught.value.param == param


JUNK = st.sampled_from([None, True, 7, -1.5, "", "x", [], {}, [None], {"type": 7}, [[[]]], {"a": {"b": []}}])


def paths(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


def replaced(value, path, junk):
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], junk)
    return copy


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(paths(AGENT))), JUNK)
def test_junk_anywhere_in_a_request_is_an_error_of_ours_or_no_error(path, junk):
    with contextlib.suppress(LegionError):  # any other exception would be a crash of the actor that met it
        request = parsed(replaced(AGENT, path, junk))
        answer = Response(message=ChatMessage(role="assistant", content="x"))
        assert json.loads(DIALECT.render_response(answer, request))["object"] == "response"


# -- answers

BLOCKS = (
    ThinkingBlock(text="Look first.", signature="s", origin="anthropic/eu"),
    TextBlock(text="Looking."),
    ToolUseBlock(id="call_1", name="shell", arguments='{"cmd": "ls"}'),
)


def test_the_official_client_reads_what_we_write():
    answer = Response(message=ChatMessage(role="assistant", content=BLOCKS), model="m", usage=USAGE, created=5)

    body = OfficialResponse.model_validate_json(
        DIALECT.render_response(answer, parsed({**AGENT, "tools": AGENT["tools"][:1]}))
    )

    assert [item.type for item in body.output] == ["reasoning", "message", "function_call"]
    assert (body.usage.total_tokens, body.usage.input_tokens_details.cached_tokens) == (50, 10)
    assert (body.instructions, body.max_output_tokens, body.parallel_tool_calls) == (
        "You are a coding agent.",
        100,
        False,
    )


def test_signed_reasoning_comes_back_as_it_went_out():
    item = json.loads(DIALECT.render_response(Response(message=ChatMessage(role="assistant", content=BLOCKS))))[
        "output"
    ][0]

    (message,) = parsed({**PLAIN, "input": [item]}).messages

    assert message.blocks == BLOCKS[:1]


@pytest.mark.parametrize("sealed", ["legion1.!!!", "legion1.e30=", "gAAAA"])
def test_what_others_encrypted_stays_encrypted(sealed):
    item = {"type": "reasoning", "summary": [], "encrypted_content": sealed}

    (message,) = parsed({**PLAIN, "input": [item]}).messages

    assert message.blocks == (ThinkingBlock(encrypted=sealed),)


@pytest.mark.parametrize("reason", StopReason)
def test_every_reason_has_a_word_that_clients_know(reason):
    answer = Response(message=ChatMessage(role="assistant", content="x"), stop_reason=reason)

    body = OfficialResponse.model_validate_json(DIALECT.render_response(answer))

    assert (body.status == "completed") == (reason not in (StopReason.MAX_TOKENS, StopReason.REFUSAL))


def events_of(body):
    return [EVENTS.validate_json(event.split(b"data: ", 1)[1]) for event in body.split(b"\n\n") if event]


def streamed(chunks, response):
    renderer = DIALECT.stream_renderer(parsed({**PLAIN, "stream": True}))
    return events_of(b"".join([renderer.render(chunk) for chunk in chunks]) + renderer.end(response))


STREAMS = [
    (OpenAIChat(), f"openai_chat/stream_{name}.sse")
    for name in ("text", "tool_calls", "reasoning", "interleaved_calls", "calls_without_ids")
] + [(AnthropicMessages(), f"anthropic/stream_{name}.sse") for name in ("text", "tools", "kept_verbatim")]


@pytest.mark.parametrize(("dialect", "name"), STREAMS, ids=[name for _, name in STREAMS])
def test_the_official_client_reads_every_event_whoever_answers(dialect, name):
    chunks, builder = dialect.stream_parser().feed((GOLDEN / name).read_bytes()), ResponseBuilder()
    for chunk in chunks:
        builder.add(chunk)
    whole = builder.build(model="?", created=0)

    events = streamed(chunks, whole)

    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    final = events[-1].response
    assert final.output_text == whole.text
    calls = [item for item in final.output if item.type == "function_call"]
    assert [(call.call_id, call.arguments) for call in calls] == [
        (call.id, call.arguments) for call in whole.tool_calls
    ]
    done = {event.output_index: event.item for event in events if event.type == "response.output_item.done"}
    assert [done[index] for index in sorted(done)] == final.output


def test_deltas_add_up_to_what_is_done():
    answer = Response(message=ChatMessage(role="assistant", content=BLOCKS), usage=USAGE)

    events = streamed(chunks_of(answer), answer)

    said = {}
    for event in events:
        if event.type.endswith(".delta"):
            said[event.item_id] = said.get(event.item_id, "") + event.delta
    finished = {
        event.item_id: getattr(event, "text", None) or event.arguments
        for event in events
        if event.type.endswith(("text.done", "arguments.done"))
    }
    assert said == finished


def test_an_answer_of_which_nothing_was_streamed_still_begins_and_ends():
    events = streamed([], Response(message=ChatMessage(role="assistant"), usage=USAGE))

    assert [event.type for event in events] == ["response.created", "response.in_progress", "response.completed"]


@pytest.mark.parametrize("begun", [False, True])
def test_a_stream_that_failed_says_so(begun):
    renderer = DIALECT.stream_renderer(Request(messages=(ChatMessage(content="?"),)))
    before = (
        b"".join([renderer.render(chunk) for chunk in chunks_of(Response(message=ChatMessage()))]) if begun else b""
    )

    *_, failed = events_of(before + renderer.fail(RateLimitError("slow down")))

    assert failed.type == ("response.failed" if begun else "error")
    assert (failed.response.error.code if begun else failed.code) == "rate_limit_exceeded"

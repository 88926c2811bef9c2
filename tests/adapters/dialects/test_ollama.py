"""Ollama's own chat API, as a client of it speaks and hears."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.ollama import Ollama
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.chat import (
    ChatMessage,
    Generation,
    Request,
    ResponseFormat,
    StopReason,
    Thinking,
    ToolChoice,
    ToolDefinition,
    Usage,
)
from legion_llm.messages.content import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.errors import (
    InvalidRequestError,
    ProviderError,
    StreamBrokenError,
    UnsupportedCapability,
    UpstreamError,
)

DIALECT = Ollama()
WEATHER = ToolDefinition(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
HI = ChatMessage(content="Hi")


def rendered(*messages, stream=False, options=None, **more):
    request = Request(messages=messages or (HI,), **more)
    wire = DIALECT.render_request(request, "qwen3.5", stream=stream, options=options or DialectOptions())
    return json.loads(wire.body), wire.warnings


def test_a_plain_request_says_whether_it_wants_a_stream():
    assert rendered(stream=True)[0] == {
        "model": "qwen3.5",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "truncate": False,
        "shift": False,
    }
    assert rendered()[0]["stream"] is False


def test_sampling_goes_into_the_options():
    body, _ = rendered(
        generation=Generation(temperature=0.5, top_p=0.9, top_k=40, max_tokens=100, stop=("END",), seed=7)
    )

    assert body["options"] == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "num_predict": 100,
        "stop": ["END"],
        "seed": 7,
    }


def test_what_ollama_alone_knows_finds_its_place():
    body, warnings = rendered(extra={"num_ctx": 8192, "keep_alive": "5m", "logit_bias": {}, "options": {"min_p": 0.1}})

    assert (body["options"], body["keep_alive"]) == ({"num_ctx": 8192, "min_p": 0.1}, "5m")
    assert warnings == ("logit_bias was left out: ollama.chat has no such parameter of the host",)


def test_what_the_settings_add_goes_along():
    body, _ = rendered(options=DialectOptions(extra_body={"num_ctx": 4096, "new_thing": 1}))

    assert (body["options"], body["new_thing"]) == ({"num_ctx": 4096}, 1)


def test_system_and_developer_are_one_role():
    body, _ = rendered(ChatMessage(role="developer", content="Be brief."), HI, system="Be kind.")

    assert [message["role"] for message in body["messages"]] == ["system", "system", "user"]


def test_pictures_go_beside_the_text():
    picture = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")

    body, _ = rendered(ChatMessage(content=(TextBlock(text="What is this?"), picture)))

    assert body["messages"] == [{"role": "user", "content": "What is this?", "images": ["iVBORw0KGgo="]}]


def test_calls_carry_objects_and_results_the_name_of_their_tool():
    call = ChatMessage(
        role="assistant", content=(ToolUseBlock(id="c1", name="get_weather", arguments='{"city": "Wien"}'),)
    )
    result = ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c1", content="18 C"),))

    body, _ = rendered(HI, call, result, tools=(WEATHER,))

    assert body["messages"][1]["tool_calls"] == [
        {"id": "c1", "function": {"name": "get_weather", "arguments": {"city": "Wien"}}}
    ]
    assert body["messages"][2] == {
        "role": "tool",
        "content": "18 C",
        "tool_name": "get_weather",
        "tool_call_id": "c1",
    }
    assert body["tools"][0]["function"]["name"] == "get_weather"


@pytest.mark.parametrize(
    ("choice", "shown", "warned"),
    [
        (ToolChoice(mode="auto"), 2, False),
        (ToolChoice(mode="none"), 0, False),
        (ToolChoice(mode="required"), 2, True),
        (ToolChoice(mode="tool", name="get_weather"), 1, True),
        (ToolChoice(parallel=False), 2, True),
    ],
)
def test_tools_that_shall_not_be_called_are_not_shown(choice, shown, warned):
    body, warnings = rendered(tools=(WEATHER, ToolDefinition(name="other")), tool_choice=choice)

    assert (len(body.get("tools", ())), bool(warnings)) == (shown, warned)


@pytest.mark.parametrize(
    ("wanted", "format_"),
    [
        (ResponseFormat(), None),
        (ResponseFormat(type="json_object"), "json"),
        (ResponseFormat(type="json_schema", schema={"type": "object"}), {"type": "object"}),
    ],
)
def test_the_shape_of_the_answer(wanted, format_):
    assert rendered(response_format=wanted)[0].get("format") == format_


@pytest.mark.parametrize(
    ("thinking", "think"),
    [
        (None, None),
        (Thinking(mode="off"), False),
        (Thinking(mode="on"), True),
        (Thinking(effort="high"), "high"),
        (Thinking(effort="none"), False),
        (Thinking(mode="adaptive"), None),
    ],
)
def test_how_hard_to_think(thinking, think):
    assert rendered(thinking=thinking)[0].get("think") == think


@pytest.mark.parametrize(
    "block",
    [
        AudioBlock(data="x", format="wav"),
        ImageBlock(source="url", data="https://example.org/a.png"),
        DocumentBlock(source="base64", data="JVBERi0="),
    ],
)
def test_what_ollama_cannot_read_is_refused_before_anything_is_sent(block):
    with pytest.raises(UnsupportedCapability):
        rendered(ChatMessage(content=(block,)))


def test_signed_reasoning_stays_where_it_was_made():
    thought = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm", signature="s"), TextBlock(text="42")))

    body, warnings = rendered(thought, HI)

    assert "thinking" not in body["messages"][0]
    assert warnings


def test_arguments_that_are_no_object_are_refused():
    call = ChatMessage(role="assistant", content=(ToolUseBlock(id="c", name="f", arguments="[1]"),))

    with pytest.raises(InvalidRequestError, match="not a JSON object"):
        rendered(call, HI)


# -- answers


def test_a_whole_answer_is_read(golden):
    response = DIALECT.parse_response(golden("ollama/response_text.json"))

    assert (response.text, response.model, response.created) == ("Hello!", "qwen3.5:latest", 1760742847)
    assert response.usage == Usage(uncached_input=11, visible_output=18)
    assert response.stop_reason is StopReason.END_TURN
    assert response.extra["total_duration"] == 174560334


def test_calls_end_the_turn_as_tool_use_and_each_has_an_id(golden):
    response = DIALECT.parse_response(golden("ollama/response_tool_calls.json"))

    assert [(call.name, call.input) for call in response.tool_calls] == [
        ("get_weather", {"city": "Tokyo"}),
        ("get_time", {}),
    ]
    assert response.tool_calls[0].id.startswith("call_")
    assert response.tool_calls[1].id == "call_7"
    assert (response.message.thinking, response.stop_reason) == ("They want the weather.", StopReason.TOOL_USE)


STREAM_TEXT = "Grüß Gott"


def test_a_stream_is_read_to_its_last_line(golden, answer_of):
    parser = DIALECT.stream_parser()

    response = answer_of(parser, golden("ollama/stream.ndjson"))

    assert parser.finished
    assert (response.text, response.message.thinking) == (STREAM_TEXT, "Hm")
    assert response.tool_calls[0].input == {"city": "Wien"}
    assert response.usage == Usage(uncached_input=12, visible_output=9)
    assert response.stop_reason is StopReason.TOOL_USE


def test_it_does_not_matter_where_the_network_cuts_a_stream(golden, answer_of):
    stream = golden("ollama/stream.ndjson")

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, len(stream)), max_size=8))
    def attempt(cuts):
        marks = [0, *sorted(cuts), len(stream)]
        pieces = [stream[start:end] for start, end in itertools.pairwise(marks)]
        assert answer_of(DIALECT.stream_parser(), *pieces).text == STREAM_TEXT

    attempt()


@pytest.mark.parametrize("end", [b"", b'{"message": {"content": "a"}, "done": false}\n', b'{"done"'])
def test_a_stream_without_its_last_line_is_broken(end):
    parser = DIALECT.stream_parser()
    parser.feed(end)

    with pytest.raises(StreamBrokenError):
        parser.close()


@pytest.mark.parametrize("bad", [b'{"error": "out of memory"}\n', b"not json\n", b"[]\n", b'{"message": 7}\n'])
def test_an_error_inside_a_stream_comes_after_what_was_said_before_it(bad):
    parser = DIALECT.stream_parser()

    with pytest.raises(UpstreamError):
        parser.feed(b'{"message": {"content": "said"}, "done": false}\n' + bad)

    assert "".join([chunk.text for chunk in parser.take()]) == "said"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"message": 7}', b'{"message": {"tool_calls": [7]}}'])
def test_what_is_no_answer_is_a_typed_error(body):
    with pytest.raises(ProviderError):
        DIALECT.parse_response(body)


def test_an_error_under_status_200_is_an_error():
    with pytest.raises(UpstreamError, match="model not found"):
        DIALECT.parse_response(b'{"error": "model not found"}')

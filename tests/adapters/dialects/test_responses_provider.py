"""OpenAI's responses dialect, as we speak it to a provider."""

from __future__ import annotations

import contextlib
import itertools
import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers.response_builder import ResponseBuilder
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
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.errors import (
    ContentRefusedError,
    InvalidRequestError,
    ProviderError,
    RateLimitError,
    StreamBrokenError,
    UnsupportedCapability,
    UpstreamError,
)
from openai.types.responses import ResponseStreamEvent
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter
from responses import THOUGHT, WORDS, called, events, said, whole

DIALECT = OpenAIResponses()
OPTIONS = DialectOptions(origin="openai/eu")
HI = ChatMessage(content="Hi")
OFFICIAL = {
    True: TypeAdapter(ResponseCreateParamsStreaming),
    False: TypeAdapter(ResponseCreateParamsNonStreaming),
}
WEATHER = ToolDefinition(name="weather", description="Tells it.", parameters={"type": "object", "properties": {}})
EVENTS = TypeAdapter(ResponseStreamEvent)
TEXT = "w0 w1 w2 w3 w4 "
REASONED = ThinkingBlock(text="Look first.\n\nThen speak.", encrypted="rs_up1:gAAAAsecret", origin="openai/eu")


def rendered(*messages, stream=False, model="gpt-4o", options=OPTIONS, **more):
    """Return the body that goes out, which the official client's types accept, and the warnings."""
    request = Request(messages=messages or (HI,), **more)
    wire = DIALECT.render_request(request, model, stream=stream, options=options)
    body = json.loads(wire.body)
    OFFICIAL[stream].validate_python(body)
    return body, wire.warnings


def test_a_plain_request_keeps_nothing_at_the_provider():
    assert rendered(system="Be brief.") == (
        {
            "model": "gpt-4o",
            "input": [{"role": "user", "content": "Hi"}],
            "instructions": "Be brief.",
            "store": False,
        },
        (),
    )
    assert rendered(stream=True)[0]["stream"] is True


@pytest.mark.parametrize(
    ("model", "asked"),
    [("gpt-4o", False), ("o3", True), ("gpt-5.2-codex", True), ("openai/gpt-5", True), ("gpt-5-chat-latest", False)],
)
def test_models_that_reason_are_asked_for_what_they_encrypt(model, asked):
    assert ("include" in rendered(model=model)[0]) == asked


def test_a_conversation_becomes_items():
    picture = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")
    paper = DocumentBlock(source="base64", data="JVBERi0=", media_type="application/pdf", name="a.pdf")
    call = ToolUseBlock(id="call_1", name="weather", arguments='{"city": "Wien"}')

    body, warnings = rendered(
        ChatMessage(role="developer", content="Rules."),
        ChatMessage(content=(TextBlock(text="See"), picture, paper)),
        ChatMessage(role="assistant", content=(REASONED, TextBlock(text="Looking."), call)),
        ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="call_1", content="18 C"),)),
        tools=(WEATHER,),
    )

    assert body["input"] == [
        {"role": "developer", "content": "Rules."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "See"},
                {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgo="},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
            ],
        },
        {
            "id": "rs_up1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "Look first.\n\nThen speak."}],
            "encrypted_content": "gAAAAsecret",
        },
        {"role": "assistant", "content": "Looking."},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Wien"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "18 C"},
    ]
    assert warnings == ()


@pytest.mark.parametrize("thought", [ThinkingBlock(text="hm"), ThinkingBlock(encrypted="x", origin="openai/us")])
def test_reasoning_goes_back_only_to_who_encrypted_it(thought):
    body, warnings = rendered(ChatMessage(role="assistant", content=(thought, TextBlock(text="42"))), HI)

    assert [item.get("type") for item in body["input"]] == [None, None]
    assert "reasoning" in warnings[0]


def test_servers_that_imitate_openai_read_reasoning_as_it_is():
    thought = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm"), TextBlock(text="42")))
    signed = ChatMessage(role="assistant", content=(ThinkingBlock(text="no", signature="s", origin="a"),))
    request = Request(messages=(HI, thought, signed, HI), thinking=Thinking(effort="low"))

    wire = OpenAIResponses(is_imitation=True).render_request(request, "gpt-oss", stream=False, options=OPTIONS)

    body = json.loads(wire.body)
    OFFICIAL[False].validate_python(body)
    assert [item.get("type") for item in body["input"]] == [None, "reasoning", None, None]
    assert body["input"][1]["content"] == [{"type": "reasoning_text", "text": "hm"}]
    assert "reasoning" in wire.warnings[0]


def test_tools_of_other_dialects_are_not_strict_unless_they_say_so():
    strict = ToolDefinition(name="strict", strict=True)

    body, _ = rendered(tools=(WEATHER, strict), tool_choice=ToolChoice(mode="tool", name="weather", parallel=False))

    assert [tool["strict"] for tool in body["tools"]] == [False, True]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ({"type": "function", "name": "weather"}, False)


def test_sampling_shape_and_effort():
    body, warnings = rendered(
        generation=Generation(temperature=0.5, top_p=0.9, max_tokens=100, stop=("END",), seed=7),
        response_format=ResponseFormat(type="json_schema", name="a", schema={"type": "object"}, strict=True),
        thinking=Thinking(budget_tokens=2000),
    )

    assert (body["temperature"], body["top_p"], body["max_output_tokens"]) == (0.5, 0.9, 100)
    assert body["text"] == {
        "format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": True}
    }
    assert (body["reasoning"], body["include"]) == ({"effort": "medium"}, ["reasoning.encrypted_content"])
    assert [warning.split(" ")[0] for warning in warnings] == ["stop", "seed", "a"]


def test_a_limit_that_is_too_low_for_this_api_becomes_its_lowest():
    body, warnings = rendered(generation=Generation(max_tokens=1), dialect="anthropic.messages")

    assert (body["max_output_tokens"], warnings) == (
        16,
        ("a limit of 1 tokens was put as 16: openai.responses takes no lower one",),
    )


def test_what_the_settings_add_goes_beside_what_is_said():
    options = DialectOptions(extra_body={"reasoning": {"summary": "auto"}, "include": ["x"], "service_tier": "flex"})

    wire = DIALECT.render_request(
        Request(messages=(HI,), thinking=Thinking(effort="high")), "o3", stream=False, options=options
    )

    body = json.loads(wire.body)
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert (body["include"], body["service_tier"]) == (["reasoning.encrypted_content", "x"], "flex")


def test_what_this_api_cannot_read_is_refused_before_anything_is_sent():
    with pytest.raises(UnsupportedCapability):
        rendered(ChatMessage(content=(AudioBlock(data="x", format="wav"),)))
    with pytest.raises(InvalidRequestError, match="tool results"):
        rendered(ChatMessage(role="tool", content="x"))


AGENT = {
    "model": "gpt-5",
    "instructions": "You are a coding agent.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Fix it."}]},
        {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": "gAAAA"},
        {"role": "assistant", "content": "Looking.", "phase": "commentary"},
        {"type": "function_call", "call_id": "call_1", "name": "shell", "arguments": "{}", "namespace": "mcp"},
        {"type": "function_call_output", "call_id": "call_1", "output": "a.py"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    ],
    "tools": [
        {"type": "function", "name": "shell", "parameters": {"type": "object"}, "strict": False, "defer_loading": True},
        {"type": "web_search"},
        {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]},
    "parallel_tool_calls": False,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "text": {"verbosity": "low"},
    "store": False,
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "k",
    "client_metadata": {"session": "1"},
    "metadata": {"a": "b"},
}


def test_what_a_client_of_this_api_says_reaches_a_provider_of_it():
    request = DIALECT.parse_request(json.dumps(AGENT).encode())

    wire = DIALECT.render_request(request, "gpt-5", stream=True, options=OPTIONS)

    assert json.loads(wire.body) == {
        **AGENT,
        "input": [
            {"role": "user", "content": "Fix it."},
            {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": "gAAAA"},
            *AGENT["input"][2:],
        ],
    }
    assert wire.warnings == ()


def test_what_openais_two_apis_share_goes_along():
    said = {
        "messages": [{"role": "user", "content": "Hi"}],
        "verbosity": "low",
        "prompt_cache_key": "k",
        "logit_bias": {"1": 2},
    }
    request = OpenAIChat().parse_request(json.dumps({**said, "max_completion_tokens": 50}).encode())

    wire = DIALECT.render_request(request, "m", stream=False, options=OPTIONS)

    body = json.loads(wire.body)
    assert (body["text"], body["prompt_cache_key"], body["max_output_tokens"]) == ({"verbosity": "low"}, "k", 50)
    assert wire.warnings == ("logit_bias was left out: openai.responses has no such parameter of openai.chat",)


def test_what_a_model_has_drawn_is_left_out_with_a_warning():
    drawn = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")

    body, warnings = rendered(ChatMessage(role="assistant", content=(TextBlock(text="Here."), drawn)), HI)

    assert len(body["input"]) == 2
    assert "the image of an earlier answer was left out" in warnings[0]


def test_what_is_kept_here_is_not_told_to_a_provider():
    before = "resp_" + "0" * 48
    request = DIALECT.parse_request(json.dumps({"input": "Hi", "store": True, "previous_response_id": before}).encode())

    body = json.loads(DIALECT.render_request(request, "m", stream=False, options=OPTIONS).body)

    assert body["store"] is False
    assert "previous_response_id" not in body


# -- answers


def test_a_whole_answer_is_read():
    response = DIALECT.parse_response(json.dumps(whole()).encode())

    assert (response.text, response.message.thinking) == (TEXT, "Look first.\n\nThen speak.")
    assert response.message.blocks[0].encrypted == "rs_up1:gAAAAsecret"
    assert response.usage == Usage(uncached_input=5, cache_read=2, visible_output=5, reasoning=4)
    assert (response.model, response.created, response.stop_reason) == ("m-1", 1700000000, StopReason.END_TURN)
    assert response.extra["service_tier"] == "priority"


@pytest.mark.parametrize(
    ("output", "reason", "stopped"),
    [
        ((called("f", "{}"),), None, StopReason.TOOL_USE),
        (WORDS, "max_output_tokens", StopReason.MAX_TOKENS),
        (WORDS, "content_filter", StopReason.REFUSAL),
        (WORDS, "boredom", StopReason.UNKNOWN),
    ],
)
def test_why_it_stopped(output, reason, stopped, answer_of):
    body = json.dumps(whole(output, reason)).encode()

    assert DIALECT.parse_response(body).stop_reason is stopped
    assert answer_of(DIALECT.stream_parser(), *events(output, reason)).stop_reason is stopped


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow down"}, RateLimitError),
        ({"code": "server_error", "message": "oops"}, ProviderError),
        ({"code": "invalid_prompt", "message": "no"}, ContentRefusedError),
        (None, ProviderError),
    ],
)
def test_a_failed_answer_is_an_error(error, kind):
    failed = {**whole(), "status": "failed", "error": error}

    with pytest.raises(kind):
        DIALECT.parse_response(json.dumps(failed).encode())
    with pytest.raises(kind):
        DIALECT.stream_parser().feed(
            b"data: " + json.dumps({"type": "response.failed", "response": failed}).encode() + b"\n\n"
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"status": "queued"}',
        b'{"status": "completed"}',
        b'{"status": "completed", "output": [7]}',
        b'{"status": "completed", "output": [{"type": "function_call"}]}',
    ],
)
def test_what_is_no_answer_is_a_typed_error(body):
    with pytest.raises(ProviderError):
        DIALECT.parse_response(body)


def test_tokens_are_counted():
    wire = DIALECT.render_count_call(Request(messages=(HI,), tools=(WEATHER,)), "m", OPTIONS)

    assert wire.path == "/responses/input_tokens"
    assert json.loads(wire.body).keys() == {"model", "input", "tools"}
    assert DIALECT.parse_count_answer(b'{"object": "response.input_tokens", "input_tokens": 9}') == 9
    with pytest.raises(ProviderError):
        DIALECT.parse_count_answer(b'{"input_tokens": "many"}')


# -- streams

CALLS = (THOUGHT, called("weather", '{"city": "Wien"}'), called("time", "{}", 2), said(TEXT))


@pytest.mark.parametrize("output", [WORDS, CALLS], ids=["words", "calls"])
def test_a_stream_amounts_to_the_whole_answer(output, answer_of):
    parser = DIALECT.stream_parser()

    streamed = answer_of(parser, *events(output))

    expected = DIALECT.parse_response(json.dumps(whole(output)).encode())
    assert parser.finished
    assert streamed.message.content == expected.message.content
    assert (streamed.usage, streamed.stop_reason, streamed.id) == (expected.usage, expected.stop_reason, expected.id)


def test_it_does_not_matter_where_the_network_cuts_a_stream(answer_of):
    stream = b"".join(events(CALLS))

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, len(stream)), max_size=8))
    def attempt(cuts):
        marks = [0, *sorted(cuts), len(stream)]
        pieces = [stream[start:end] for start, end in itertools.pairwise(marks)]
        assert [call.name for call in answer_of(DIALECT.stream_parser(), *pieces).tool_calls] == ["weather", "time"]

    attempt()


def test_items_that_only_their_end_tells_are_read_from_there(answer_of):
    created, _, *_ = events()
    done = [
        json.dumps({"type": "response.output_item.done", "output_index": number, "item": item})
        for number, item in enumerate(
            [called("f", '{"a": 1}'), said("Hello "), {"type": "web_search_call", "id": "ws"}]
        )
    ]
    last = json.dumps({"type": "response.completed", "response": whole()})

    answer = answer_of(DIALECT.stream_parser(), created, *[f"data: {each}\n\n".encode() for each in (*done, last)])

    assert (answer.text, answer.tool_calls[0].input) == ("Hello ", {"a": 1})
    assert isinstance(answer.message.blocks[-1], OpaqueBlock)


def test_a_stream_without_its_last_event_is_broken():
    parser = DIALECT.stream_parser()
    parser.feed(b"".join(events()[:-1]))

    with pytest.raises(StreamBrokenError):
        parser.close()


@pytest.mark.parametrize(
    "bad",
    [
        b'event: error\ndata: {"type": "error", "code": "server_error", "message": "oops"}\n\n',
        b"data: not json\n\n",
        b'data: {"type": "response.completed"}\n\n',
        b'data: {"type": "response.output_item.done", "item": {"type": "function_call"}}\n\n',
    ],
)
def test_an_error_inside_a_stream_comes_after_what_was_said_before_it(bad):
    parser = DIALECT.stream_parser()

    with pytest.raises(UpstreamError):
        parser.feed(b"".join(events()[:-4]) + bad)

    assert "".join([chunk.text for chunk in parser.take()]) == TEXT


JUNK = st.sampled_from([None, True, 7, -1.5, "", "x", [], {}, [None], {"type": 7}, [[[]]]])
FIELDS = ("item", "response", "delta", "type", "output_index", "summary_index", "sequence_number", "encrypted_content")


def junked(event, field, junk):
    """Return an event with junk in a field, at the top or in what it holds."""
    value = json.loads(event.split(b"data: ")[1])
    for holder in (value, value.get("item"), value.get("response")):
        if isinstance(holder, dict) and field in holder:
            holder[field] = junk
    return b"data: " + json.dumps(value).encode() + b"\n\n"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(events(CALLS)) - 1), st.sampled_from(FIELDS), JUNK)
def test_junk_in_an_event_is_a_typed_error_or_does_no_harm(number, field, junk):
    stream = events(CALLS)
    stream[number] = junked(stream[number], field, junk)
    parser, renderer = DIALECT.stream_parser(), DIALECT.stream_renderer(Request(messages=(HI,), dialect=DIALECT.name))

    with contextlib.suppress(UpstreamError):  # any other exception would be a crash of the actor that met it
        for chunk in parser.feed(b"".join(stream)):
            renderer.render(chunk)
        parser.close()
        assert parser.finished


def test_clients_of_other_dialects_hear_the_same():
    chunks = DIALECT.stream_parser().feed(b"".join(events(CALLS)))
    renderer = OpenAIChat().stream_renderer(Request(messages=(HI,)))

    heard = b"".join([renderer.render(chunk) for chunk in chunks]).decode()

    assert "Then speak." in heard
    assert "call_2" in heard
    assert "response." not in heard


@pytest.mark.parametrize("relayed", range(len(DIALECT.stream_parser().feed(b"".join(events(CALLS)))) + 1))
def test_a_stream_that_is_not_relayed_any_more_goes_on_in_words_of_our_own(relayed):
    chunks = DIALECT.stream_parser().feed(b"".join(events(CALLS)))
    request = DIALECT.parse_request(b'{"model": "m", "input": "Hi", "stream": true}')
    renderer, builder = DIALECT.stream_renderer(request), ResponseBuilder()
    said_ = b""
    for number, chunk in enumerate(chunks):
        builder.add(chunk)
        said_ += renderer.render(chunk if number < relayed else attrs.evolve(chunk, raw=None, raw_dialect=None))
    said_ += renderer.end(builder.build(model="m", created=0))

    heard = [EVENTS.validate_json(each.split(b"data: ")[1]) for each in said_.split(b"\n\n") if each]
    assert [event.sequence_number for event in heard] == list(range(len(heard)))
    assert (heard[0].type, heard[-1].type) == ("response.created", "response.completed")
    assert heard[-1].response.output_text == TEXT
    done = [event.item.id for event in heard if event.type == "response.output_item.done"]
    assert done == [item.id for item in heard[-1].response.output]
    assert json.loads(renderer.answer)["id"] == heard[0].response.id

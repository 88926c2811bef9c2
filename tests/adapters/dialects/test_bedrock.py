"""Bedrock's Converse API: what is asked of a provider, and what it answers."""

from __future__ import annotations

import itertools
import json
import re

import attrs
import official
import pytest
from aws_frames import event, exception, frame
from botocore.parsers import create_parser
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.bedrock import Bedrock
from legion_llm.adapters.dialects.bedrock.catalogue import parse_listed, parse_profiles
from legion_llm.adapters.dialects.bedrock.words import STOP_REASONS
from legion_llm.adapters.dialects.gemini import GeminiCall
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.catalogue import Capability
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
    InvalidRequestError,
    LegionError,
    ProviderError,
    RateLimitError,
    RequestRejectedError,
    StreamBrokenError,
    UnsupportedCapability,
    UpstreamError,
)

DIALECT = Bedrock()
CLAUDE, OLD_CLAUDE, NOVA, NOVA_2 = (
    "us.anthropic.claude-sonnet-4-6",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-pro-v1:0",
    "us.amazon.nova-2-lite-v1:0",
)
LLAMA, GPT = "meta.llama3-3-70b-instruct-v1:0", "openai.gpt-oss-120b-1:0"
HI = ChatMessage(content="Hi")
WEATHER = ToolDefinition(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
MARK = {"type": "ephemeral"}
POINT = {"cachePoint": {"type": "default"}}


def rendered(request, model=CLAUDE, *, stream=False, **options):
    wire = DIALECT.render_request(request, model, stream=stream, options=DialectOptions(**options))
    body = json.loads(wire.body)
    official.bedrock(body, model)
    return body, wire


def of(*messages, model=CLAUDE, origin=None, **more):
    body, wire = rendered(Request(messages=messages or (HI,), **more), model, origin=origin)
    return body, wire.warnings


# -- requests


def test_a_plain_request():
    body, wire = rendered(Request(messages=(HI,), system="Be brief."))

    assert body == {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "system": [{"text": "Be brief."}],
    }
    assert (wire.path, wire.warnings) == ("/model/us.anthropic.claude-sonnet-4-6/converse", ())


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (NOVA, "/model/amazon.nova-pro-v1%3A0/converse-stream"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.x",
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse-stream",
        ),
    ],
)
def test_a_stream_is_asked_for_in_the_path_which_holds_any_model(model, path):
    assert DIALECT.render_request(Request(messages=(HI,)), model, stream=True, options=DialectOptions()).path == path


@pytest.mark.parametrize(
    "name",
    ["plain", "roles_and_names", "sampling", "tools", "tool_choice_by_name", "json_schema", "reasoning"],
)
@pytest.mark.parametrize("model", [CLAUDE, NOVA, LLAMA])
def test_what_an_openai_client_asks_is_said_in_words_that_bedrock_accepts(golden, name, model):
    rendered(OpenAIChat().parse_request(golden(f"openai_chat/request_{name}.json")), model)


@pytest.mark.parametrize("name", ["plain", "system_blocks", "tools", "thinking", "sampling", "adaptive_and_effort"])
def test_what_an_anthropic_client_asks_is_said_in_words_that_bedrock_accepts(golden, name):
    rendered(AnthropicMessages().parse_request(golden(f"anthropic/request_{name}.json")))


@pytest.mark.parametrize("name", ["plain", "system_and_sampling", "tools", "ids_and_signatures", "json_schema"])
def test_what_a_gemini_client_asks_is_said_in_words_that_bedrock_accepts(golden, name):
    rendered(GeminiCall().parse_request(golden(f"gemini/request_{name}.json")))


def test_calls_and_results():
    calls = ChatMessage(
        role="assistant",
        content=(
            TextBlock(text=" "),
            ToolUseBlock(id="c1", name="f", arguments='{"a": 1}'),
            ToolUseBlock(id="c2", name="f"),
        ),
    )
    good = ToolResultBlock(tool_use_id="c1", content=(TextBlock(text="see"), PICTURE))
    bad = ToolResultBlock(tool_use_id="c2", content="", is_error=True)

    body, _ = of(
        HI, calls, ChatMessage(role="tool", content=(good,)), ChatMessage(role="tool", content=(bad,)), tools=(WEATHER,)
    )

    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": 1}}},
                {"toolUse": {"toolUseId": "c2", "name": "f", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": "see"}, SEEN]}},
                {"toolResult": {"toolUseId": "c2", "content": [{"text": "(no output)"}], "status": "error"}},
            ],
        },
    ]


@given(st.text(min_size=1, max_size=100))
def test_ids_that_bedrock_would_refuse_become_others_that_are_always_the_same(call_id):
    call, result = ToolUseBlock(id=call_id, name="f"), ToolResultBlock(tool_use_id=call_id, content="x")

    body, _ = of(HI, ChatMessage(role="assistant", content=(call,)), ChatMessage(role="tool", content=(result,)))

    sent = body["messages"][1]["content"][0]["toolUse"]["toolUseId"]
    assert sent == body["messages"][2]["content"][0]["toolResult"]["toolUseId"]
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", sent)


def test_a_conversation_with_calls_declares_their_tools_again():
    call = ChatMessage(role="assistant", content=(ToolUseBlock(id="c", name="f"),))

    body, warnings = of(HI, call, ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c", content="x"),)))

    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["f"]
    assert warnings == ("the tools of earlier turns were declared again: bedrock.converse wants them",)


@pytest.mark.parametrize(
    ("choice", "config", "warned"),
    [
        (ToolChoice(), {"auto": {}}, False),
        (ToolChoice(mode="required"), {"any": {}}, False),
        (ToolChoice(mode="tool", name="f"), {"tool": {"name": "f"}}, False),
        (ToolChoice(parallel=False), {"auto": {}}, True),
    ],
)
def test_the_choice_among_tools(choice, config, warned):
    body, warnings = of(tools=(WEATHER,), tool_choice=choice)

    assert body["toolConfig"]["toolChoice"] == config
    assert bool(warnings) == warned


def test_tools_that_may_not_be_called_are_not_shown():
    assert "toolConfig" not in of(tools=(WEATHER,), tool_choice=ToolChoice(mode="none"))[0]


PICTURE = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")
SEEN = {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        (PICTURE, SEEN),
        (
            ImageBlock(source="file", data="s3://bucket/cat.jpeg"),
            {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/cat.jpeg"}}}},
        ),
        (
            DocumentBlock(source="base64", data="JVBERi0=", name="My_report (1).pdf!"),
            {"document": {"format": "pdf", "name": "My report (1) pdf", "source": {"bytes": "JVBERi0="}}},
        ),
        (
            DocumentBlock(source="text", data="a,b", media_type="text/csv"),
            {"document": {"format": "csv", "name": "document", "source": {"bytes": "YSxi"}}},
        ),
        (AudioBlock(data="SUQz", format="mp3"), {"audio": {"format": "mp3", "source": {"bytes": "SUQz"}}}),
    ],
)
def test_pictures_documents_and_sound(block, wire):
    assert of(ChatMessage(content=(TextBlock(text="?"), block)))[0]["messages"][0]["content"][1] == wire


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (ImageBlock(source="url", data="https://example.org/a.png"), "base64 or from S3"),
        (ImageBlock(source="base64", data="x", media_type="image/tiff"), "image/tiff"),
        (DocumentBlock(source="url", data="https://example.org/a.pdf"), "base64 or from S3"),
        (DocumentBlock(source="base64", data="x", media_type="application/zip"), "application/zip"),
    ],
)
def test_what_the_dialect_cannot_say_is_refused_before_anything_is_sent(block, words):
    with pytest.raises(UnsupportedCapability, match=words):
        of(ChatMessage(content=(block,)))


def test_arguments_that_are_no_object_are_refused():
    with pytest.raises(InvalidRequestError):
        of(ChatMessage(role="assistant", content=(ToolUseBlock(id="c", name="f", arguments="{"),)))


def test_marks_for_the_prompt_cache_stand_after_what_they_mark():
    tool = attrs.evolve(WEATHER, cache_control={**MARK, "ttl": "1h"})
    system = (TextBlock(text="long", cache_control=MARK),)

    body, warnings = of(ChatMessage(content=(TextBlock(text="a", cache_control=MARK),)), system=system, tools=(tool,))

    assert body["messages"][0]["content"] == [{"text": "a"}, POINT]
    assert body["system"] == [{"text": "long"}, POINT]
    assert body["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert warnings == ()


def test_models_that_take_no_marks_get_none():
    body, warnings = of(ChatMessage(content=(TextBlock(text="a", cache_control=MARK),)), model=LLAMA)

    assert body["messages"][0]["content"] == [{"text": "a"}]
    assert warnings == ("marks for the prompt cache were left out: this model takes none",)


def test_a_turn_that_says_nothing_leaves_its_neighbours_as_one():
    silent = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm", signature="s", origin="other"),))

    body, _ = of(HI, silent, ChatMessage(content="?"), origin="bedrock")

    assert body["messages"] == [{"role": "user", "content": [{"text": "Hi"}, {"text": "?"}]}]


# -- thinking


SIGNED = ThinkingBlock(text="hm", signature="EqQB", origin="bedrock/eu")


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        (SIGNED, {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "EqQB"}}}),
        (ThinkingBlock(encrypted="cmVk", origin="bedrock/eu"), {"reasoningContent": {"redactedContent": "cmVk"}}),
    ],
)
def test_signed_reasoning_goes_back_to_the_instance_that_signed_it(block, wire):
    body, warnings = of(HI, ChatMessage(role="assistant", content=(block, TextBlock(text="42"))), origin="bedrock/eu")

    assert body["messages"][1]["content"] == [wire, {"text": "42"}]
    assert warnings == ()


def test_signed_reasoning_does_not_go_elsewhere():
    body, warnings = of(HI, ChatMessage(role="assistant", content=(SIGNED, TextBlock(text="42"))), origin="bedrock/us")

    assert body["messages"][1]["content"] == [{"text": "42"}]
    assert "goes back only to the provider that signed it" in warnings[0]


@pytest.mark.parametrize(
    ("model", "thinking", "more", "warned"),
    [
        (OLD_CLAUDE, Thinking(budget_tokens=2048), {"thinking": {"type": "enabled", "budget_tokens": 2048}}, False),
        (OLD_CLAUDE, Thinking(effort="high"), {"thinking": {"type": "enabled", "budget_tokens": 16384}}, True),
        (OLD_CLAUDE, Thinking(mode="off"), None, False),
        (CLAUDE, Thinking(budget_tokens=2048), {"thinking": {"type": "enabled", "budget_tokens": 2048}}, False),
        (
            CLAUDE,
            Thinking(effort="high"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            False,
        ),
        (CLAUDE, Thinking(mode="off"), {"thinking": {"type": "disabled"}}, False),
        (CLAUDE, Thinking(mode="adaptive"), {"thinking": {"type": "adaptive"}}, False),
        (
            "anthropic.claude-opus-5",
            Thinking(budget_tokens=20000),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            True,
        ),
        ("anthropic.claude-opus-5-5", Thinking(mode="off"), {"output_config": {"effort": "low"}}, True),
        (
            "anthropic.claude-opus-5",
            Thinking(effort="minimal"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            True,
        ),
        (
            NOVA_2,
            Thinking(effort="low"),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            False,
        ),
        (
            NOVA_2,
            Thinking(budget_tokens=9),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            True,
        ),
        (NOVA_2, Thinking(mode="off"), {"reasoningConfig": {"type": "disabled"}}, False),
        (GPT, Thinking(effort="xhigh"), {"reasoning_effort": "high"}, True),
        (LLAMA, Thinking(), None, True),
        (LLAMA, Thinking(mode="off"), None, False),
    ],
)
def test_how_hard_to_think_is_said_in_the_words_of_the_models_maker(model, thinking, more, warned):
    body, warnings = of(model=model, thinking=thinking)

    assert body.get("additionalModelRequestFields") == more
    assert bool(warnings) == warned


def test_a_budget_leaves_room_for_the_answer():
    body, _ = of(model=OLD_CLAUDE, thinking=Thinking(budget_tokens=2048), generation=Generation(max_tokens=10))

    assert body["inferenceConfig"]["maxTokens"] == 2048 + 8192


def test_a_call_that_is_forced_leaves_no_room_for_thinking():
    body, warnings = of(
        model=OLD_CLAUDE,
        thinking=Thinking(budget_tokens=2048),
        tools=(WEATHER,),
        tool_choice=ToolChoice(mode="required"),
    )

    assert "additionalModelRequestFields" not in body
    assert "cannot be made to call a tool" in warnings[0]


@pytest.mark.parametrize(
    ("model", "thinking", "config", "more", "lost"),
    [
        (OLD_CLAUDE, None, {"temperature": 0.5, "topP": 0.9}, {"top_k": 40}, 0),
        (NOVA, None, {"temperature": 0.5, "topP": 0.9}, {"inferenceConfig": {"topK": 40}}, 0),
        (LLAMA, None, {"temperature": 0.5, "topP": 0.9}, None, 1),
        ("anthropic.claude-opus-5", None, None, None, 3),
        (CLAUDE, Thinking(mode="adaptive"), {"topP": 0.9}, {"thinking": {"type": "adaptive"}}, 2),
    ],
)
def test_sampling_that_a_model_does_not_take_is_left_out_and_told(model, thinking, config, more, lost):
    generation = Generation(temperature=0.5, top_p=0.9, top_k=40)

    body, warnings = of(model=model, generation=generation, thinking=thinking)

    assert (body.get("inferenceConfig"), body.get("additionalModelRequestFields")) == (config, more)
    assert len(warnings) == lost


def test_a_schema_shapes_the_answer():
    wanted = ResponseFormat(type="json_schema", name="person", schema={"type": "object"}, description="Who")

    body, _ = of(response_format=wanted)

    shape = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert (json.loads(shape["schema"]), shape["name"], shape["description"]) == ({"type": "object"}, "person", "Who")


def test_what_bedrock_lacks_is_left_out_and_told():
    _, warnings = of(
        ChatMessage(content=(TextBlock(text="a"), OpaqueBlock(dialect="x", raw={"type": "video"})), name="ann"),
        generation=Generation(seed=1, presence_penalty=1, frequency_penalty=1, temperature=1.5),
        response_format=ResponseFormat(type="json_object"),
        dialect="x",
        extra={"logit_bias": {}},
        metadata={"a": "b"},
        model=LLAMA,
    )

    assert len(warnings) == 9


def test_a_host_and_the_settings_may_say_what_only_bedrock_knows():
    request = Request(messages=(HI,), generation=Generation(max_tokens=5), extra={"requestMetadata": {"a": "b"}})

    body, _ = rendered(
        request,
        extra_body={
            "guardrailConfig": {"guardrailIdentifier": "gr-1", "guardrailVersion": "1"},
            "inferenceConfig": {"topP": 0.5},
        },
    )

    assert body["requestMetadata"] == {"a": "b"}
    assert body["guardrailConfig"]["guardrailIdentifier"] == "gr-1"
    assert body["inferenceConfig"] == {"maxTokens": 5, "topP": 0.5}


# -- answers

WHOLE = ["text", "tools", "guarded"]


@pytest.mark.parametrize("name", WHOLE)
def test_botocore_reads_the_golden_answers(golden, name):
    parsed = create_parser("rest-json").parse(
        {"body": golden(f"bedrock/response_{name}.json"), "headers": {}, "status_code": 200},
        official.CONVERSE.output_shape,
    )

    assert parsed["usage"]["totalTokens"] > 0


def whole(golden, name):
    return DIALECT.parse_response(golden(f"bedrock/response_{name}.json"))


def test_usage_is_read_into_buckets_that_do_not_overlap(golden):
    assert whole(golden, "text").usage == Usage(uncached_input=125, cache_read=1200, cache_write=300, visible_output=60)


@pytest.mark.parametrize(
    ("counts", "source"),
    [
        (None, "partial"),
        ({"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "reported"),
        ({"inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cacheReadInputTokens": 9}, "reported"),
        ({"inputTokens": 1, "outputTokens": 2, "totalTokens": 4}, "partial"),
    ],
)
def test_tokens_that_do_not_add_up_are_told(counts, source):
    body = {"output": {"message": {"content": []}}, "usage": counts}

    assert DIALECT.parse_response(json.dumps(body).encode()).usage.source == source


def test_an_answer_with_reasoning_and_calls(golden):
    response = whole(golden, "tools")

    assert response.message.blocks == (
        ThinkingBlock(text="Two stations.", signature="EqQBCgIYAg=="),
        ThinkingBlock(encrypted="cmVkYWN0ZWQ="),
        TextBlock(text="Let me look."),
        ToolUseBlock(id="tooluse_hbTgdi0CSLq_hM4P8csZJA", name="top_song", arguments='{"sign":"WZPZ"}'),
        ToolUseBlock(id="tooluse_2", name="clock"),
    )
    assert response.stop_reason is StopReason.TOOL_USE


def test_a_guardrail_that_steps_in_is_a_refusal(golden):
    response = whole(golden, "guarded")

    assert (response.stop_reason, response.text) == (StopReason.REFUSAL, "The sky is blue.")
    assert [type(block) for block in response.message.blocks] == [TextBlock, ImageBlock, OpaqueBlock]
    assert response.extra["trace"]["guardrail"]["actionReason"] == "Guardrail blocked."


def test_every_stop_reason_of_the_service_has_a_meaning():
    assert STOP_REASONS.keys() == set(official.CONVERSE.output_shape.members["stopReason"].enum)


@pytest.mark.parametrize("word", [*STOP_REASONS, "something_new", None, 7])
def test_a_turn_with_calls_never_ends_as_an_end_of_turn(word):
    content = [{"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}]
    body = {"output": {"message": {"content": content}}, "stopReason": word}

    assert DIALECT.parse_response(json.dumps(body).encode()).stop_reason is not StopReason.END_TURN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"output": 7}',
        b'{"output": {"message": {"content": 7}}}',
        b'{"output": {"message": {"content": [7]}}}',
    ],
)
def test_what_is_no_answer_is_a_typed_error(body):
    with pytest.raises(ProviderError):
        DIALECT.parse_response(body)


def test_models_are_listed_but_for_those_that_need_a_profile(golden):
    [nova] = DIALECT.parse_models(golden("bedrock/models.json"))

    assert (nova.name, Capability.STREAM in nova.can) == (NOVA, True)


def test_profiles_are_listed_with_what_is_known_of_the_models_behind_them(golden):
    listed = parse_listed(golden("bedrock/models.json"))

    [claude] = parse_profiles(golden("bedrock/profiles.json"), listed.every)

    assert (claude.name, Capability.VISION in claude.can) == (CLAUDE, True)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"modelSummaries": 7}'])
def test_what_is_no_catalogue_is_a_typed_error(body):
    with pytest.raises(ProviderError):
        parse_listed(body)
    with pytest.raises(ProviderError):
        parse_profiles(body, {})


# -- in pieces


def frames(golden_json, name="tools"):
    return [event(kind, value) for kind, value in golden_json(f"bedrock/stream_{name}.json")]


def test_a_stream_is_the_same_answer_in_pieces(golden, golden_json, answer_of):
    response = answer_of(DIALECT.stream_parser(), b"".join(frames(golden_json)))

    same = whole(golden, "tools")
    assert response.message.blocks[:3] == same.message.blocks[:3]
    assert [(call.name, call.input) for call in response.tool_calls] == [("top_song", {"sign": "WZPZ"}), ("clock", {})]
    assert (response.usage, response.stop_reason) == (same.usage, StopReason.TOOL_USE)


def test_however_a_stream_is_cut_it_says_the_same(golden_json):
    data = b"".join(frames(golden_json))
    expected = DIALECT.stream_parser().feed(data)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, len(data)), max_size=6).map(sorted))
    def attempt(cuts):
        parser = DIALECT.stream_parser()
        pieces = [data[start:end] for start, end in itertools.pairwise([0, *cuts, len(data)])]

        assert list(itertools.chain.from_iterable(map(parser.feed, pieces))) == expected
        assert parser.finished

    attempt()


@pytest.mark.parametrize(
    ("kind", "words", "error"),
    [
        ("throttlingException", "Too many requests", RateLimitError),
        ("validationException", "malformed input", RequestRejectedError),
        ("modelStreamErrorException", "The model failed", ProviderError),
        ("internalServerException", "Try again", ProviderError),
        ("serviceUnavailableException", "overloaded", ProviderError),
    ],
)
def test_an_exception_inside_a_stream_comes_after_what_was_said_before_it(golden_json, kind, words, error):
    parser = DIALECT.stream_parser()
    said = frames(golden_json)[:9]

    with pytest.raises(error, match=words) as caught:
        parser.feed(b"".join(said) + exception(kind, words))

    assert type(caught.value) is error
    assert "".join([chunk.text for chunk in parser.take()]) == "Let me look."


def test_an_error_in_the_headers_of_a_frame_is_an_error():
    headers = {":message-type": "error", ":error-code": "InternalError", ":error-message": "it broke"}

    with pytest.raises(ProviderError, match="it broke"):
        DIALECT.stream_parser().feed(frame(headers, b""))


def test_a_stream_without_its_stop_is_broken(golden_json):
    parser = DIALECT.stream_parser()
    parser.feed(b"".join(frames(golden_json)[:9]))

    with pytest.raises(StreamBrokenError):
        parser.close()


def test_tokens_may_be_missing(golden_json, answer_of):
    response = answer_of(DIALECT.stream_parser(), b"".join(frames(golden_json)[:-1]))

    assert response.usage == Usage(source="partial")


@pytest.mark.parametrize("position", [0, 5, 9, 40, -1])
def test_a_damaged_frame_is_a_typed_error_or_never_complete(golden_json, position):
    data = bytearray(frames(golden_json)[1])
    data[position] ^= 0xFF
    parser = DIALECT.stream_parser()

    with pytest.raises(UpstreamError):
        parser.feed(bytes(data))
        parser.close()


@given(st.binary(max_size=300))
def test_garbage_is_a_typed_error_or_nothing(data):
    parser = DIALECT.stream_parser()
    try:
        parser.feed(data)
        parser.close()
    except LegionError:
        return
    pytest.fail("garbage was an answer")


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from([":message-type", ":event-type", ":exception-type", "x"]), st.text(max_size=20)),
    st.binary(max_size=50),
)
def test_odd_frames_are_a_typed_error_or_nothing(headers, payload):
    parser = DIALECT.stream_parser()
    try:
        parser.feed(frame(headers, payload))
        parser.close()
    except LegionError:
        return
    pytest.fail("an odd frame was an answer")

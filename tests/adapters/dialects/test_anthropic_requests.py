"""Requests in Anthropic's dialect: from a client, and to a provider."""

from __future__ import annotations

import contextlib
import json

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.chat import ChatMessage, Generation, Request, ResponseFormat, Thinking, ToolDefinition
from legion_llm.messages.content import (
    AudioBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.errors import InvalidRequestError, LegionError, UnsupportedCapability
from pydantic import TypeAdapter

DIALECT = AnthropicMessages()
PARAMS = TypeAdapter(MessageCreateParamsNonStreaming)
PLAIN = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]}
NAMES = [
    "plain",
    "sampling",
    "system_blocks",
    "tools",
    "tool_choice_by_name",
    "images_and_documents",
    "thinking",
    "adaptive_and_effort",
    "kept_verbatim",
]


def parsed(value):
    return DIALECT.parse_request(json.dumps(value).encode())


def rendered(request, *, model="m", stream=False, **options):
    wire = DIALECT.render_request(request, model, stream=stream, options=DialectOptions(**options))
    return json.loads(wire.body), wire


@pytest.mark.parametrize("name", NAMES)
def test_a_request_goes_out_as_it_came_in(golden_json, name):
    golden = golden_json(f"anthropic/request_{name}.json")

    body, wire = rendered(parsed(golden), model=golden["model"])

    assert body == golden
    assert (wire.path, wire.warnings) == ("/messages", ())


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("kept_verbatim", "system_blocks")])
def test_the_official_types_accept_what_we_send(golden_json, name):
    golden = golden_json(f"anthropic/request_{name}.json")

    body, _ = rendered(parsed(golden), model=golden["model"])

    PARAMS.validate_python(body)


def test_what_a_client_says_becomes_values_of_ours(golden_json):
    request = parsed(golden_json("anthropic/request_tools.json"))

    assert [call.input for call in request.messages[1].tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    assert [block.is_error for block in request.messages[2].blocks if isinstance(block, ToolResultBlock)] == [
        False,
        True,
    ]
    assert (request.tool_choice.mode, request.tool_choice.parallel) == ("required", False)
    assert request.tools[0].parameters["required"] == ["city"]


def test_a_stream_is_asked_for():
    assert rendered(parsed({**PLAIN, "stream": True}), stream=True)[0]["stream"] is True


def test_what_the_settings_add_is_laid_over():
    assert rendered(parsed(PLAIN), extra_body={"service_tier": "standard_only"})[0]["service_tier"] == "standard_only"


# -- from OpenAI's clients


def from_openai(**body):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **body}
    return OpenAIChat().parse_request(json.dumps(body).encode())


@pytest.mark.parametrize(
    "name",
    ["plain", "roles_and_names", "sampling", "tools", "tool_choice_by_name", "images", "json_schema", "reasoning"],
)
def test_what_an_openai_client_asks_is_said_in_words_that_anthropic_accepts(golden, name):
    request = OpenAIChat().parse_request(golden(f"openai_chat/request_{name}.json"))

    PARAMS.validate_python(rendered(request)[0])


def test_instructions_go_into_the_system_prompt():
    messages = [
        {"role": "system", "content": "A"},
        {"role": "developer", "content": "B"},
        {"role": "user", "content": "C"},
    ]

    body, _ = rendered(from_openai(messages=messages))

    assert body["system"] == [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]
    assert body["messages"] == [{"role": "user", "content": "C"}]


def test_later_instructions_become_the_users_words_in_their_place():
    messages = [
        {"role": "user", "content": "A"},
        {"role": "system", "content": "B"},
        {"role": "assistant", "content": "C"},
    ]

    body, _ = rendered(from_openai(messages=messages))

    assert [message["role"] for message in body["messages"]] == ["user", "assistant"]
    assert [block["text"] for block in body["messages"][0]["content"]] == ["A", "B"]


def test_results_of_tools_go_together_right_after_their_calls(golden):
    request = OpenAIChat().parse_request(golden("openai_chat/request_tools.json"))

    *_, results = rendered(request)[0]["messages"]

    assert results["role"] == "user"
    assert [block["tool_use_id"] for block in results["content"]] == ["call_1", "call_2"]


def test_a_limit_is_always_told():
    assert rendered(from_openai())[0]["max_tokens"] == 8192
    assert rendered(from_openai(max_tokens=5))[0]["max_tokens"] == 5


def test_an_effort_becomes_a_budget_with_room_for_the_answer_beside_it():
    body, wire = rendered(from_openai(reasoning_effort="high", max_tokens=100))

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 16384}
    assert body["max_tokens"] > 16384
    assert "16384 thinking tokens" in wire.warnings[0]


def test_no_effort_means_no_thinking():
    assert "thinking" not in rendered(from_openai(reasoning_effort="none"))[0]


def test_what_anthropic_lacks_is_left_out_and_told():
    body, wire = rendered(from_openai(seed=7, presence_penalty=1, temperature=1.5, logit_bias={}, user="u"))

    assert body["temperature"] == 1
    assert len(wire.warnings) == 5
    assert not {"seed", "presence_penalty", "logit_bias", "user"} & body.keys()


def test_json_without_a_schema_is_told_to_be_impossible():
    assert rendered(Request(messages=(ChatMessage(content="?"),), response_format=ResponseFormat(type="json_object")))[
        1
    ].warnings


# -- reasoning goes back only where it was made

SIGNED = ThinkingBlock(text="hm", signature="s", origin="anthropic/eu")


def thoughts(block, *, dialect=None, origin="anthropic/eu"):
    history = (ChatMessage(content="?"), ChatMessage(role="assistant", content=(block, TextBlock(text="42"))))
    body, wire = rendered(Request(messages=history, dialect=dialect), origin=origin)
    content = body["messages"][1]["content"]
    return [part["type"] for part in content] if isinstance(content, list) else content, wire.warnings


def test_signed_reasoning_goes_back_to_the_instance_that_signed_it():
    assert thoughts(SIGNED) == (["thinking", "text"], ())


def test_signed_reasoning_does_not_go_elsewhere():
    types, warnings = thoughts(SIGNED, origin="anthropic/us")

    assert "thinking" not in types
    assert "reasoning of another model was left out" in warnings[0]


def test_unsigned_reasoning_of_another_model_stays_out():
    assert "thinking" not in thoughts(ThinkingBlock(text="hm"))[0]


def in_the_middle_of_a_turn(*thoughts, model):
    turn = ChatMessage(role="assistant", content=(*thoughts, ToolUseBlock(id="c", name="f")))
    result = ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c", content="x"),))
    request = Request(messages=(ChatMessage(content="?"), turn, result), thinking=Thinking(budget_tokens=2048))
    body, wire = rendered(request, model=model, origin="anthropic/eu")
    return "thinking" in body, wire.warnings


def test_a_turn_goes_on_thinking_where_what_was_thought_came_back():
    assert in_the_middle_of_a_turn(SIGNED, model="claude-sonnet-4-5") == (True, ())


def test_a_turn_whose_thoughts_did_not_come_back_goes_on_without_thinking():
    thinks, warnings = in_the_middle_of_a_turn(model="claude-sonnet-4-5")

    assert not thinks
    assert warnings == ("thinking was left out: what the model thought before it called its tools did not come back",)


def test_models_that_think_as_they_see_fit_do_not_need_their_thoughts_back():
    assert in_the_middle_of_a_turn(model="claude-opus-4-7")[0]


def test_a_turn_of_which_nothing_is_left_is_left_out():
    answer = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm"),))

    body, wire = rendered(Request(messages=(ChatMessage(content="A"), answer, ChatMessage(content="B")), dialect="x"))

    assert [message["content"] for message in body["messages"]] == ["A", "B"]
    assert wire.warnings


def test_a_clients_own_history_keeps_its_signatures():
    assert thoughts(ThinkingBlock(text="hm", signature="s"), dialect="anthropic.messages")[0] == ["thinking", "text"]


def test_a_block_of_another_vendor_is_left_out_with_a_warning():
    message = ChatMessage(content=(TextBlock(text="a"), OpaqueBlock(dialect="x", raw={"type": "video"})))

    body, wire = rendered(Request(messages=(message,), dialect="x"))

    assert body["messages"][0]["content"] == [{"type": "text", "text": "a"}]
    assert wire.warnings == ("a video block of x was left out: anthropic.messages has none",)


def test_what_the_dialect_cannot_say_is_refused_before_anything_is_sent():
    with pytest.raises(UnsupportedCapability, match="no sound"):
        rendered(Request(messages=(ChatMessage(content=(AudioBlock(data="x", format="wav"),)),)))
    with pytest.raises(UnsupportedCapability, match="grep"):
        tool = ToolDefinition(name="grep", opaque={"type": "custom"})
        rendered(Request(messages=(ChatMessage(content="?"),), tools=(tool,), dialect="openai.chat"))


def test_arguments_that_are_no_object_are_refused():
    call = ChatMessage(role="assistant", content=(ToolUseBlock(id="c", name="f", arguments="not json"),))

    with pytest.raises(InvalidRequestError):
        rendered(Request(messages=(call,)))


def test_a_host_may_ask_for_thinking_in_its_own_words():
    request = Request(
        messages=(ChatMessage(content="?"),), thinking=Thinking(budget_tokens=2048), generation=Generation()
    )

    body, _ = rendered(request)

    assert (body["thinking"], body["max_tokens"]) == ({"type": "enabled", "budget_tokens": 2048}, 2048 + 8192)


# -- bad input

BAD = [
    ([], "", "must be a JSON object"),
    ({**PLAIN, "model": None}, "model", "is required"),
    ({"model": "m", "max_tokens": 5}, "messages", "is required"),
    ({**PLAIN, "messages": []}, "messages", "must not be empty"),
    ({**PLAIN, "messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "must be one of"),
    ({**PLAIN, "messages": [{"role": "user"}]}, "messages.0.content", "is required"),
    ({**PLAIN, "messages": [{"role": "user", "content": [7]}]}, "messages.0.content.0", "must be an object"),
    (
        {**PLAIN, "messages": [{"role": "user", "content": [{"type": "image"}]}]},
        "messages.0.content.0.source",
        "is required",
    ),
    (
        {
            **PLAIN,
            "messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": 7}]}],
        },
        "messages.0.content.0.input",
        "must be an object",
    ),
    ({"model": "m", "messages": PLAIN["messages"]}, "max_tokens", "is required"),
    ({**PLAIN, "max_tokens": 0}, "max_tokens", "at least 1"),
    ({**PLAIN, "temperature": 1.5}, "temperature", "between 0 and 1"),
    ({**PLAIN, "stop_sequences": "END"}, "stop_sequences", "must be an array"),
    ({**PLAIN, "thinking": {"type": "enabled"}}, "thinking.budget_tokens", "at least 1024"),
    ({**PLAIN, "tool_choice": {"type": "perhaps"}}, "tool_choice.type", "must be one of"),
    ({**PLAIN, "tools": [{"input_schema": {}}]}, "tools.0.name", "is required"),
    ({**PLAIN, "output_config": {"format": {"type": "grammar"}}}, "output_config.format.type", "must be json_schema"),
    ({**PLAIN, "system": 7}, "system", "a string or an array of blocks"),
]


@pytest.mark.parametrize(("body", "param", "words"), BAD)
def test_what_is_wrong_is_said_and_where(body, param, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        parsed(body)

    assert (caught.value.param or "") == param


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


@pytest.mark.parametrize("name", NAMES)
def test_junk_anywhere_in_a_request_is_an_error_of_ours_or_no_error(golden_json, name):
    golden = golden_json(f"anthropic/request_{name}.json")

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(list(paths(golden))), JUNK)
    def attempt(path, junk):
        with contextlib.suppress(LegionError):  # any other exception would be a crash of the actor that met it
            rendered(parsed(replaced(golden, path, junk)))

    attempt()
    assert parsed(golden).messages

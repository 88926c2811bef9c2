"""Requests in OpenAI's chat dialect: from a client, and to a provider."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.chat import ChatMessage, Generation, Request, Thinking, ToolChoice, ToolDefinition
from legion_llm.messages.content import (
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.errors import InvalidRequestError, LegionError, UnsupportedCapability

DIALECT = OpenAIChat()
OPENAI = OpenAIChat(max_tokens_field="max_completion_tokens")
PLAIN = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

NAMES = [
    "plain",
    "roles_and_names",
    "sampling",
    "unknown_parameters",
    "tools",
    "tool_choice_by_name",
    "images",
    "audio_and_file",
    "json_schema",
    "reasoning",
    "cache_control",
    "kept_verbatim",
    "metadata",
]


def parsed(value):
    return DIALECT.parse_request(json.dumps(value).encode())


def rendered(request, *, model="m", stream=False, dialect=DIALECT, **options):
    wire = dialect.render_request(request, model, stream=stream, options=DialectOptions(**options))
    return json.loads(wire.body), wire


@pytest.mark.parametrize("name", NAMES)
def test_a_request_goes_out_as_it_came_in(golden_json, name):
    golden = golden_json(f"openai_chat/request_{name}.json")
    dialect = OPENAI if name == "roles_and_names" else DIALECT

    body, wire = rendered(parsed(golden), model=golden["model"], dialect=dialect)

    assert body == golden
    assert (wire.path, wire.warnings) == ("/chat/completions", ())


def test_a_stream_always_asks_for_usage():
    body, _ = rendered(parsed({**PLAIN, "stream": True, "stream_options": {"include_obfuscation": False}}), stream=True)

    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True, "include_obfuscation": False})


@pytest.mark.parametrize(("options", "wanted"), [({}, False), ({"stream_options": {"include_usage": True}}, True)])
def test_whether_the_client_wants_to_see_usage_is_kept(options, wanted):
    assert parsed({**PLAIN, "stream": True, **options}).include_usage is wanted


def test_the_model_that_was_chosen_is_the_one_that_is_asked():
    assert rendered(parsed({**PLAIN, "model": "auto"}), model="gpt-4o")[0]["model"] == "gpt-4o"
    assert parsed({**PLAIN, "model": "auto"}).model is None


def test_what_a_client_says_becomes_values_of_ours(golden_json):
    request = parsed(golden_json("openai_chat/request_tools.json"))

    assert request.messages[1].tool_calls[0].input == {"city": "Paris"}
    assert request.messages[2].blocks == (ToolResultBlock(tool_use_id="call_1", content="18 C"),)
    assert request.tools[0].parameters["required"] == ["city"]
    assert request.tool_choice == ToolChoice(mode="auto", parallel=True)


def test_openai_itself_wants_the_new_name_for_the_limit():
    request = Request(messages=(ChatMessage(content="Hi"),), generation=Generation(max_tokens=5, top_k=3))

    body, wire = rendered(request, dialect=OPENAI)

    assert body["max_completion_tokens"] == 5
    assert "top_k" not in body
    assert wire.warnings == ("top_k was left out: OpenAI has no such parameter",)


def test_what_the_settings_add_is_laid_over():
    body, _ = rendered(parsed(PLAIN), extra_body={"provider": {"order": ["x"]}}, enable_thinking=False)

    assert body["provider"] == {"order": ["x"]}
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


# -- from other dialects


def other(*messages, **more):
    return Request(messages=messages, dialect="anthropic.messages", **more)


def test_parameters_of_another_dialect_are_left_out_with_a_warning():
    _, wire = rendered(other(ChatMessage(content="Hi"), extra={"container": "x"}))

    assert wire.warnings == ("container was left out: openai.chat has no such parameter of anthropic.messages",)


def test_cache_marks_do_not_travel_to_another_dialect():
    message = ChatMessage(content=(TextBlock(text="long", cache_control={"type": "ephemeral"}),))

    assert rendered(other(message))[0]["messages"] == [{"role": "user", "content": "long"}]


def test_the_system_prompt_becomes_the_first_message():
    body, _ = rendered(other(ChatMessage(content="Hi"), system="Be brief."))

    assert body["messages"][0] == {"role": "system", "content": "Be brief."}


def test_results_stand_before_what_the_user_says_about_them():
    message = ChatMessage(content=(TextBlock(text="So?"), ToolResultBlock(tool_use_id="call_1", content="18 C")))

    roles = [each["role"] for each in rendered(other(message))[0]["messages"]]

    assert roles == ["tool", "user"]


def test_what_a_tool_showed_stands_with_what_the_user_says_next():
    picture = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")
    result = ToolResultBlock(tool_use_id="call_1", content=(TextBlock(text="seen"), picture))

    in_one = rendered(other(ChatMessage(content=(result, TextBlock(text="So?")))))[0]["messages"]
    in_two = rendered(other(ChatMessage(role="tool", content=(result,)), ChatMessage(content="So?")))[0]["messages"]

    assert in_one == in_two
    assert [message["role"] for message in in_one] == ["tool", "user"]
    assert [part["type"] for part in in_one[1]["content"]] == ["image_url", "text"]


def test_a_budget_for_thinking_is_put_as_an_effort_and_that_is_told():
    body, wire = rendered(other(ChatMessage(content="?"), thinking=Thinking(budget_tokens=4096)))

    assert body["reasoning_effort"] == "medium"
    assert "4096 thinking tokens" in wire.warnings[0]


def test_signed_reasoning_goes_only_where_it_was_made():
    message = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm", signature="s"), TextBlock(text="42")))

    body, wire = rendered(other(ChatMessage(content="?"), message))

    assert "hm" not in json.dumps(body)
    assert wire.warnings


def test_a_block_of_another_vendor_is_left_out_with_a_warning():
    message = ChatMessage(content=(TextBlock(text="a"), OpaqueBlock(dialect="x", raw={"type": "search_result"})))

    body, wire = rendered(other(message))

    assert body["messages"][0]["content"] == [{"type": "text", "text": "a"}]
    assert wire.warnings == ("a search_result block of x was left out: openai.chat has none",)


@pytest.mark.parametrize(
    "block",
    [ImageBlock(source="file", data="file-1"), DocumentBlock(source="url", data="https://example.org/a.pdf")],
)
def test_what_the_dialect_cannot_say_is_refused_before_anything_is_sent(block):
    with pytest.raises(UnsupportedCapability):
        rendered(other(ChatMessage(content=(block,))))


def test_a_tool_of_another_vendor_is_refused():
    tool = ToolDefinition(name="web_search", opaque={"type": "web_search_20250305"})

    with pytest.raises(UnsupportedCapability, match="web_search"):
        rendered(other(ChatMessage(content="?"), tools=(tool,)))


# -- bad input

BAD = [
    ([], "", "must be a JSON object"),
    ({"model": "m"}, "messages", "messages is required"),
    ({"messages": []}, "messages", "must not be empty"),
    ({"messages": "Hi"}, "messages", "must be an array"),
    ({"messages": [7]}, "messages.0", "must be an object"),
    ({"messages": [{}]}, "messages.0.role", "is required"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role", "must be one of"),
    ({"messages": [{"role": "user"}]}, "messages.0.content", "is required"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content", "a string or an array of parts"),
    ({"messages": [{"role": "user", "content": []}]}, "messages.0.content", "must not be an empty array"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text", "is required"),
    (
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}
            ]
        },
        "messages.0.content.0.image_url.url",
        "data:, http: or https:",
    ),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.tool_call_id", "is required"),
    (
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": "function"}]}]},
        "messages.0.tool_calls.0.function",
        "is required",
    ),
    ({**PLAIN, "model": 7}, "model", "must be a string"),
    ({**PLAIN, "model": ""}, "model", "must not be empty"),
    ({**PLAIN, "temperature": "hot"}, "temperature", "must be a number"),
    ({**PLAIN, "temperature": 3}, "temperature", "between 0 and 2"),
    ({**PLAIN, "temperature": True}, "temperature", "must be a number"),
    ({**PLAIN, "max_tokens": 0}, "max_tokens", "at least 1"),
    ({**PLAIN, "stop": [1]}, "stop.0", "must be a string"),
    ({**PLAIN, "stream": "yes"}, "stream", "must be a boolean"),
    ({**PLAIN, "stream_options": []}, "stream_options", "must be an object"),
    ({**PLAIN, "n": 2}, "n", "one request gives one answer"),
    ({**PLAIN, "functions": []}, "functions", "use tools"),
    ({**PLAIN, "tools": [{"type": "function"}]}, "tools.0.function", "is required"),
    ({**PLAIN, "tool_choice": "perhaps"}, "tool_choice", "must be one of"),
    ({**PLAIN, "response_format": {"type": "json_schema"}}, "response_format.json_schema", "is required"),
    ({**PLAIN, "metadata": 7}, "metadata", "must be an object"),
]


@pytest.mark.parametrize(("body", "param", "words"), BAD)
def test_what_is_wrong_is_said_and_where(body, param, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        parsed(body)

    assert (caught.value.param or "") == param


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b"null", b'{"messages": [' + b"[" * 5000])
def test_what_is_no_json_is_said(body):
    with pytest.raises(InvalidRequestError):
        DIALECT.parse_request(body)


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
    golden = golden_json(f"openai_chat/request_{name}.json")

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(list(paths(golden))), JUNK)
    def attempt(path, junk):
        # Any other exception would be a crash of the actor that met it.
        with contextlib.suppress(LegionError):
            rendered(parsed(replaced(golden, path, junk)))

    attempt()
    assert parsed(golden).messages


# -- round trips

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
NONEMPTY = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
CALLS = st.builds(ToolUseBlock, id=NONEMPTY, name=NONEMPTY, arguments=st.sampled_from(["{}", '{"a": 1}', "not json"]))
PARTS = st.builds(TextBlock, text=TEXT) | st.builds(
    ImageBlock, source=st.just("url"), data=st.just("https://example.org/a.png"), detail=st.none() | st.just("low")
)
USER = st.builds(
    ChatMessage,
    role=st.sampled_from(["user", "system", "developer"]),
    content=TEXT | st.lists(PARTS, min_size=2, max_size=3).map(tuple),
    name=st.none() | NONEMPTY,
)
ASSISTANT = st.builds(
    ChatMessage, role=st.just("assistant"), content=TEXT | st.lists(CALLS, min_size=1, max_size=3).map(tuple)
)
TOOL = st.builds(
    ChatMessage,
    role=st.just("tool"),
    content=st.builds(ToolResultBlock, tool_use_id=NONEMPTY, content=TEXT).map(lambda block: (block,)),
)
REQUESTS = st.builds(
    Request,
    messages=st.lists(USER | ASSISTANT | TOOL, min_size=1, max_size=4).map(tuple),
    model=st.just("m"),
    generation=st.builds(
        Generation,
        temperature=st.none() | st.floats(0, 2),
        max_tokens=st.none() | st.integers(1, 10_000),
        stop=st.lists(NONEMPTY, max_size=2).map(tuple),
        seed=st.none() | st.integers(-(2**31), 2**31),
    ),
    dialect=st.just("openai.chat"),
)


@settings(max_examples=200, deadline=None)
@given(REQUESTS)
def test_what_is_written_is_read_back_the_same(request):
    body = OPENAI.render_request(request, "m", stream=False, options=DialectOptions()).body

    read = OPENAI.parse_request(body)

    assert (read.messages, read.generation) == (request.messages, request.generation)
    again = OPENAI.render_request(read, "m", stream=False, options=DialectOptions()).body
    assert json.loads(again) == json.loads(body)

"""Requests in Gemini's dialect: from a client, and to a provider."""

from __future__ import annotations

import contextlib
import json

import official
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.gemini import Gemini, GeminiCall
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.chat import (
    ChatMessage,
    Generation,
    Request,
    ResponseFormat,
    Thinking,
    ToolChoice,
    ToolDefinition,
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
from legion_llm.messages.errors import InvalidRequestError, LegionError, UnsupportedCapability

DIALECT = Gemini()
HI = ChatMessage(content="Hi")
PLAIN = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
WEATHER = ToolDefinition(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
NAMES = [
    "plain",
    "system_and_sampling",
    "tools",
    "ids_and_signatures",
    "media",
    "structured",
    "json_schema",
    "thinking_level",
    "thinking_budget",
    "kept_verbatim",
]


def parsed(value):
    return GeminiCall("m").parse_request(json.dumps(value).encode())


def rendered(request, *, model="gemini-2.5-flash", stream=False, **options):
    wire = DIALECT.render_request(request, model, stream=stream, options=DialectOptions(**options))
    return json.loads(wire.body), wire


def of(*messages, model="gemini-2.5-flash", origin=None, **more):
    body, wire = rendered(Request(messages=messages or (HI,), **more), model=model, origin=origin)
    official.gemini(body)
    return body, wire.warnings


@pytest.mark.parametrize("name", NAMES)
def test_a_request_goes_out_as_it_came_in(golden_json, name):
    golden = golden_json(f"gemini/request_{name}.json")

    body, wire = rendered(parsed(golden))

    assert body == golden
    assert (wire.path, wire.warnings) == ("/models/gemini-2.5-flash:generateContent", ())


@pytest.mark.parametrize("name", NAMES)
def test_the_official_types_accept_what_we_send(golden_json, name):
    body, _ = rendered(parsed(golden_json(f"gemini/request_{name}.json")))

    official.gemini(body)


def test_a_stream_is_asked_for_in_the_path():
    assert rendered(parsed(PLAIN), stream=True)[1].path == "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("models/gemini-3-pro", "/models/gemini-3-pro:generateContent"),
        ("tunedModels/mine", "/tunedModels/mine:generateContent"),
        ("odd name?", "/models/odd%20name%3F:generateContent"),
    ],
)
def test_models_are_resources(model, path):
    assert rendered(parsed(PLAIN), model=model)[1].path == path


def test_snake_case_means_the_same(golden_json):
    request = parsed(golden_json("gemini/request_snake_case.json"))

    body, _ = rendered(request)

    assert request.system == "Be brief."
    assert (request.generation, request.thinking) == (Generation(max_tokens=5, top_k=40), Thinking(mode="off"))
    assert request.tool_choice == ToolChoice(mode="tool", name="f")
    assert request.tools[0].parameters["properties"] == {"some_name": {"type": "string"}}
    assert body["contents"][0]["parts"][1] == {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    official.gemini(body)


def test_what_a_client_says_becomes_values_of_ours(golden_json):
    request = parsed(golden_json("gemini/request_media.json"))

    assert [type(block) for block in request.messages[0].blocks] == [
        TextBlock,
        ImageBlock,
        DocumentBlock,
        DocumentBlock,
        AudioBlock,
        ImageBlock,
        DocumentBlock,
        OpaqueBlock,
    ]
    _, image, pdf, text, sound, own, linked, _ = request.messages[0].blocks
    assert (image.source, image.media_type) == ("base64", "image/jpeg")
    assert (pdf.source, text.source, text.data) == ("base64", "text", "Hello")
    assert (sound.format, own.source, linked.source) == ("mp3", "file", "url")


def test_googles_schemas_become_json_schemas(golden_json):
    wanted = parsed(golden_json("gemini/request_structured.json")).response_format

    assert wanted.schema == {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "recipeName": {"type": "string"},
                "rating": {"type": ["integer", "null"]},
                "kind": {"type": "string", "enum": ["sweet", "salty"]},
            },
        },
    }


# -- calls and their ids


def test_calls_without_ids_get_some_and_results_find_theirs_by_name_and_order(golden_json):
    request = parsed(golden_json("gemini/request_tools.json"))

    calls, results = request.messages[1].tool_calls, request.messages[2].blocks
    assert len({call.id for call in calls}) == 3
    assert [result.tool_use_id for result in results] == [call.id for call in calls]
    assert [(result.content, result.is_error) for result in results] == [
        ("on", False),
        ("Never gonna give you up.", False),
        ("no such song", True),
    ]


def test_made_ids_are_the_same_with_every_turn(golden_json):
    golden = golden_json("gemini/request_tools.json")
    longer = {**golden, "contents": [*golden["contents"], {"role": "user", "parts": [{"text": "More!"}]}]}

    assert parsed(longer).messages[:3] == parsed(golden).messages


def test_a_result_out_of_order_is_paired_by_name():
    calls = [{"functionCall": {"name": name}} for name in ("a", "b")]
    results = [{"functionResponse": {"name": name, "response": {}}} for name in ("b", "a")]
    contents = [{"role": "model", "parts": calls}, {"role": "user", "parts": results}]

    request = parsed({"contents": contents})

    first, second = request.messages[0].tool_calls
    assert [result.tool_use_id for result in request.messages[1].blocks] == [second.id, first.id]


def test_ids_of_others_go_along_and_results_stand_in_the_order_of_their_calls():
    calls = ChatMessage(role="assistant", content=(ToolUseBlock(id="c1", name="f"), ToolUseBlock(id="c2", name="f")))
    late = ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c2", content="two"),))
    early = ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c1", content="one", is_error=True),))

    body, warnings = of(HI, calls, late, early, tools=(WEATHER,), dialect="openai.chat")

    assert body["contents"][1]["parts"][0] == {"functionCall": {"id": "c1", "name": "f", "args": {}}}
    assert body["contents"][2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "c1", "name": "f", "response": {"error": "one"}}},
            {"functionResponse": {"id": "c2", "name": "f", "response": {"output": "two"}}},
        ],
    }
    assert warnings == ()


def test_what_a_step_of_ours_has_made_of_a_result_is_what_goes_out(golden_json):
    request = parsed(golden_json("gemini/request_tools.json"))
    [first, *_] = request.messages[2].blocks
    shorter = ChatMessage(
        content=(ToolResultBlock(tool_use_id=first.tool_use_id, name=first.name, content="…", extra=first.extra),)
    )

    body, _ = rendered(Request(messages=(*request.messages[:2], shorter), dialect="gemini.generate"))

    assert body["contents"][2]["parts"][0]["functionResponse"]["response"] == {"output": "…"}


PICTURE = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")
SEEN = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}


def shown(model):
    call = ChatMessage(role="assistant", content=(ToolUseBlock(id="c1", name="look"),))
    result = ToolResultBlock(tool_use_id="c1", content=(TextBlock(text="see"), PICTURE))
    body, _ = of(HI, call, ChatMessage(role="tool", content=(result,)), model=model)
    return body["contents"][2]["parts"]


def test_pictures_of_tools_stand_in_their_results():
    [part] = shown("gemini-3-pro-preview")

    assert part["functionResponse"]["parts"] == [SEEN]


def test_pictures_of_tools_stand_after_the_results_for_models_that_read_none_in_them():
    result, picture = shown("gemini-2.5-pro")

    assert "parts" not in result["functionResponse"]
    assert picture == SEEN


# -- signatures

CALL = ToolUseBlock(id="c1", name="f")


def step(*blocks):
    return ChatMessage(role="assistant", content=blocks)


def parts_of(message, **more):
    body, warnings = of(HI, message, **more)
    return body["contents"][1]["parts"], warnings


def test_a_signature_stands_on_the_part_that_follows_its_thought():
    signed = ThinkingBlock(signature="U2ln", origin="gemini")

    parts, _ = parts_of(step(ThinkingBlock(text="hm", origin="gemini"), signed, CALL), origin="gemini")

    assert parts == [
        {"text": "hm", "thought": True},
        {"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": "U2ln"},
    ]


def test_the_signature_of_another_instance_does_not_go_along():
    parts, warnings = parts_of(step(ThinkingBlock(signature="U2ln", origin="gemini/us"), CALL), origin="gemini/eu")

    assert "thoughtSignature" not in parts[0]
    assert "it goes back only to the provider that signed it" in warnings[0]


@pytest.mark.parametrize(
    ("model", "marks"),
    [
        ("gemini-3-pro-preview", True),
        ("gemini-4-argon", True),
        ("gemini-flash-latest", True),
        ("gemini-2.5-flash", False),
        ("gemma-3-27b-it", False),
    ],
)
def test_calls_of_other_models_are_marked_as_such_where_signatures_are_wanted(model, marks):
    parts, _ = parts_of(step(CALL, ToolUseBlock(id="c2", name="f")), model=model, dialect="openai.chat")

    assert [part.get("thoughtSignature") for part in parts] == [
        "skip_thought_signature_validator" if marks else None,
        None,
    ]


# -- from clients of other dialects


def from_openai(**body):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **body}
    return OpenAIChat().parse_request(json.dumps(body).encode())


@pytest.mark.parametrize(
    "name",
    ["plain", "roles_and_names", "sampling", "tools", "tool_choice_by_name", "images", "json_schema", "reasoning"],
)
def test_what_an_openai_client_asks_is_said_in_words_that_google_accepts(golden, name):
    request = OpenAIChat().parse_request(golden(f"openai_chat/request_{name}.json"))

    official.gemini(rendered(request)[0])


@pytest.mark.parametrize("name", ["plain", "system_blocks", "tools", "thinking", "sampling"])
def test_what_an_anthropic_client_asks_is_said_in_words_that_google_accepts(golden, name):
    request = AnthropicMessages().parse_request(golden(f"anthropic/request_{name}.json"))

    official.gemini(rendered(request)[0])


def test_instructions_become_the_system_instruction_and_later_ones_the_users_words():
    later = ChatMessage(role="system", content="C")

    body, _ = of(ChatMessage(role="developer", content="B"), HI, later, step(TextBlock(text="D")), system="A")

    assert body["systemInstruction"] == {"parts": [{"text": "A"}, {"text": "B"}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "Hi"}, {"text": "C"}]},
        {"role": "model", "parts": [{"text": "D"}]},
    ]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(), {"mode": "AUTO"}),
        (ToolChoice(mode="none"), {"mode": "NONE"}),
        (ToolChoice(mode="required"), {"mode": "ANY"}),
        (ToolChoice(mode="tool", name="f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_the_choice_among_tools(choice, config):
    assert of(tools=(WEATHER,), tool_choice=choice)[0]["toolConfig"] == {"functionCallingConfig": config}


def test_a_choice_without_tools_is_none():
    assert "toolConfig" not in of(tool_choice=ToolChoice(mode="none"))[0]


FLASH, PRO, NEW, NEW_PRO, OLD = (
    "gemini-2.5-flash",
    "gemini-2.5-pro",
    "gemini-3-flash",
    "gemini-3.1-pro-preview",
    "gemini-2.0-flash",
)


@pytest.mark.parametrize(
    ("model", "thinking", "config", "warned"),
    [
        (FLASH, Thinking(budget_tokens=2048), {"includeThoughts": True, "thinkingBudget": 2048}, False),
        (FLASH, Thinking(effort="high"), {"includeThoughts": True, "thinkingBudget": 24576}, True),
        (FLASH, Thinking(effort="max"), {"includeThoughts": True, "thinkingBudget": 24576}, True),
        (FLASH, Thinking(mode="adaptive"), {"includeThoughts": True, "thinkingBudget": -1}, False),
        (FLASH, Thinking(mode="off"), {"thinkingBudget": 0}, False),
        (FLASH, Thinking(effort="none"), {"thinkingBudget": 0}, False),
        (PRO, Thinking(mode="off"), {"thinkingBudget": 128}, True),
        (NEW, Thinking(effort="low"), {"includeThoughts": True, "thinkingLevel": "LOW"}, False),
        (NEW, Thinking(effort="xhigh"), {"includeThoughts": True, "thinkingLevel": "HIGH"}, True),
        (NEW, Thinking(budget_tokens=4000), {"includeThoughts": True, "thinkingLevel": "MEDIUM"}, True),
        (NEW, Thinking(budget_tokens=40000), {"includeThoughts": True, "thinkingLevel": "HIGH"}, True),
        (NEW, Thinking(), {"includeThoughts": True}, False),
        (NEW, Thinking(mode="off"), {"thinkingLevel": "MINIMAL"}, True),
        (NEW_PRO, Thinking(mode="off"), {"thinkingLevel": "LOW"}, True),
        (OLD, Thinking(effort="high"), None, True),
        (OLD, Thinking(mode="off"), None, False),
        ("tuned", Thinking(effort="low"), {"includeThoughts": True, "thinkingLevel": "LOW"}, False),
        ("tuned", Thinking(budget_tokens=7), {"includeThoughts": True, "thinkingBudget": 7}, False),
    ],
)
def test_how_hard_to_think(model, thinking, config, warned):
    body, warnings = of(model=model, thinking=thinking)

    assert body.get("generationConfig", {}).get("thinkingConfig") == config
    assert bool(warnings) == warned


@pytest.mark.parametrize(
    ("wanted", "config"),
    [
        (ResponseFormat(), None),
        (ResponseFormat(type="json_object"), {"responseMimeType": "application/json"}),
        (
            ResponseFormat(type="json_schema", schema={"type": "object"}),
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
        ),
    ],
)
def test_the_shape_of_the_answer(wanted, config):
    assert of(response_format=wanted)[0].get("generationConfig") == config


def test_a_picture_by_url_is_fetched_by_google():
    body, _ = of(ChatMessage(content=(ImageBlock(source="url", data="https://example.org/cat.jpg"),)))

    assert body["contents"][0]["parts"] == [
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.org/cat.jpg"}}
    ]


def test_what_google_lacks_is_left_out_and_told():
    call = ToolUseBlock(id="c1", name="f", cache_control={"type": "ephemeral"})
    opaque = OpaqueBlock(dialect="x", raw={"type": "video"})
    tool = ToolDefinition(name="f", strict=True, cache_control={"type": "ephemeral"})

    _, warnings = of(
        ChatMessage(content=(TextBlock(text="a"), opaque), name="ann"),
        ChatMessage(role="assistant", content=(call,)),
        tools=(tool,),
        tool_choice=ToolChoice(parallel=False),
        dialect="x",
        extra={"logit_bias": {}, "text": {"verbosity": "low"}},
        metadata={"a": "b"},
    )

    assert set(warnings) == {
        "names of messages were left out: gemini.generate has none",
        "a video block of x was left out: gemini.generate has none",
        "marks for the prompt cache were left out: gemini.generate caches by itself",
        "strict tools were sent as ordinary ones: gemini.generate has no such thing",
        "gemini.generate cannot limit a turn to one tool call",
        "logit_bias was left out: gemini.generate has no such parameter of x",
        "text.verbosity was left out: gemini.generate has no such parameter of x",
        "metadata was left out: gemini.generate has none",
    }


def test_what_the_dialect_cannot_say_is_refused_before_anything_is_sent():
    with pytest.raises(UnsupportedCapability, match=r"cannot read a file that lies with openai\.chat"):
        of(ChatMessage(content=(DocumentBlock(source="file", data="file-1"),)), dialect="openai.chat")
    with pytest.raises(UnsupportedCapability, match="grep"):
        of(tools=(ToolDefinition(name="grep", opaque={"type": "custom"}),), dialect="openai.chat")


def test_what_only_google_knows_is_told_to_others(golden_json):
    request = parsed(golden_json("gemini/request_kept_verbatim.json"))
    request = Request(messages=request.messages, dialect=request.dialect, extra=request.extra)

    wire = OpenAIChat().render_request(request, "m", stream=False, options=DialectOptions())

    assert [text.partition(" was left out")[0] for text in wire.warnings] == [
        "partMetadata of a text block",
        "an executableCode block of gemini.generate",
        "a codeExecutionResult block of gemini.generate",
        "safetySettings",
        "cachedContent",
        "generationConfig.responseModalities",
        "generationConfig.mediaResolution",
        "toolConfig",
    ]


def test_how_a_client_wrote_its_schema_is_no_loss_elsewhere(golden_json):
    request = parsed(golden_json("gemini/request_structured.json"))

    assert OpenAIChat().render_request(request, "m", stream=False, options=DialectOptions()).warnings == ()


def test_what_the_settings_add_is_laid_over():
    extra = {"safetySettings": [], "generationConfig": {"seed": 5}}

    body, _ = rendered(Request(messages=(HI,), generation=Generation(seed=1, top_k=2)), extra_body=extra)

    assert (body["generationConfig"], body["safetySettings"]) == ({"seed": 5, "topK": 2}, [])


def test_a_prompt_to_be_counted_comes_alone_or_as_a_whole_request():
    whole = {"generateContentRequest": {"model": "models/m", **PLAIN, "system_instruction": {"parts": [{"text": "S"}]}}}

    counted = [GeminiCall("m").parse_count_request(json.dumps(body).encode()) for body in (PLAIN, whole)]

    assert [(request.messages[0].text, request.system) for request in counted] == [("Hi", None), ("Hi", "S")]


# -- bad input

BAD = [
    ([], "", "must be a JSON object"),
    ({}, "contents", "is required"),
    ({"contents": []}, "contents", "must not be empty"),
    ({"contents": [{"role": "narrator", "parts": []}]}, "contents.0.role", "must be user or model"),
    ({"contents": [{"role": "user"}]}, "contents.0.parts", "is required"),
    ({"contents": [{"parts": [7]}]}, "contents.0.parts.0", "must be an object"),
    ({"contents": [{"parts": [{"text": 7}]}]}, "contents.0.parts.0.text", "must be a string"),
    (
        {"contents": [{"parts": [{"inlineData": {"data": "x"}}]}]},
        "contents.0.parts.0.inlineData.mimeType",
        "is required",
    ),
    (
        {"contents": [{"parts": [{"functionCall": {"args": {}}}]}]},
        "contents.0.parts.0.functionCall.name",
        "is required",
    ),
    (
        {"contents": [{"parts": [{"functionResponse": {"name": "f", "response": "x"}}]}]},
        "contents.0.parts.0.functionResponse.response",
        "must be an object",
    ),
    ({**PLAIN, "generationConfig": {"temperature": 3}}, "generationConfig.temperature", "between 0 and 2"),
    ({**PLAIN, "generationConfig": {"topK": 1.5}}, "generationConfig.topK", "a whole number"),
    ({**PLAIN, "generationConfig": {"candidateCount": 2}}, "generationConfig.candidateCount", "one answer"),
    ({**PLAIN, "generationConfig": {"stopSequences": "x"}}, "generationConfig.stopSequences", "must be an array"),
    (
        {**PLAIN, "generationConfig": {"thinkingConfig": {"thinkingBudget": "a"}}},
        "generationConfig.thinkingConfig.thinkingBudget",
        "must be an integer",
    ),
    (
        {**PLAIN, "toolConfig": {"functionCallingConfig": {"mode": "perhaps"}}},
        "toolConfig.functionCallingConfig.mode",
        "must be one of",
    ),
    ({**PLAIN, "tools": [{"functionDeclarations": [{}]}]}, "tools.0.functionDeclarations.0.name", "is required"),
    ({**PLAIN, "systemInstruction": 7}, "systemInstruction", "must be an object"),
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


@pytest.mark.parametrize("name", [*NAMES, "snake_case"])
def test_junk_anywhere_in_a_request_is_an_error_of_ours_or_no_error(golden_json, name):
    golden = golden_json(f"gemini/request_{name}.json")

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(list(paths(golden))), JUNK)
    def attempt(path, junk):
        with contextlib.suppress(LegionError):  # any other exception would be a crash of the actor that met it
            rendered(parsed(replaced(golden, path, junk)))

    attempt()
    assert parsed(golden).messages

"""Ollama's API as we serve it: what clients say, and what they hear."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.ollama import Ollama, OllamaChat, OllamaGenerate
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.chat import (
    ChatMessage,
    Chunk,
    ChunkKind,
    Generation,
    Response,
    ResponseFormat,
    StopReason,
    Thinking,
    Usage,
)
from legion_llm.messages.content import ImageBlock, TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.errors import InvalidRequestError, ProviderError, StreamBrokenError

CHAT, GENERATE = OllamaChat(), OllamaGenerate()
PICTURE = "iVBORw0KGgoAAA=="
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": {"a": 1}}}
CALL = {"function": {"name": "weather", "arguments": {"city": "Wien"}}}


def parsed(dialect=CHAT, **body):
    return dialect.parse_request(json.dumps({"model": "m", **body}).encode())


def chat(*messages, **body):
    return parsed(messages=list(messages) or [{"role": "user", "content": "Hi"}], **body)


def sent_on(request):
    """Return what an Ollama server hears of a client's request."""
    wire = Ollama().render_request(request, "m", stream=request.stream, options=DialectOptions())
    return json.loads(wire.body), wire.warnings


def test_a_stream_is_wanted_unless_it_is_not():
    assert chat().stream
    assert not chat(stream=False).stream


def test_options_have_their_names():
    request = chat(options={"temperature": 0.5, "top_k": 5, "num_predict": 9, "stop": ["END"], "num_ctx": 4096})

    assert request.generation == Generation(temperature=0.5, top_k=5, max_tokens=9, stop=("END",))
    assert request.extra == {"options": {"num_ctx": 4096}}


def test_an_endless_answer_has_no_limit():
    request = chat(options={"num_predict": -1})

    assert request.generation.max_tokens is None
    assert sent_on(request)[0]["options"] == {"num_predict": -1}


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("", None),
        (None, None),
        ("json", ResponseFormat(type="json_object")),
        ({"type": "object"}, ResponseFormat(type="json_schema", schema={"type": "object"})),
    ],
)
def test_the_shape_of_the_answer(wanted, meant):
    assert chat(format=wanted).response_format == meant


@pytest.mark.parametrize(
    ("think", "meant"),
    [(None, None), (True, Thinking()), (False, Thinking(mode="off")), ("max", Thinking(effort="max"))],
)
def test_how_hard_to_think(think, meant):
    request = chat(think=think)

    assert request.thinking == meant
    assert sent_on(request)[0].get("think") == think


def test_pictures_get_their_type_from_their_first_bytes():
    [message] = chat({"role": "user", "content": "See", "images": [PICTURE]}).messages

    assert message.content == (
        TextBlock(text="See"),
        ImageBlock(source="base64", data=PICTURE, media_type="image/png"),
    )


def test_calls_without_ids_get_the_same_ones_with_every_turn():
    turn = (
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "tool_calls": [CALL, CALL, {"function": {"name": "other"}}]},
        {"role": "tool", "tool_name": "other", "content": "o"},
        {"role": "tool", "content": "first"},
        {"role": "tool", "tool_name": "weather", "content": "second"},
    )

    messages = chat(*turn).messages

    first, second, other = [call.id for call in messages[1].tool_calls]
    assert [message.content[0].tool_use_id for message in messages[2:]] == [other, first, second]
    assert chat(*turn, {"role": "user", "content": "More"}).messages[:5] == messages


def test_what_an_ollama_client_says_reaches_an_ollama_server_as_it_came():
    call = {"id": "call_1", "function": {"index": 0, "name": "weather", "arguments": {"city": "Wien"}}}
    body = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi", "images": [PICTURE], "new": 1},
            {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [call]},
            {"role": "tool", "content": "18 C", "tool_name": "weather", "tool_call_id": "call_1"},
        ],
        "tools": [{**WEATHER, "items": "x"}],
        "format": "json",
        "think": True,
        "options": {"temperature": 0.5, "repeat_penalty": 1.1},
        "logprobs": True,
        "stream": True,
    }

    said, warnings = sent_on(parsed(**body))

    assert said == {"model": "m", **body, "truncate": False, "shift": False}
    assert warnings == ()


def test_how_long_models_stay_in_memory_is_not_for_clients_to_say():
    said, warnings = sent_on(chat(keep_alive=-1))

    assert "keep_alive" not in said
    assert "settings" in warnings[0]


def test_other_providers_say_what_they_leave_out():
    wire = OpenAIChat().render_request(
        chat(options={"num_ctx": 9}, keep_alive="5m"), "m", stream=False, options=DialectOptions()
    )

    assert wire.warnings == (
        "keep_alive was left out: openai.chat has no such parameter of ollama.chat",
        "options.num_ctx was left out: openai.chat has no such parameter of ollama.chat",
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": ""}, "model"),
        ({"messages": {}}, "messages"),
        ({"messages": ["Hi"]}, "messages.0"),
        ({"messages": [{"role": "robot"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "images": [7]}]}, "messages.0.images.0"),
        ({"messages": [{"role": "user", "images": ["bm8="]}]}, "messages.0.images.0"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages.0.tool_calls.0.function"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]},
            "messages.0.tool_calls.0.function.arguments",
        ),
        ({"options": {"temperature": 9}}, "options.temperature"),
        ({"options": {"stop": [7]}}, "options.stop.0"),
        ({"format": "xml"}, "format"),
        ({"think": 7}, "think"),
        ({"stream": "no"}, "stream"),
        ({"tools": [{}]}, "tools.0.function"),
    ],
)
def test_what_is_wrong_is_named(body, param):
    with pytest.raises(InvalidRequestError) as caught:
        parsed(**body)

    assert caught.value.param == param


def test_a_prompt_is_a_chat_of_one_message():
    request = parsed(GENERATE, prompt="Hi", system="Be brief.", images=[PICTURE])

    assert (request.system, [message.text for message in request.messages]) == ("Be brief.", ["Hi"])
    assert isinstance(request.messages[0].content[1], ImageBlock)
    assert parsed(GENERATE, prompt="Hi").messages == (ChatMessage(content="Hi"),)


@pytest.mark.parametrize("name", ["suffix", "template", "context", "raw"])
def test_what_is_bound_to_a_models_own_prompt_is_refused(name):
    with pytest.raises(InvalidRequestError, match="/api/chat") as caught:
        parsed(GENERATE, prompt="Hi", **{name: [1] if name == "context" else "x"})

    assert caught.value.param == name
    assert parsed(GENERATE, prompt="Hi", **{name: None}).messages


# -- answers

CONTENT = (ThinkingBlock(text="hm"), TextBlock(text="Hello"), ToolUseBlock(id="c1", name="f", arguments='{"a": 1}'))
ANSWER = Response(
    message=ChatMessage(role="assistant", content=CONTENT),
    model="m",
    created=1700000000,
    stop_reason=StopReason.TOOL_USE,
    usage=Usage(uncached_input=3, cache_read=4, visible_output=2, reasoning=3),
)


def test_an_answer_in_ollamas_words():
    said = json.loads(CHAT.render_response(ANSWER))

    assert said["message"] == {
        "role": "assistant",
        "content": "Hello",
        "thinking": "hm",
        "tool_calls": [{"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}],
    }
    assert (said["created_at"], said["done"], said["done_reason"]) == ("2023-11-14T22:13:20Z", True, "stop")
    assert (said["prompt_eval_count"], said["eval_count"]) == (7, 5)


def test_an_answer_to_a_prompt():
    said = json.loads(GENERATE.render_response(ANSWER))

    assert (said["response"], said["thinking"]) == ("Hello", "hm")
    assert "message" not in said


def test_an_answer_of_an_ollama_server_keeps_its_counts(golden):
    body = golden("ollama/response_text.json")

    said = json.loads(CHAT.render_response(Ollama().parse_response(body)))

    told = json.loads(body)
    assert {key: said.get(key) for key in told if key != "created_at"} == {
        key: value for key, value in told.items() if key != "created_at"
    }


def test_an_answer_that_was_cut_says_so():
    cut = Response(message=ANSWER.message, stop_reason=StopReason.MAX_TOKENS)

    assert json.loads(CHAT.render_response(cut))["done_reason"] == "length"


def test_arguments_that_are_no_object_are_the_providers_mistake():
    call = ToolUseBlock(id="c", name="f", arguments="[1]")

    with pytest.raises(ProviderError, match="not a JSON object"):
        CHAT.render_response(Response(message=ChatMessage(role="assistant", content=(call,))))


# -- streams

CHUNKS = (
    Chunk(kind=ChunkKind.START, id="a", model="m"),
    Chunk(kind=ChunkKind.BLOCK_START, block=0, block_kind="thinking"),
    Chunk(kind=ChunkKind.DELTA, block=0, block_kind="thinking", delta="hm"),
    Chunk(kind=ChunkKind.BLOCK_STOP, block=0, block_kind="thinking"),
    Chunk(kind=ChunkKind.BLOCK_START, block=1, block_kind="tool_use", tool_id="c1", tool_name="f"),
    Chunk(kind=ChunkKind.BLOCK_START, block=2, block_kind="tool_use", tool_id="c2", tool_name="g"),
    Chunk(kind=ChunkKind.DELTA, block=2, block_kind="tool_use", delta="{}"),
    Chunk(kind=ChunkKind.DELTA, block=1, block_kind="tool_use", delta='{"a"'),
    Chunk(kind=ChunkKind.DELTA, block=1, block_kind="tool_use", delta=": 1}"),
    Chunk(kind=ChunkKind.BLOCK_STOP, block=1, block_kind="tool_use"),
    Chunk(kind=ChunkKind.BLOCK_STOP, block=2, block_kind="tool_use"),
    Chunk(kind=ChunkKind.END, stop_reason=StopReason.TOOL_USE),
)


def lines(dialect, chunks):
    renderer = dialect.stream_renderer(parsed(dialect, messages=[{"role": "user"}], prompt="Hi"))
    said = b"".join([renderer.render(chunk) for chunk in chunks]) + renderer.end(ANSWER)
    return [json.loads(line) for line in said.splitlines()]


def test_calls_go_out_whole_each_in_a_line():
    thought, first, second, last = lines(CHAT, CHUNKS)

    assert thought["message"] == {"role": "assistant", "content": "", "thinking": "hm"}
    assert first["message"]["tool_calls"][0]["function"] == {"index": 0, "name": "f", "arguments": {"a": 1}}
    assert second["message"]["tool_calls"][0]["function"]["index"] == 1
    assert (last["done"], last["done_reason"], last["eval_count"]) == (True, "stop", 5)


def test_lines_to_a_prompt_have_their_own_shape():
    thought, *_, last = lines(GENERATE, CHUNKS)

    assert (thought["response"], thought["thinking"]) == ("", "hm")
    assert (last["response"], last["done"]) == ("", True)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["a", "ü", "\n", '"', "{}"]), min_size=1, max_size=10))
def test_what_we_stream_our_own_parser_reads(words):
    chunks = [
        Chunk(kind=ChunkKind.START, model="m"),
        Chunk(kind=ChunkKind.BLOCK_START, block_kind="text"),
        *[Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=word) for word in words],
        Chunk(kind=ChunkKind.BLOCK_STOP, block_kind="text"),
        Chunk(kind=ChunkKind.END, stop_reason=StopReason.END_TURN),
    ]
    renderer, parser = CHAT.stream_renderer(chat()), Ollama().stream_parser()
    said = b"".join([renderer.render(chunk) for chunk in chunks]) + renderer.end(ANSWER)

    read = parser.feed(said)

    assert parser.finished
    assert "".join([chunk.text for chunk in read]) == "".join(words)


def test_a_prompts_answer_is_written_anew_whoever_gives_it(golden):
    chunks = Ollama().stream_parser().feed(golden("ollama/stream.ndjson"))

    assert "".join([line.get("response", "?") for line in lines(GENERATE, chunks)]) == "Grüß Gott"


def test_a_stream_that_failed_ends_with_an_error():
    renderer = CHAT.stream_renderer(chat())

    assert json.loads(renderer.fail(StreamBrokenError("it broke"))) == {"error": "it broke"}

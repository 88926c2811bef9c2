"""OpenAI's responses dialect, by bodies as its public documentation shows them."""

from __future__ import annotations

import json

import pytest
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import StopReason, Usage
from openai.types.responses import Response

DIALECT = OpenAIResponses()
OPTIONS = DialectOptions(origin="openai")
# What we say ourselves: where nothing is kept for us, and where the list of items is written anew.
OURS = {"input", "store"}


@pytest.fixture
def streamed(golden):
    """Return a function that reads a stream, in pieces of so many bytes, to the answer that it makes."""

    def read(name, size):
        data, parser, builder = (
            golden(f"openai_responses/stream_{name}.sse"),
            DIALECT.stream_parser(),
            ResponseBuilder(),
        )
        for start in range(0, len(data), size):
            for chunk in parser.feed(data[start : start + size]):
                builder.add(chunk)
        parser.close()
        return builder.build(model="m", created=0)

    return read


@pytest.mark.parametrize("name", ["tools", "images", "reasoning", "json_schema"])
def test_what_was_asked_goes_to_a_provider_in_the_same_words(golden_json, name):
    golden = golden_json(f"openai_responses/request_{name}.json")

    request = DIALECT.parse_request(json.dumps(golden).encode())
    wire = DIALECT.render_request(request, golden["model"], stream=False, options=OPTIONS)

    body = json.loads(wire.body)
    assert {key: body.get(key) for key in golden.keys() - OURS} == {key: golden[key] for key in golden.keys() - OURS}
    assert (wire.path, wire.warnings) == ("/responses", ())


def test_a_turn_with_tools_keeps_call_and_result(golden_json):
    golden = golden_json("openai_responses/request_tools.json")

    request = DIALECT.parse_request(json.dumps(golden).encode())
    wire = DIALECT.render_request(request, golden["model"], stream=False, options=OPTIONS)

    said = [{key: value for key, value in item.items() if key != "id"} for item in golden["input"]]
    assert json.loads(wire.body)["input"] == said


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text", StopReason.END_TURN),
        ("tool_calls", StopReason.TOOL_USE),
        ("incomplete", StopReason.MAX_TOKENS),
    ],
)
def test_a_whole_answer_is_read_and_written_again(golden_json, name, reason):
    golden = golden_json(f"openai_responses/response_{name}.json")

    response = DIALECT.parse_response(json.dumps(golden).encode())
    written = json.loads(DIALECT.render_response(response))

    assert response.stop_reason is reason
    assert [item["type"] for item in written["output"]] == [item["type"] for item in golden["output"]]
    assert written["usage"]["total_tokens"] == golden["usage"]["total_tokens"]
    Response.model_validate(written)


def test_usage_is_read_into_buckets_that_do_not_overlap(golden):
    response = DIALECT.parse_response(golden("openai_responses/response_text.json"))

    assert response.usage == Usage(uncached_input=30, cache_read=6, visible_output=67, reasoning=20)


def test_calls_keep_their_ids_and_order(golden):
    calls = DIALECT.parse_response(golden("openai_responses/response_tool_calls.json")).tool_calls

    assert [(call.id, call.input["location"]) for call in calls] == [
        ("call_unLAR8MvFNptuiZK6K6HCy5k", "Boston, MA"),
        ("call_unLAR8MvFNptuiZK6K6HCy5l", "Paris, France"),
    ]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_stream_is_read_however_it_is_cut(streamed, size):
    text, called = streamed("text", size), streamed("tool_calls", size)

    assert (text.text, text.stop_reason, text.usage.total_tokens) == ("Hi there!", StopReason.END_TURN, 48)
    assert [(call.id, call.name, call.input) for call in called.tool_calls] == [
        ("call_1234xyz", "get_weather", {"location": "Paris"})
    ]

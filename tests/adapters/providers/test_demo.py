from __future__ import annotations

import json

import pytest
import trio
from legion_llm.adapters.providers.demo import FAILURES, DemoProvider
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import (
    ChatMessage,
    ChunkKind,
    Generation,
    Request,
    ResponseFormat,
    StopReason,
    Thinking,
    ToolChoice,
    ToolDefinition,
    Usage,
)
from legion_llm.messages.content import ToolResultBlock, ToolUseBlock
from legion_llm.messages.errors import RateLimitError, RequestRejectedError, StreamBrokenError
from legion_llm.messages.settings import DemoSettings

WEATHER = ToolDefinition(
    name="weather",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}, "unit": {"enum": ["C"]}},
        "required": ["city", "days"],
    },
)


def asking(text="Hi there", **fields):
    return Request(messages=(ChatMessage(content=text),), **fields)


@pytest.fixture
def demo():
    return DemoProvider(wall_clock=lambda: 1700000000.5)


@pytest.mark.trio
async def test_it_says_back_what_it_was_told(demo):
    response = await demo.chat(asking("Hi there"), "demo")

    assert response.text == "Hello, I am the demo model. You said: Hi there"
    assert (response.model, response.created, response.stop_reason) == ("demo", 1700000000, StopReason.END_TURN)


@pytest.mark.trio
async def test_the_same_conversation_gives_the_same_answer(demo):
    first = await demo.chat(asking(), "demo")
    second = await demo.chat(asking(), "demo")

    assert first == second


@pytest.mark.trio
async def test_it_counts_words_as_tokens(demo):
    response = await demo.chat(asking("one two three", system="Be brief."), "demo")

    assert response.usage == Usage(uncached_input=5, visible_output=11)


@pytest.mark.trio
async def test_a_stream_has_one_delta_for_each_token(demo, sink):
    await demo.stream(asking("Hi there"), "demo", sink)

    assert [chunk.delta for chunk in sink.chunks if chunk.kind is ChunkKind.DELTA] == [
        *("Hello,", " I", " am", " the", " demo", " model.", " You", " said:", " Hi", " there")
    ]


@pytest.mark.trio
@pytest.mark.parametrize(
    "request_",
    [
        asking(),
        asking("call weather", tools=(WEATHER,)),
        asking(thinking=Thinking()),
        asking(generation=Generation(max_tokens=3)),
        asking(generation=Generation(stop=("You",))),
    ],
)
async def test_the_chunks_of_a_stream_add_up_to_the_whole_answer(demo, sink, request_):
    whole = await demo.chat(request_, "demo")
    streamed = await demo.stream(request_, "demo", sink)
    builder = ResponseBuilder()
    for chunk in sink.chunks:
        builder.add(chunk)

    assert streamed == whole
    assert builder.build(model="demo", created=whole.created, origin="demo") == whole


@pytest.mark.trio
async def test_it_calls_the_tool_that_the_text_asks_for(demo):
    response = await demo.chat(asking("please call weather.", tools=(WEATHER,)), "demo")

    assert response.stop_reason is StopReason.TOOL_USE
    assert [(call.name, call.input) for call in response.tool_calls] == [("weather", {"city": "demo", "days": 1})]


@pytest.mark.trio
@pytest.mark.parametrize("choice", [ToolChoice(mode="required"), ToolChoice(mode="tool", name="weather")])
async def test_it_calls_the_tool_that_the_choice_forces(demo, choice):
    response = await demo.chat(asking(tools=(WEATHER,), tool_choice=choice), "demo")

    assert [call.name for call in response.tool_calls] == ["weather"]


@pytest.mark.trio
@pytest.mark.parametrize("choice", [None, ToolChoice(mode="none")])
async def test_it_calls_no_tool_unless_it_is_asked_to(demo, choice):
    text = "call weather" if choice else "how is the weather?"

    response = await demo.chat(asking(text, tools=(WEATHER,), tool_choice=choice), "demo")

    assert response.tool_calls == ()


@pytest.mark.trio
async def test_it_answers_with_what_the_tool_said_even_when_a_tool_is_forced(demo):
    call = ToolUseBlock(id="c1", name="weather")
    messages = (
        ChatMessage(content="call weather"),
        ChatMessage(role="assistant", content=(call,)),
        ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c1", content="sunny"),)),
    )

    response = await demo.chat(
        Request(messages=messages, tools=(WEATHER,), tool_choice=ToolChoice(mode="required")), "demo"
    )

    assert response.text == "The tool says: sunny"


@pytest.mark.trio
@pytest.mark.parametrize("tools", [(), (WEATHER,)])
async def test_a_choice_that_names_no_offered_tool_is_rejected(demo, tools):
    choice = ToolChoice(mode="tool", name="other") if tools else ToolChoice(mode="required")

    with pytest.raises(RequestRejectedError):
        await demo.chat(asking(tools=tools, tool_choice=choice), "demo")


@pytest.mark.trio
async def test_it_stops_at_the_most_tokens_allowed(demo):
    response = await demo.chat(asking(generation=Generation(max_tokens=2)), "demo")

    assert (response.text, response.stop_reason) == ("Hello, I", StopReason.MAX_TOKENS)
    assert response.usage.output_tokens == 2


@pytest.mark.trio
async def test_it_stops_before_the_first_stop_sequence_that_occurs(demo):
    response = await demo.chat(asking(generation=Generation(stop=("You", "demo"))), "demo")

    assert (response.text, response.stop_sequence) == ("Hello, I am the ", "demo")
    assert response.stop_reason is StopReason.STOP_SEQUENCE


@pytest.mark.trio
async def test_it_answers_in_json_when_asked_to(demo):
    response = await demo.chat(asking("Hi", response_format=ResponseFormat(type="json_object")), "demo")

    assert json.loads(response.text) == {"reply": "Hello, I am the demo model. You said: Hi"}


@pytest.mark.trio
async def test_it_answers_with_an_instance_of_the_schema(demo):
    shape = ResponseFormat(type="json_schema", schema=WEATHER.parameters)

    response = await demo.chat(asking(response_format=shape), "demo")

    assert json.loads(response.text) == {"city": "demo", "days": 1}


@pytest.mark.trio
async def test_it_thinks_on_request_and_counts_that_apart(demo):
    response = await demo.chat(asking(thinking=Thinking()), "demo")

    assert response.message.thinking.startswith("There is nothing to find out.")
    assert response.text.startswith("Hello")
    assert (response.usage.reasoning, response.usage.visible_output) == (12, 10)


@pytest.mark.trio
async def test_it_does_not_think_when_thinking_is_off(demo):
    response = await demo.chat(asking(thinking=Thinking(mode="off")), "demo")

    assert response.message.thinking == ""


@pytest.mark.trio
async def test_a_conversation_without_messages_is_rejected(demo):
    with pytest.raises(RequestRejectedError):
        await demo.chat(Request(messages=()), "demo")


@pytest.mark.trio
@pytest.mark.parametrize("kind", FAILURES)
async def test_a_model_name_makes_it_fail(demo, kind):
    expected = FAILURES[kind][0]

    with pytest.raises(expected) as caught:
        await demo.chat(asking(), f"demo-fail-{kind.replace('_', '-')}")

    assert type(caught.value) is expected
    assert (caught.value.provider, caught.value.status) == ("demo", FAILURES[kind][1])


@pytest.mark.trio
async def test_a_failure_can_be_set_for_the_plain_model(sink):
    demo = DemoProvider(settings=DemoSettings(fail="rate_limit"))

    with pytest.raises(RateLimitError) as caught:
        await demo.stream(asking(), "demo", sink)

    assert caught.value.retry_after == 1.0


@pytest.mark.trio
async def test_a_broken_stream_breaks_after_some_of_its_content(demo, sink):
    with pytest.raises(StreamBrokenError):
        await demo.stream(asking(), "demo-fail-broken-stream", sink)

    assert "".join([chunk.text for chunk in sink.chunks]).startswith("Hello, I am")
    assert sink.chunks[-1].kind is ChunkKind.DELTA


@pytest.mark.trio
async def test_an_unknown_model_is_rejected_with_the_names_there_are(demo):
    with pytest.raises(RequestRejectedError, match="demo-slow") as caught:
        await demo.chat(asking(), "gpt-4o")

    assert caught.value.status == 404


@pytest.mark.trio
async def test_a_delay_and_a_pace_can_be_set(autojump_clock, sink):
    demo = DemoProvider(settings=DemoSettings(delay_seconds=3.0, tokens_per_second=2.0))
    began = trio.current_time()

    await demo.stream(asking("Hi there"), "demo", sink)

    assert trio.current_time() - began == pytest.approx(3.0 + 10 / 2)


@pytest.mark.trio
async def test_a_whole_answer_takes_as_long_as_a_stream(autojump_clock, demo):
    began = trio.current_time()

    await demo.chat(asking("Hi there"), "demo-slow")

    assert trio.current_time() - began == pytest.approx(1.0)


@pytest.mark.trio
async def test_a_model_that_hangs_can_be_cancelled(autojump_clock, demo):
    with trio.move_on_after(1000) as scope:
        await demo.chat(asking(), "demo-hang")

    assert scope.cancelled_caught

"""Tools of the host's in the whole house: an upstream that calls them, whole and in fragments, and every door."""

from __future__ import annotations

import asyncio
import json
import threading

import httpx
import legion_llm
import pytest
from legion_llm import Caller, Host, ToolDefinition, tool
from talking import TalkingModel, call

PATIENCE = 10.0


def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: One.
        b: The other.
    """
    return a + b


@pytest.fixture
def model():
    with TalkingModel() as server:
        yield server


@pytest.fixture
def start(model, make_provider):
    """Starts a gateway in front of the model; closed at the end."""
    started = []

    def begin(*tools, **settings):
        given = {"providers": {"p": make_provider(model)}, **settings}
        legion = legion_llm.start(given, environ={}, host=Host(tools=tools))
        started.append(legion)
        return legion

    yield begin
    for legion in started:
        legion.shutdown()


def tools_told(asked):
    return [each["function"]["name"] for each in asked.get("tools", [])]


def test_a_function_of_the_hosts_answers_for_the_model(start, model):
    model.will(("let me see", call("add", '{"a": 2, "b": 40}')), ("it is 42",))

    response = start(add).chat("what is 2 + 40?").get(PATIENCE)

    assert response.text == "it is 42"
    assert response.usage.input_tokens == 20
    (ran,) = response.enrichments["tool:calls"]
    assert (ran.name, ran.status, ran.source) == ("add", "success", "host")
    first, second = model.asked
    assert first["tools"][0]["function"]["description"] == "Add two numbers."
    assert second["messages"][-1] == {"role": "tool", "tool_call_id": "call_0", "content": "42"}
    assert second["messages"][-2]["tool_calls"][0]["function"]["arguments"] == '{"a": 2, "b": 40}'


def test_arguments_that_arrive_in_fragments_interleaved(start, model):
    model.will(
        ("let me see", call("add", '{"a": 12, "b": 30}', 0), call("add", '{"a": 1000, "b": 1}', 1)),
        ("42 and 1001",),
    )

    stream = start(add).stream("add them")
    text = "".join(part.text for part in stream)

    assert text == "let me see42 and 1001"
    response = stream.reply.get(PATIENCE)
    assert response.usage.input_tokens == 20
    assert [each["content"] for each in model.asked[1]["messages"][-2:]] == ["42", "1001"]


def test_a_function_of_one_request_is_no_tool_of_the_next(start, model):
    model.will(("", call("add", '{"a": 1, "b": 1}')), ("2",), ("hello",))
    legion = start()

    assert legion.chat("add", tools=[add]).get(PATIENCE).text == "2"
    assert legion.chat("hi").get(PATIENCE).text == "hello"

    assert [tools_told(asked) for asked in model.asked] == [["add"], ["add"], []]
    assert legion._desk.host.runner._bound == {}


@pytest.mark.parametrize("kind", ["service", "system", "quick_reply"])
def test_a_function_of_a_request_is_run_whoever_asks(start, model, kind):
    model.will(("", call("add", '{"a": 1, "b": 1}')), ("2",))

    assert start(add).chat("add", tools=[add], caller=Caller(type=kind)).get(PATIENCE).text == "2"


def test_profiles_without_context_are_not_offered_the_hosts_tools(start, model):
    model.will(("hello",))

    start(add).chat("hi", caller=Caller(type="service")).get(PATIENCE)

    assert tools_told(model.asked[0]) == []


def test_no_tools_at_all_means_none(start, model):
    model.will(("hello",))

    start(add).chat("hi", tools=[]).get(PATIENCE)

    assert "tools" not in model.asked[0]


def test_tools_come_and_go_while_the_gateway_runs(start, model):
    model.will(("hello",))
    legion = start()

    def told():
        legion.tools.all().get(PATIENCE)  # what was said before has arrived by then
        legion.inspect("inference")
        legion.chat("hi").get(PATIENCE)
        return tools_told(model.asked[-1])

    assert legion.tools.add(add) == ("add",)
    assert told() == ["add"]
    legion.tools.add(lambda x: x, name="echo")
    assert told() == ["add", "echo"]
    legion.tools.remove("add")
    assert told() == ["echo"]
    with pytest.raises(legion_llm.InvalidRequestError, match="no tool 'add'"):
        legion.tools.remove("add")


def test_a_tool_that_words_call_for_is_offered_when_they_are_said(start, model):
    @tool(triggers=["weather"], deferred=True)
    def weather(city: str) -> str:
        """Look the weather up."""
        return "rain"

    model.will(("hello",))
    legion = start(weather)

    for text in ("hi", "how is the weather?", "hi"):
        legion.chat(text).get(PATIENCE)
    legion.chat("hi", named_tools=("weather", "nothing")).get(PATIENCE)

    assert [tools_told(asked) for asked in model.asked] == [[], ["weather"], [], ["weather"]]


def test_a_coroutine_function_runs_on_the_hosts_own_loop(model, make_provider):
    model.will(("", call("where", "{}")), ("there",))

    async def main():
        loop = asyncio.get_running_loop()
        ran_on = []

        async def where() -> str:
            """Tell where it runs."""
            ran_on.append(asyncio.get_running_loop())
            return "here"

        given = {"providers": {"p": make_provider(model)}}
        async with legion_llm.start(given, environ={}, host=Host(tools=[where])) as legion:
            await legion.chat("where?")
        return ran_on == [loop]

    assert asyncio.run(main())


def test_a_tool_that_fails_is_the_models_to_deal_with(start, model):
    def fails() -> str:
        """Fail."""
        raise ValueError("no such city")

    model.will(("", call("fails", "{}")), ("I could not find it",))

    response = start(fails).chat("find it").get(PATIENCE)

    assert response.text == "I could not find it"
    assert "no such city" in model.asked[1]["messages"][-1]["content"]
    assert response.enrichments["tool:calls"][0].status == "error"


def test_a_tool_that_hangs_is_left_behind_in_time(start, model):
    go = threading.Event()

    @tool(timeout=0.05)
    def hangs() -> str:
        """Hang."""
        go.wait(PATIENCE)
        return "late"

    model.will(("", call("hangs", "{}")), ("it took too long",))

    response = start(hangs).chat("go").get(PATIENCE)
    go.set()

    assert response.text == "it took too long"
    assert model.asked[1]["messages"][-1]["content"] == "the tool did not answer within 0.05 s"


def test_a_tool_may_use_the_gateway_itself(start, model):
    legion = None

    def ask(question: str) -> str:
        """Ask somebody else."""
        return legion.chat(question, tools=[]).get(PATIENCE).text

    model.will(("", call("ask", '{"question": "and you?"}')), ("fine",), ("they are fine",))
    legion = start(ask)

    assert legion.chat("how are they?").get(PATIENCE).text == "they are fine"
    assert [asked["messages"][-1]["content"] for asked in model.asked] == ["how are they?", "and you?", "fine"]


# -- over HTTP


@pytest.fixture
def http(model, make_provider):
    from legion_llm.adapters.serving import start_gateway  # noqa: PLC0415
    from legion_llm.adapters.settings import load_settings  # noqa: PLC0415

    given = {"providers": {"p": make_provider(model)}, "api": {"port": 0}}
    legion = start_gateway(load_settings(overrides=given, environ={}), environ={}, host=Host(tools=[add]))

    def post(**body):
        body = {"model": "m-1", "messages": [{"role": "user", "content": "hi"}], **body}
        return httpx.post(f"{legion.url}/v1/chat/completions", json=body, timeout=PATIENCE)

    yield post
    legion.shutdown()


THEIRS = {"type": "function", "function": {"name": "theirs", "parameters": {"type": "object"}}}


def test_a_client_sees_its_own_calls_alone_and_goes_on_where_it_was(http, model):
    model.will(
        ("wait", call("add", '{"a": 1, "b": 1}', 0), call("theirs", '{"x": 1}', 1)),
        ("2 and yours",),
    )

    paused = http(tools=[THEIRS]).json()["choices"][0]
    assert [each["function"]["name"] for each in paused["message"]["tool_calls"]] == ["theirs"]
    assert paused["finish_reason"] == "tool_calls"

    history = [
        {"role": "user", "content": "hi"},
        paused["message"],
        {"role": "tool", "tool_call_id": "call_1", "content": "mine"},
    ]
    done = http(tools=[THEIRS], messages=history).json()["choices"][0]

    assert done["message"]["content"] == "2 and yours"
    sent = model.asked[1]["messages"]
    assert [each["function"]["name"] for each in sent[1]["tool_calls"]] == ["add", "theirs"]
    assert [(each["tool_call_id"], each["content"]) for each in sent[2:]] == [("call_0", "2"), ("call_1", "mine")]


def test_a_streaming_client_sees_no_call_of_ours(http, model):
    model.will(("let me see", call("add", '{"a": 1, "b": 1}')), ("it is 2",))

    lines = http(stream=True).text.split("\n\n")

    bodies = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    deltas = [choice["delta"] for body in bodies for choice in body["choices"]]
    assert "".join(delta.get("content") or "" for delta in deltas) == "let me seeit is 2"
    assert not [delta for delta in deltas if delta.get("tool_calls")]
    assert [choice["finish_reason"] for body in bodies for choice in body["choices"] if choice["finish_reason"]] == [
        "stop"
    ]
    assert lines[-2] == "data: [DONE]"


def test_a_client_cannot_have_a_tool_run_that_is_not_offered_to_it(http, model):
    model.will(("", call("theirs", "{}")), ("hm",))
    named_like_ours = {"type": "function", "function": {"name": "theirs"}, "source": "host", "key": "x"}

    choice = http(tools=[named_like_ours]).json()["choices"][0]

    assert [each["function"]["name"] for each in choice["message"]["tool_calls"]] == ["theirs"]


def test_a_hosts_own_definitions_come_back_as_calls(start, model):
    model.will(("", call("mine", "{}")))

    response = start().chat("hi", tools=[ToolDefinition(name="mine", parameters={"type": "object"})]).get(PATIENCE)

    assert [each.name for each in response.tool_calls] == ["mine"]

"""MCP servers that really run, as programs and over HTTP, and a gateway that offers their tools."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import legion_llm
import pytest
from canned import answer
from legion_llm import Host
from scripted import ScriptedServer, Send

PATIENCE = 30.0
PROGRAM = str(Path(__file__).with_name("mcp_program.py"))
pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def message(text=None, *calls):
    said = {"role": "assistant", "content": text, **({"tool_calls": list(calls)} if calls else {})}
    choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if calls else "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": [choice]}
    return json.dumps({**body, "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()


def call(name, /, **arguments):
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": "call_0", "type": "function", "function": function}


@pytest.fixture
def model():
    script = []
    with ScriptedServer(lambda _request: (Send(answer(script.pop(0))),)) as server:
        server.script = script
        yield server


@pytest.fixture
def start(model):
    started = []

    def begin(servers, tools=(), **mcp):
        provider = {"kind": "openai_compat", "base_url": f"{model.url}/v1", "models": ["m-1"], "default_model": "m-1"}
        settings = {"providers": {"p": provider}, "mcp": {"servers": servers, **mcp}}
        legion = legion_llm.start(settings, environ={"MY_TOKEN": "secret"}, host=Host(tools=tools))
        started.append(legion)
        return legion

    yield begin
    for legion in started:
        legion.shutdown()


@pytest.fixture
def address():
    """The address of a server that speaks streamable HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen([sys.executable, PROGRAM, str(port)], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "running on" in line.lower():
            break
    # Whatever it says from here on is read away, so that it never waits for a reader.
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    drain.start()
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()  # asked politely, it would wait for its clients
    process.wait(PATIENCE)
    drain.join(PATIENCE)
    process.stderr.close()


STDIO = {"command": sys.executable, "args": [PROGRAM]}


def tools_when(legion, ready):
    """Wait until the tools there are satisfy the test, and return their names."""
    changed = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        names = {tool.name for tool in legion.tools.all().get(PATIENCE)}
        if ready(names):
            return names
        changed.wait(0.05)
    raise AssertionError(f"still {names}")


def ask(legion, model, *calls):
    """Have the model make calls, and return what it was shown of their results."""
    model.script[:] = [message("", *calls), message("done")]
    assert legion.chat("go").get(PATIENCE).text == "done"
    return [each["content"] for each in model.requests[-1].json()["messages"] if each["role"] == "tool"]


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_the_tools_of_a_server_are_offered_and_run(start, model, request, transport):
    server = STDIO if transport == "stdio" else {"url": request.getfixturevalue("address")}
    legion = start({"tests": server})
    tools_when(legion, lambda names: "add" in names)

    assert ask(legion, model, call("add", a=2, b=40)) == ["42"]
    told = {each["function"]["name"]: each["function"] for each in model.requests[0].json()["tools"]}
    assert told["add"]["description"] == "Add two numbers."
    assert told["add"]["parameters"]["required"] == ["a", "b"]


def test_what_goes_wrong_in_a_server_is_told_to_the_model(start, model):
    legion = start({"tests": STDIO})
    tools_when(legion, lambda names: "add" in names)

    assert "no such city" in ask(legion, model, call("fail"))[0] or "fail" in ask(legion, model, call("fail"))[0]
    assert "valid integer" in ask(legion, model, call("add", a="x", b=1))[0]


def test_a_server_gets_the_variables_that_the_settings_name_and_not_ours(start, model):
    legion = start({"tests": {**STDIO, "env": {"TOKEN": "env://MY_TOKEN"}}})
    tools_when(legion, lambda names: "environment" in names)

    assert ask(legion, model, call("environment", name="TOKEN")) == ["secret"]
    assert ask(legion, model, call("environment", name="MY_TOKEN")) == [""]
    assert "secret" not in json.dumps(legion.inspect(), default=str)


def test_tools_that_a_server_gets_later_are_offered_then(start, model):
    legion = start({"tests": STDIO})
    tools_when(legion, lambda names: "grow" in names)

    ask(legion, model, call("grow"))

    assert "late" in tools_when(legion, lambda names: "late" in names)
    assert ask(legion, model, call("late")) == ["late"]


def test_a_server_that_dies_is_started_again_and_the_model_hears_of_it(start, model):
    legion = start({"tests": STDIO})
    tools_when(legion, lambda names: "die" in names)

    assert "MCP server 'tests'" in ask(legion, model, call("die"))[0]

    tools_when(legion, lambda names: "add" not in names)
    tools_when(legion, lambda names: "add" in names)
    assert ask(legion, model, call("add", a=1, b=1)) == ["2"]


def test_a_program_that_is_no_server_is_told_of_and_holds_up_nothing(start, model):
    legion = start(
        {"tests": {"command": sys.executable, "args": ["-c", "print('hello')"]}, "none": {"command": "/no/such"}}
    )
    model.script[:] = [message("hello")]

    assert legion.chat("hi").get(PATIENCE).text == "hello"
    why = legion.inspect("mcp/none")["snapshot"]
    assert why["connected"] is False


def test_a_tool_of_the_hosts_takes_the_place_of_a_servers(start, model):
    def my_add(a: int, b: int) -> str:
        """Add, in a way of one's own."""
        return f"mine: {a + b}"

    legion = start({"tests": STDIO}, tools=[my_add], overrides={"add": "my_add"})
    tools_when(legion, lambda names: "add" in names)

    assert ask(legion, model, call("add", a=1, b=2)) == ["mine: 3"]


def test_a_tool_that_may_take_a_servers_place_earns_it_by_agreeing_and_loses_it_by_failing(start, model, tmp_path):
    ran = []

    @legion_llm.tool(overrides="add")
    def my_add(a: int, b: int) -> str:
        """Add, in a way of one's own."""
        ran.append((a, b))
        if a < 0:
            raise ValueError("no")
        return str(a + b)

    legion = start({"tests": STDIO}, tools=[my_add], confidence_file=str(tmp_path / "o.db"))
    tools_when(legion, lambda names: "add" in names)

    for number in range(6):
        assert ask(legion, model, call("add", a=number, b=1)) == [str(number + 1)]
    known = legion.inspect("toolbox")["snapshot"]["overrides"]["add"]
    assert (known["confidence"], len(ran)) == (0.8, 6)
    assert ask(legion, model, call("add", a=-1, b=3)) == ["2"]

    legion.shutdown()
    again = start({"tests": STDIO}, tools=[my_add], confidence_file=str(tmp_path / "o.db"))
    tools_when(again, lambda names: "add" in names)
    ask(again, model, call("add", a=1, b=1))
    known = again.inspect("toolbox")["snapshot"]["overrides"]["add"]
    assert (known["confidence"], known["hits"], known["misses"]) == (0.75, 7, 1)


def test_deferred_tools_of_a_server_are_called_for_by_their_names(start, model):
    legion = start({"tests": {**STDIO, "deferred": True}})
    tools_when(legion, lambda names: "add" in names)

    def offered(text):
        model.script[:] = [message("ok")]
        legion.chat(text).get(PATIENCE)
        return [each["function"]["name"] for each in model.requests[-1].json().get("tools", [])]

    assert offered("hello") == []
    assert offered("please add these") == ["add"]


def test_shutting_down_ends_the_servers(start, model):
    import psutil  # noqa: PLC0415

    legion = start({"tests": STDIO})
    tools_when(legion, lambda names: "add" in names)
    children = [child for child in psutil.Process().children() if PROGRAM in child.cmdline()]
    assert len(children) == 1

    legion.shutdown()

    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]

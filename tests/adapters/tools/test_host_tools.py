from __future__ import annotations

import functools
import threading

import attrs
import pytest
import trio
from legion_llm import tool
from legion_llm.adapters.host.functions import HostFunctions
from legion_llm.adapters.tools.context import ToolContext
from legion_llm.adapters.tools.host_tools import HostTools
from legion_llm.adapters.tools.python_venv import python_venv
from legion_llm.adapters.tools.rendering import outcome_of
from legion_llm.messages.content import ImageBlock, TextBlock
from legion_llm.messages.errors import HostError, InvalidRequestError
from legion_llm.messages.tools import RunTool, ToolOutcome
from legion_llm.runtime import ActorSystem, SupervisorSpec

PATIENCE = 10.0


@pytest.fixture
def system():
    system = ActorSystem("test")
    system.start(SupervisorSpec(name="root", children=()))
    yield system
    system.shutdown()


@pytest.fixture
def tools(system):
    return HostTools(HostFunctions(system))


@pytest.fixture
def run(system, tools):
    """Run a tool as the toolbox would."""

    def call(each, **arguments):
        message = RunTool(tool=each, arguments=arguments, call_id="c", request_id="r", caller="alice")

        async def main():
            with trio.fail_after(PATIENCE):
                return await tools.run(message)

        return system.trio.run(main)

    return call


def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


async def add_later(a: int) -> int:
    """Add one."""
    return a + 1


class Kit:
    """Two tools and something else."""

    def __init__(self):
        self.said = []

    @tool
    def say(self, text: str) -> str:
        """Say it."""
        self.said.append(text)
        return text.upper()

    @tool(name="whisper", triggers=["Quiet", "psst"], deferred=True, timeout=2.0, parallel=False)
    async def say_quietly(self, text: str, context: ToolContext) -> str:
        """Say it quietly."""
        return f"{text} to {context.caller} ({context.request_id}, {context.call_id})"

    def not_a_tool(self):
        """Not for models."""


def test_functions_are_called_with_what_the_model_gave(tools, run):
    one, other = tools.bind([add, add_later])

    assert run(one, a=2, b=3) == ToolOutcome(content="5")
    assert run(one, a=2) == ToolOutcome(content="3")
    assert run(other, a=2) == ToolOutcome(content="3")


def test_marked_methods_of_an_object_are_a_group_of_tools(tools, run):
    kit = Kit()
    say, whisper = tools.bind([kit])

    assert (say.name, say.group, say.is_deferred, say.is_parallel) == ("say", "kit", False, True)
    assert (whisper.name, whisper.group, whisper.triggers) == ("whisper", "kit", ("quiet", "psst"))
    assert (whisper.is_deferred, whisper.timeout, whisper.is_parallel) == (True, 2.0, False)
    assert run(say, text="hi").content == "HI"
    assert kit.said == ["hi"]
    assert run(whisper, text="hi").content == "hi to alice (r, c)"


def test_a_class_is_made_and_its_object_taken(tools, run):
    assert [each.name for each in tools.bind([Kit])] == ["say", "whisper"]


def test_a_class_that_needs_arguments_is_refused(tools):
    class Needy:
        def __init__(self, thing):
            self.thing = thing

        @tool
        def go(self):
            """Go."""

    with pytest.raises(InvalidRequestError, match="give an object"):
        tools.bind([Needy])


def test_what_is_said_when_they_are_given_holds_for_all(tools):
    (each,) = tools.bind([add], name="sum", triggers=("add",), deferred=True, group="maths")

    assert (each.name, each.triggers, each.is_deferred, each.group) == ("sum", ("add",), True, "maths")


def test_parts_of_functions_are_functions(tools, run):
    (each,) = tools.bind([functools.partial(add, b=10)], name="add_ten")

    assert run(each, a=1).content == "11"


@pytest.mark.parametrize("thing", [7, "add", object()])
def test_what_is_no_tool_is_refused(tools, thing):
    with pytest.raises(InvalidRequestError, match="is no tool"):
        tools.bind([thing])


def test_arguments_that_do_not_fit_are_an_outcome(tools, run):
    (each,) = tools.bind([add])

    outcome = run(each, a="x")

    assert outcome.is_error
    assert outcome.content.startswith("the call was not made: a: Input should be a valid integer")


def test_what_the_function_raises_is_its_failure(tools, run):
    def breaks() -> None:
        """Break."""
        raise ValueError("no such city")

    (each,) = tools.bind([breaks])

    with pytest.raises(HostError, match="tool 'breaks' failed: ValueError: no such city"):
        run(each)


def test_a_tool_that_was_taken_away_says_so(tools, run):
    (each,) = tools.bind([add])
    tools.release((each,))

    assert run(each, a=1) == ToolOutcome(content="the tool 'add' was taken away", is_error=True)


def test_a_plain_function_does_not_hold_up_the_actors(tools, run):
    def where() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    (each,) = tools.bind([where])

    assert not run(each).content.startswith("test-")


# -- interceptors


def test_interceptors_change_arguments_in_the_order_of_their_registration(tools, run):
    tools.intercept("one", lambda name: name == "add", lambda _name, given: {**given, "a": given["a"] * 2})
    tools.intercept("two", lambda name: name == "add", lambda _name, given: {**given, "a": given["a"] + 1})
    tools.intercept("other", lambda name: name == "sub", lambda _name, _given: None)
    (each,) = tools.bind([add])

    assert run(each, a=5, b=0).content == "11"


def test_one_of_the_same_name_takes_the_old_ones_place(tools, run):
    tools.intercept("one", lambda _name: True, lambda _name, given: {**given, "a": 100})
    tools.intercept("two", lambda _name: True, lambda _name, given: {**given, "a": given["a"] + 1})
    tools.intercept("one", lambda _name: True, lambda _name, given: {**given, "a": 10})
    (each,) = tools.bind([add])

    assert run(each, a=5, b=0).content == "11"
    assert [each.name for each in tools.interceptors] == ["one", "two"]


@pytest.mark.parametrize(
    ("rewrite", "why"),
    [
        (lambda _name, _given: None, "interceptor 'bad' must return a mapping, not NoneType"),
        (lambda _name, given: given["nothing"], "interceptor 'bad' failed: KeyError: 'nothing'"),
    ],
)
def test_one_that_fails_fails_that_call_alone(tools, run, rewrite, why):
    tools.intercept("bad", lambda name: name == "add", rewrite)
    one, other = tools.bind([add, add_later])

    assert run(one, a=1) == ToolOutcome(content=f"the call was not made: {why}", is_error=True)
    assert run(other, a=1).content == "2"


def test_one_that_hangs_fails_that_call_alone(tools, run, monkeypatch):
    monkeypatch.setattr("legion_llm.actors.toolbox.interceptors.TIMEOUT", 0.01)
    go = threading.Event()
    tools.intercept("slow", lambda _name: True, lambda _name, given: go.wait(PATIENCE) and given)
    (each,) = tools.bind([add])

    outcome = run(each, a=1)
    go.set()

    assert outcome.is_error
    assert "took longer than" in outcome.content


# -- the managed environment


@pytest.fixture
def venv(tmp_path):
    program = tmp_path / "bin" / "python3"
    program.parent.mkdir()
    program.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "command", "changed"),
    [
        ("python", "python3 -m this", "{bin}/python3 -m this"),
        ("PIP3", " Python3", "{bin}/python3"),
        ("python", "python -m this", "python -m this"),  # there is no bin/python
        ("python", "python3x", "python3x"),
        ("python", "echo python3", "echo python3"),
        ("shell", "python3 -m this", "python3 -m this"),
        ("python", 7, 7),
    ],
)
def test_commands_of_python_run_in_the_managed_environment(venv, name, command, changed):
    interceptor = python_venv({"LEGION_PYTHON_VENV": str(venv)})
    expected = changed.format(bin=venv / "bin") if isinstance(changed, str) else changed

    result = (
        trio.run(interceptor.rewrite, name, {"command": command}) if interceptor.matches(name) else {"command": command}
    )

    assert result == {"command": expected}


def test_where_there_is_no_such_environment_nothing_is_changed(tmp_path):
    interceptor = python_venv({"HOME": str(tmp_path)})

    assert trio.run(interceptor.rewrite, "python", {"command": "python3"}) == {"command": "python3"}


# -- what came of it


@attrs.frozen
class Point:
    x: int
    inner: object = None


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("text", "text"),
        ("", ""),
        (None, "done"),
        (7, "7"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([], "[]"),
        (Point(1, Point(2)), '{"x":1,"inner":{"x":2,"inner":null}}'),
        ({1: {3}}, '{"1":[3]}'),
        (ValueError, "\"<class 'ValueError'>\""),
        (TextBlock(text="a"), (TextBlock(text="a"),)),
        (
            [TextBlock(text="a"), ImageBlock(source="url", data="u")],
            (TextBlock(text="a"), ImageBlock(source="url", data="u")),
        ),
    ],
)
def test_what_a_tool_returns_is_shown_as_text_or_json_or_blocks(value, content):
    assert outcome_of(value) == ToolOutcome(content=content)


def test_an_outcome_is_one():
    outcome = ToolOutcome(content="no", is_error=True)

    assert outcome_of(outcome) is outcome

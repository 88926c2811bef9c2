"""What is remembered of a run is short and without secrets, and what is told of it shorter still."""

from __future__ import annotations

import json

import pytest
from legion_llm.actors.inference.tools.history import runs_of, told
from legion_llm.messages.content import ImageBlock, TextBlock, ToolUseBlock
from legion_llm.messages.definitions import ToolDefinition
from legion_llm.messages.settings import ToolStickySettings
from legion_llm.messages.tool_memory import ToolRun
from legion_llm.messages.tools import Tool, ToolOutcome

SETTINGS = ToolStickySettings(max_args_length=10, max_result_length=20)
FIND = Tool(definition=ToolDefinition(name="find"), group="calendar", is_deferred=True)


def remembered(arguments="{}", content="done", *, is_error=False):
    call = ToolUseBlock(id="call_1", name="find", arguments=arguments)
    (run,) = runs_of([(call, ToolOutcome(content=content, is_error=is_error))], {"find": FIND}, SETTINGS)
    return run


def summary(result, *, is_error=False):
    run = ToolRun(call_id="c", tool="find", group="g", arguments={}, result=result, is_error=is_error)
    return told([(1, run)]).partition(" → ")[2]


def test_a_run_is_remembered_with_its_tools_group():
    run = remembered('{"day": "Monday"}')

    assert (run.call_id, run.tool, run.group, run.is_deferred) == ("call_1", "find", "calendar", True)
    assert run.arguments == {"day": "Monday"}
    assert run.result == "done"


def test_long_arguments_and_results_are_cut():
    run = remembered('{"text": "0123456789abc", "list": ["aaaaaaaaaaaa"]}', "x" * 30)

    assert run.arguments["text"] == "0123456789..."
    assert len(json.dumps(run.arguments["list"])) < 20
    assert run.result == "x" * 20 + "..."


@pytest.mark.parametrize("name", ["api_key", "apiKey", "token", "password", "client_secret", "Credentials"])
def test_an_argument_that_is_called_like_a_secret_is_masked_wherever_it_stands(name):
    run = remembered(json.dumps({name: "hush", "x": {name: "hush"}, "y": [{name: "hush"}]}))

    assert "hush" not in json.dumps(run.arguments)


def test_a_key_in_a_result_is_masked():
    assert "sk-" not in remembered(content="sk-abcdefghijklmnopqrstuvwxyz").result


def test_deep_arguments_do_no_harm():
    assert remembered('{"a":' * 300 + "1" + "}" * 300).arguments


def test_arguments_that_are_none_are_none():
    assert remembered("[1]").arguments == {}


def test_of_a_result_with_pictures_the_text_is_remembered():
    picture = ImageBlock(source="base64", data="AAAA", media_type="image/png")

    assert remembered(content=(TextBlock(text="seen"), picture)).result == "seen"


def test_calls_of_tools_that_do_not_exist_are_not_remembered():
    assert runs_of([(ToolUseBlock(id="c", name="nobody"), ToolOutcome())], {}, SETTINGS) == ()


@pytest.mark.parametrize(
    ("result", "told_as"),
    [
        ("[1, 2, 3]", "3 items"),
        ('{"number": 12, "html_url": "https://x/12", "body": "..."}', "#12 https://x/12"),
        ('{"number": 12}', "#12"),
        ('{"a": 1}', '{"a": 1}'),
        ("a\nb", "a b"),
        ("x" * 300, "x" * 200 + "..."),
    ],
)
def test_a_result_is_told_in_few_words(result, told_as):
    assert summary(result) == told_as


def test_a_failure_is_told_as_one():
    assert summary("no such day", is_error=True) == "failed: no such day"


def test_runs_are_told_one_a_line_with_their_turns():
    run = ToolRun(call_id="c", tool="find", group="g", arguments={"day": "Mo", "n": 1}, result="done")

    assert told([(1, run), (3, run)]) == 'Turn 1: find(day="Mo", n=1) → done\nTurn 3: find(day="Mo", n=1) → done'

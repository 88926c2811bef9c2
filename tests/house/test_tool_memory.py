"""Tools in a conversation: they stay at hand, their runs are remembered, and a restart forgets neither."""

from __future__ import annotations

import contextlib

import legion_llm
import pytest
from legion_llm import Host, tool
from talking import TalkingModel, call

PATIENCE = 10.0


@tool(triggers=("mail", "letters"), deferred=True, group="mail")
def read_mail(folder: str, token: str = "") -> list[str]:
    """Read letters."""
    return [f"{folder} 1", f"{folder} 2"]


@pytest.fixture
def model():
    with TalkingModel() as server:
        yield server


@pytest.fixture
def start(model, make_provider):
    with contextlib.ExitStack() as stack:

        def begin(**settings):
            # Words call for tools in the last message alone, so that what stays at hand stays for another reason.
            given = {"providers": {"p": make_provider(model)}, "tool_trigger": {"scan_depth": 1}, **settings}
            return stack.enter_context(legion_llm.start(given, environ={}, host=Host(tools=[read_mail])))

        yield begin


def tools_told(model):
    return [[each["function"]["name"] for each in asked.get("tools", [])] for asked in model.asked]


def say(legion, text, **fields):
    return legion.chat(text, conversation_id="c", **fields).get(PATIENCE)


def test_a_tool_that_a_word_called_for_stays_for_two_turns_more(start, model):
    model.will(("fine",))
    legion = start()

    for text in ("any letters?", "and now?", "and then?", "really?"):
        say(legion, text)

    assert tools_told(model) == [["read_mail"], ["read_mail"], ["read_mail"], []]


def test_a_switch_turns_it_off(start, model):
    model.will(("fine",))
    legion = start(tool_sticky={"enabled": False})

    say(legion, "any letters?")
    say(legion, "and now?")

    assert tools_told(model) == [["read_mail"], []]


def test_a_client_that_sends_its_own_history_hears_of_runs_that_it_did_not_see_after_a_restart(start, model, tmp_path):
    model.will(("", call("read_mail", '{"folder": "in", "token": "hush"}')), ("two letters",), ("still two",))
    store = {"path": str(tmp_path / "store.db")}
    with start(store=store) as legion:
        say(legion, "any letters?")
    history = [
        {"role": "user", "content": "any letters?"},
        {"role": "assistant", "content": "two letters"},
        {"role": "user", "content": "how many?"},
    ]

    legion = start(store=store)
    legion.chat(messages=history, conversation_id="c").get(PATIENCE)

    last = model.asked[-1]
    assert [each["content"] for each in last["messages"][:-1]] == ["any letters?", "two letters"]
    assert 'Turn 1: read_mail(folder="in", token="***") → 2 items' in str(last["messages"][-1]["content"])
    assert last["tools"][0]["function"]["name"] == "read_mail"
    page = legion.conversation("c").history().get(PATIENCE)
    assert "earlier_tool_calls" not in str(page.messages)


def test_what_stands_before_the_last_words_is_the_same_from_turn_to_turn(start, model):
    model.will(("", call("read_mail", '{"folder": "in"}')), ("two letters",), ("fine",))
    legion = start()
    for text in ("any letters?", "and now?", "and then?"):
        say(legion, text)

    third, fourth = (asked["messages"] for asked in model.asked[-2:])

    assert fourth[: len(third)] == third

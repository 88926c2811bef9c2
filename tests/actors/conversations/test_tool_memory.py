"""Tools stay at hand for some turns and some runs, and a moment at which they go is only ever put off."""

from __future__ import annotations

import pytest
from legion_llm.actors.conversations.tool_memory import TOOLS, ToolMemory, after_turn, memory_of
from legion_llm.messages.settings import ToolStickySettings
from legion_llm.messages.tool_memory import ToolRun, ToolsUsed

SETTINGS = ToolStickySettings(trigger_turns=2, execution_tool_calls=2, max_history_entries=3)


def ran(group="mail", name="read", *, deferred=True):
    return ToolRun(call_id="c", tool=name, group=group, arguments={}, result="done", is_deferred=deferred)


def after(*turns, state=None):
    """Return the state after turns."""
    state = dict(state or {})
    for used in turns:
        kept = after_turn(state, used, SETTINGS)
        state = {} if kept is None else {TOOLS: kept}
    return state


def at_hand(state):
    """The groups at hand in the next turn of the user."""
    memory = memory_of(state)
    return memory.staying(memory.turn + 1)


QUIET = ToolsUsed()
CALLED = ToolsUsed(triggered=("mail",))


@pytest.mark.parametrize(("turns", "groups"), [(0, ("mail",)), (1, ("mail",)), (2, ())])
def test_a_group_that_a_word_called_for_stays_for_two_turns(turns, groups):
    assert at_hand(after(CALLED, *[QUIET] * turns)) == groups


def test_a_turn_in_which_only_a_tool_of_the_clients_answered_is_none():
    assert at_hand(after(CALLED, QUIET, *[ToolsUsed(is_new_turn=False)] * 5)) == ("mail",)


@pytest.mark.parametrize(("others", "groups"), [(1, ("mail", "web")), (2, ("web",))])
def test_a_group_that_was_used_stays_for_so_many_runs_of_others(others, groups):
    state = after(ToolsUsed(runs=(ran(),)), *[ToolsUsed(runs=(ran("web"),))] * others)

    assert at_hand(state) == groups


def test_turns_do_not_take_away_what_was_used_nor_runs_what_was_called_for():
    used = after(ToolsUsed(runs=(ran(),)), *[QUIET] * 9)
    called = after(CALLED, ToolsUsed(runs=(ran("web"), ran("web"), ran("web"))))

    assert at_hand(used) == ("mail",)
    assert at_hand(called) == ("mail", "web")


def test_tools_that_are_always_at_hand_count_for_nothing_but_the_history():
    state = after(ToolsUsed(runs=(ran(deferred=False),)))

    assert at_hand(state) == ()
    assert [run.tool for _, run in memory_of(state).history] == ["read"]


def test_what_has_gone_comes_back_with_a_word():
    used_up = after(ToolsUsed(runs=(ran(),)), *[ToolsUsed(runs=(ran("web"),))] * 2)

    assert "mail" in at_hand(after(CALLED, state=used_up))


def test_only_the_last_runs_are_remembered_with_their_turns():
    state = after(*[ToolsUsed(runs=(ran(name=f"t{number}"),)) for number in range(5)])

    assert [(turn, run.tool) for turn, run in memory_of(state).history] == [(3, "t2"), (4, "t3"), (5, "t4")]


def test_turns_that_were_not_counted_are_those_that_the_request_saw():
    assert memory_of(after(ToolsUsed(triggered=("mail",), turns_before=6))).turn == 7


def test_where_nothing_stays_nothing_is_kept():
    assert after(CALLED, *[QUIET] * 3) == {}


@pytest.mark.parametrize("written", [7, {}, {"turn": "x"}, {"turn": 1, "runs": 1, "groups": [], "history": [[1]]}])
def test_what_somebody_else_wrote_there_is_nothing(written):
    assert memory_of({TOOLS: written}) == ToolMemory()

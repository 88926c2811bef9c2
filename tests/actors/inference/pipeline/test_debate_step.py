"""Which answers are debated."""

from __future__ import annotations

import pytest
from legion_llm.actors.inference.pipeline.steps import debate
from legion_llm.messages.advice import Advice
from legion_llm.messages.debate import DebateTerms
from legion_llm.messages.secret import Secret

ASKED = DebateTerms(enabled=True)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [({}, False), ({"debate": ASKED}, True), ({"debate": ASKED, "own_key": Secret("sk-guest")}, False)],
    ids=["unasked", "asked", "a guest with its own key"],
)
def test_who_asks_gets_a_debate_but_no_guest_at_our_cost(flow_of, answer, fields, wanted):
    flow = flow_of(**fields)
    flow.response = answer

    assert debate.wanted(flow) is wanted


@pytest.mark.parametrize(
    ("fields", "advised", "wanted"),
    [({}, True, True), ({}, None, False), ({"debate": DebateTerms(enabled=False)}, True, False)],
    ids=["advised", "no advice about it", "the caller wants none"],
)
def test_the_hosts_mind_has_a_say_where_the_caller_says_nothing(flow_of, answer, fields, advised, wanted):
    flow = flow_of(**fields)
    flow.response, flow.advice = answer, Advice(debate=advised)

    assert debate.wanted(flow) is wanted

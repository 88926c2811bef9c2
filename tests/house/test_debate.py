"""Debates about answers, through the whole house."""

from __future__ import annotations

import contextlib
import json

import legion_llm
import pytest
from legion_llm import InvalidRequestError
from upstream import ScriptedServer, Send, answer, canned_openai

PATIENCE = 10.0
SEARCHED = {"classification_scan": True, "restricted_to_local": False, "cloud_providers": ["far"]}
VERDICT = "## Evaluation\nThe critique is clearly right.\n## Final answer\n43"


def words_for(prompt):
    """What a model says to the last message of a request."""
    for beginning, words in (("Criticise", "too low"), ("Defend", "granted"), ("Judge", VERDICT)):
        if prompt.startswith(beginning):
            return words
    return "42"


@pytest.fixture
def asked():
    """(provider, body) of every question, in order."""
    return []


@pytest.fixture
def house(embedded, make_provider, asked):
    """Starts a gateway before providers that answer "42" and know how to debate."""
    with contextlib.ExitStack() as stack:

        def server(name):
            def script(request):
                if request.path.endswith("/models"):
                    return (Send(answer(canned_openai().models)),)
                body = request.json()
                asked.append((name, body))
                message = {"role": "assistant", "content": words_for(body["messages"][-1]["content"])}
                usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                whole = {
                    "id": "c",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "m-1",
                    "choices": [choice],
                    "usage": usage,
                }
                return (Send(answer(json.dumps(whole).encode())),)

            return make_provider(stack.enter_context(ScriptedServer(script)))

        yield lambda *names, **more: embedded({name: server(name) for name in names}, **more)


def test_the_judges_final_answer_takes_the_answers_place(house, asked):
    legion = house("a", "b", "c")

    response = legion.chat("6 * 7?", model="m-1", debate=True, debate_rounds=2).get(PATIENCE)

    assert response.text == "43"
    assert response.warnings == ()
    assert response.usage.total_tokens == 6 * 12
    result = response.enrichments["debate:result"]
    assert (result["rounds"], result["confidence"], result["evaluation"]) == (2, 0.85, "The critique is clearly right.")
    assert [name for name, _ in asked] == ["a", "b", "a", "b", "a", "c"]
    assert [each["content"] for each in asked[1][1]["messages"][:2]] == ["6 * 7?", "42"]
    assert asked[-1][1]["messages"][-1]["content"].count("[challenger]\ntoo low") == 2


def test_every_call_of_a_debate_is_in_the_ledger(house):
    legion = house("a", "b")

    caller = legion_llm.Caller(identity="ann", type="human")
    legion.chat("6 * 7?", model="m-1", debate=True, caller=caller).get(PATIENCE)

    (row,) = legion.usage(group_by=("caller",)).get(PATIENCE).rows
    assert (row.attempts, tuple(row.group)) == (4, ("ann",))


def test_nobody_debates_unasked_and_a_caller_may_decline(house, asked):
    house("a", "b").chat("6 * 7?", model="m-1").get(PATIENCE)
    house("a", "b", debate={"enabled": True}).chat("6 * 7?", model="m-1", debate=False).get(PATIENCE)

    assert len(asked) == 2


def test_those_in_a_hurry_are_spared(house, asked):
    caller = legion_llm.Caller(type="quick_reply")

    response = house("a", "b", debate={"enabled": True}).chat("6 * 7?", model="m-1", caller=caller).get(PATIENCE)

    assert (response.text, len(asked)) == ("42", 1)


def test_one_model_alone_is_a_warning(house):
    response = house("a").chat("6 * 7?", model="m-1", debate=True).get(PATIENCE)

    assert response.text == "42"
    assert response.warnings == ("debate: it takes two models, there was none; name them in `debate.challenger_model`",)


def test_a_stream_has_gone_out_already(embedded):
    stream = embedded({"demo": {}}, debate={"enabled": True}).stream("Hello", model="demo")
    for _ in stream:
        pass

    assert stream.reply.get(PATIENCE).warnings == ("debate: a stream has gone out already, there was none",)


def test_what_must_stay_here_is_not_argued_about_elsewhere(house, asked):
    legion = house(
        "home", "far", compliance={**SEARCHED, "phi_block_cloud": True}, debate={"challenger_model": "far:m-1"}
    )

    response = legion.chat("6 * 7?", model="home/m-1", debate=True, classification="restricted").get(PATIENCE)

    assert response.text == "42"
    assert response.warnings[0].startswith("step debate was left out: no target is left")
    assert {name for name, _ in asked} == {"home"}


def test_where_what_is_restricted_may_go_elsewhere_the_caller_is_warned_of_a_debate_there(house):
    legion = house("home", "far", compliance=SEARCHED, debate={"challenger_model": "far:m-1"})

    response = legion.chat("6 * 7?", model="home/m-1", debate=True, classification="restricted").get(PATIENCE)

    assert response.text == "43"
    assert response.warnings == ("far/m-1: a restricted request may not go to far, which is cloud",)


def test_an_exclusion_holds_for_every_call(house, asked):
    legion = house("home", "far", debate={"challenger_model": "far:m-1"})

    response = legion.chat("6 * 7?", model="home/m-1", debate=True, exclude=[{"provider": "far"}]).get(PATIENCE)

    assert response.warnings[0].startswith("step debate was left out")
    assert {name for name, _ in asked} == {"home"}


@pytest.mark.parametrize(("name", "value"), [("debate", "yes"), ("debate_rounds", "two")])
def test_terms_that_are_none_are_refused(house, name, value):
    with pytest.raises(InvalidRequestError) as caught:
        house("a").chat("6 * 7?", model="m-1", **{name: value})

    assert caught.value.param == name

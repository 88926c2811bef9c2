"""What hosts ask models for again and again: prompts of our own, sessions, and the mixin for their classes."""

from __future__ import annotations

import contextlib
import json
import math
from types import MappingProxyType

import legion_llm
import pytest
import trio
from scripted import ScriptedServer, Send
from upstream import answer

PATIENCE = 10.0
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}


def completion(text):
    """An OpenAI answer with this text."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "m-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


@pytest.fixture
def saying(embedded, make_provider):
    """Starts a gateway whose provider gives these answers, one after the other, the last for ever; returns it, and the provider's requests."""
    with contextlib.ExitStack() as stack:

        def start(*texts, **more):
            left, asked = list(texts), []

            def script(request):
                if request.path != "/v1/chat/completions":
                    return (Send(answer(b"{}", status="404 Not Found")),)
                asked.append(json.loads(request.body))
                text = left.pop(0) if len(left) > 1 else left[0]
                return (Send(answer(json.dumps(completion(text)).encode())),)

            server = stack.enter_context(ScriptedServer(script))
            return embedded({"p": make_provider(server)}, default_provider="p", **more), asked

        yield start


def test_a_summary_is_asked_for_with_everybodys_words_and_without_tools(saying):
    legion, asked = saying("short")

    response = legion.prompt.summarize([{"role": "user", "content": "Ships at nine"}]).get(PATIENCE)

    assert response.text == "short"
    assert "[user] Ships at nine" in asked[-1]["messages"][-1]["content"]
    assert "tools" not in asked[-1]


def test_data_is_extracted_and_checked(saying):
    legion, _ = saying("no data", '{"name": "Ada"}')

    result = legion.prompt.extract("Ada wrote it.", SCHEMA).get(PATIENCE)

    assert (result.data, result.attempts) == ({"name": "Ada"}, 2)


def test_a_decision_is_one_of_the_options(saying):
    legion, asked = saying('{"reason": "It is warm.", "choice": 2}')

    decision = legion.prompt.decide("What to drink?", ["tea", "water"]).get(PATIENCE)

    assert (decision.index, decision.option, decision.reason) == (1, "water", "It is warm.")
    assert "1. tea\n2. water" in asked[-1]["messages"][-1]["content"]


def test_a_model_that_chooses_nothing_of_the_list_has_not_decided(saying):
    legion, _ = saying('{"reason": "Why not", "choice": 7}')

    with pytest.raises(legion_llm.ProviderError, match="no option was chosen in 3 answers"):
        legion.prompt.decide("What?", ["tea", "water"]).get(PATIENCE)


@pytest.mark.parametrize("options", [[], ["tea"], "tea", ["tea", 7]])
def test_what_leaves_no_choice_is_refused(saying, options):
    legion, asked = saying("x")

    with pytest.raises(legion_llm.InvalidRequestError) as caught:
        legion.prompt.decide("What?", options)
    assert (caught.value.param, asked) == ("options", [])


def test_a_decision_can_be_awaited_and_given_up(saying):
    legion, _ = saying('{"reason": "r", "choice": 1}')

    async def main():
        return (await legion.prompt.decide("What?", ["tea", "water"])).option

    assert trio.run(main) == "tea"
    assert legion.prompt.decide("What?", ["tea", "water"]).cancel()


def test_a_pinned_request_needs_somebody_to_pin_it_to(embedded):
    legion = embedded({"demo": {}, "other": {"kind": "demo"}})

    with pytest.raises(legion_llm.InvalidRequestError, match="name a provider or a model"):
        legion.prompt.request("Hello")
    assert legion.prompt.request("Hello", provider="other").get(PATIENCE).routing.provider == "other"


def test_a_dispatched_request_goes_where_the_router_sends_it(embedded):
    rule = {"name": "thrift", "when": {"cost": "low"}, "then": {"provider": "other"}}
    legion = embedded({"demo": {}, "other": {"kind": "demo"}}, routing={"rules": [rule]})

    assert legion.prompt.dispatch("Hello", intent={"cost": "low"}).get(PATIENCE).routing.rule == "thrift"


def test_a_session_remembers_its_turns(saying):
    legion, asked = saying("first", "second")
    session = legion.session().with_instructions("Be brief.").with_parameters(temperature=0)

    session.ask("One?").get(PATIENCE)
    session.ask("Two?").get(PATIENCE)

    told = [(message["role"], message["content"]) for message in asked[-1]["messages"]]
    assert told == [("system", "Be brief."), ("user", "One?"), ("assistant", "first"), ("user", "Two?")]
    assert asked[-1]["temperature"] == 0
    assert [m.message.text for m in session.history().history().get(PATIENCE).messages][-1] == "second"


def test_a_session_is_gone_on_with_by_its_id(saying):
    legion, asked = saying("first", "second")
    begun = legion.session()
    begun.ask("One?").get(PATIENCE)

    assert legion.session(begun.id).ask("Two?").get(PATIENCE).text == "second"
    assert len(asked[-1]["messages"]) == 3


def test_a_session_offers_the_tools_that_it_was_given(saying):
    legion, asked = saying("done")

    def look(place: str) -> str:
        """Look somewhere."""
        return place

    legion.session().with_tools(look).ask("Where?").get(PATIENCE)

    assert [tool["function"]["name"] for tool in asked[-1]["tools"]] == ["look"]


def test_a_session_keeps_its_own_conversation(saying):
    legion, _ = saying("x")

    with pytest.raises(legion_llm.InvalidRequestError):
        legion.session(messages=[])


class Librarian(legion_llm.UsesLegion):
    llm_default_intent = MappingProxyType({"cost": "low"})


@pytest.fixture
def librarian(saying):
    legion, asked = saying("On the shelf.", pricing={"m-1": {"input": 1000000.0, "output": 0.0}})
    made = Librarian()
    made.legion = legion
    return made, asked


def test_a_class_asks_under_its_own_name(librarian):
    made, _ = librarian

    response = made.llm_chat("Where?", compress=1).get(PATIENCE)

    assert response.text == "On the shelf."
    assert made.llm_cost_summary() == {"m-1": 3.0}
    assert made.legion.usage(group_by="caller").get(PATIENCE).rows[0].group == (f"{__name__}.Librarian",)


def test_a_call_says_more_than_its_class_and_that_more_than_the_settings(embedded):
    made = Librarian()
    made.legion = embedded({"demo": {}, "b": {"kind": "demo"}, "c": {"kind": "demo"}}, default_provider="demo")

    made.llm_default_provider = "b"

    assert made.llm_chat("Where?").get(PATIENCE).routing.provider == "b"
    assert made.llm_chat("Where?", provider="c").get(PATIENCE).routing.provider == "c"


def test_what_a_class_may_ask_in_passing_is_answered(librarian):
    made, _ = librarian

    assert made.llm_connected
    assert made.llm_routing_enabled
    assert not made.llm_can_embed()
    assert made.llm_cost_estimate("Where is it?") > 0
    assert made.llm_budget_remaining() == math.inf
    assert made.llm_session().ask("Where?").get(PATIENCE).text == "On the shelf."


def test_a_class_without_a_gateway_asks_nobody():
    made = Librarian()

    with pytest.raises(legion_llm.SystemNotRunning, match=r"Librarian\.legion is not set"):
        made.llm_chat("Where?")
    assert not made.llm_connected
    assert not made.llm_can_embed()
    assert (made.llm_cost_estimate("?"), made.llm_cost_summary(), made.llm_budget_remaining()) == (0.0, {}, math.inf)

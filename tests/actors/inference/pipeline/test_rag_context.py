"""What the host knows goes before the user's words, where there is room and something to look up."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.inference.pipeline.steps import rag_context
from legion_llm.messages.advice import Advice
from legion_llm.messages.errors import HostError
from legion_llm.messages.knowledge import Knowledge
from legion_llm.messages.settings import RagSettings
from legion_llm.messages.terms import Terms

QUESTION = "when does the harbour open"


class Retriever:
    def __init__(self):
        self.asked = []
        self.knows = [Knowledge(content="at seven", content_type="fact", source="h.md")]
        self.hangs = False

    async def retrieve(self, wanted):
        await trio.lowlevel.checkpoint()
        self.asked.append(wanted)
        if self.hangs:
            await trio.sleep_forever()
        return self.knows


@pytest.fixture
def retriever():
    return Retriever()


@pytest.fixture
def flow(flow_of, services, retriever):
    def build(text=QUESTION, **fields):
        made = flow_of(text, **fields)
        made.services = attrs.evolve(services, retriever=retriever)
        return made

    return build


def test_the_step_is_for_systems_that_know_something(services, retriever):
    knowing = attrs.evolve(services, retriever=retriever)

    assert rag_context.offered(knowing)
    assert not rag_context.offered(services)
    assert not rag_context.offered(attrs.evolve(knowing, rag=RagSettings(enabled=False)))


def test_what_was_found_goes_before_the_users_words_and_later_steps_know_it(run, flow, retriever):
    made = flow()

    run(rag_context.run, made)

    (addition,) = made.additions
    assert addition.text == "<knowledge>\n[fact] at seven\n</knowledge>\n\n"
    assert made.knowledge == tuple(retriever.knows)
    assert made.enrichments["rag:context"] == {"entries": 1, "strategy": "full", "sources": ("h.md",)}
    assert [event.key for event in made.timeline.events] == ["rag:retrieved"]


def test_the_retriever_hears_what_is_looked_for_and_for_whom(run, flow, retriever):
    run(rag_context.run, flow(metadata={"team": "ops"}, conversation_id="c"))

    (wanted,) = retriever.asked
    assert (wanted.query, wanted.limit, wanted.min_confidence) == (QUESTION, 10, 0.5)
    assert (wanted.caller, wanted.conversation_id, wanted.metadata) == (None, "c", {"team": "ops"})


@pytest.mark.parametrize(
    ("text", "fields"),
    [("hi", {}), (QUESTION, {"terms": Terms(context_strategy="none")}), ("x " * 300_000, {})],
)
def test_nothing_is_looked_up_that_is_trivial_unwanted_or_has_no_room(run, flow, retriever, text, fields):
    made = flow(text, **fields)

    run(rag_context.run, made)

    assert (retriever.asked, made.additions, made.enrichments) == ([], [], {})


def test_advice_bounds_the_number_of_entries(run, flow, retriever):
    made = flow()
    made.advice = Advice(context_window=2)

    run(rag_context.run, made)

    assert retriever.asked[0].limit == 2


def test_nothing_found_is_nothing_told(run, flow, retriever):
    retriever.knows = []
    made = flow()

    run(rag_context.run, made)

    assert (made.additions, made.enrichments) == ([], {})


def test_a_retriever_that_hangs_is_left_after_its_time(flow, retriever, autojump_clock):
    retriever.hangs = True

    with pytest.raises(HostError, match="the retriever has not answered within 5 s"):
        trio.run(rag_context.run, flow(), clock=autojump_clock)

"""A retriever and an advisor of the host's, and the house's baseline, in the whole house."""

from __future__ import annotations

import contextlib

import legion_llm
import pytest
from legion_llm import Advice, Caller, Host, Knowledge, SqliteKnowledge
from talking import TalkingModel

PATIENCE = 10.0
QUESTION = "when does the harbour open"


class Librarian:
    def __init__(self, found):
        self.found = found

    async def retrieve(self, wanted):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class Mind:
    def __init__(self, advice):
        self.advice = advice

    def advise(self, request):
        return self.advice


@pytest.fixture
def model():
    with TalkingModel() as server:
        server.will(("fine",))
        yield server


@pytest.fixture
def start(model, make_provider):
    with contextlib.ExitStack() as stack:

        def begin(host, **settings):
            given = {"providers": {"p": make_provider(model)}, **settings}
            return stack.enter_context(legion_llm.start(given, environ={}, host=host))

        yield begin


def told(model):
    return model.asked[-1]["messages"]


def test_what_is_known_is_told_and_not_kept(start, model):
    legion = start(Host(retriever=Librarian([Knowledge(content="at seven", source="h.md")])))

    response = legion.chat(QUESTION, conversation_id="c").get(PATIENCE)

    assert "[text] at seven" in str(told(model)[-1]["content"])
    assert response.enrichments["rag:context"]["sources"] == ("h.md",)
    page = legion.conversation("c").history().get(PATIENCE)
    assert [stored.message.text for stored in page.messages] == [QUESTION, "fine"]


def test_what_stands_before_the_last_words_is_the_same_from_turn_to_turn(start, model):
    librarian = Librarian([Knowledge(content="at seven")])
    legion = start(Host(retriever=librarian), system_baseline="be kind")
    legion.chat(QUESTION, conversation_id="c").get(PATIENCE)
    first = told(model)

    librarian.found = [Knowledge(content="something else")]
    legion.chat("and at weekends, if at all?", conversation_id="c").get(PATIENCE)

    second = told(model)
    assert first[:-1] == second[: len(first) - 1] == [{"role": "system", "content": "be kind"}]
    assert second[1:3] == [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "fine"}]


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (ValueError("no"), "the host's retriever failed: ValueError: no"),
        (["text"], "the host's retriever must return a list of legion_llm.Knowledge, not list"),
    ],
)
def test_a_retriever_that_fails_is_a_warning(start, found, warning):
    response = start(Host(retriever=Librarian(found))).chat(QUESTION).get(PATIENCE)

    assert response.warnings == (f"step rag_context was left out: {warning}",)
    assert response.text == "fine"


@pytest.mark.parametrize(
    ("advice", "warning"),
    [
        ("be brief", "the host's advisor must return a legion_llm.Advice or None, not str"),
        (
            Advice(tier="moon"),
            "the host's advisor has named tier 'moon'; there are local, fleet, openai_compat, cloud, frontier",
        ),
    ],
)
def test_advice_that_is_none_is_a_warning(start, advice, warning):
    response = start(Host(advisor=Mind(advice))).chat("hi").get(PATIENCE)

    assert response.warnings == (f"step gaia_advisory was left out: {warning}",)


def test_callers_without_context_are_told_nothing(start, model):
    host = Host(retriever=Librarian([Knowledge(content="x")]), advisor=Mind(Advice(system_prompt="be brief")))
    legion = start(host)

    legion.chat(QUESTION, caller=Caller(type="service")).get(PATIENCE)
    assert told(model) == [{"role": "user", "content": QUESTION}]
    legion.chat(QUESTION, caller=Caller(type="system", identity="gaia:tick")).get(PATIENCE)

    assert [message["role"] for message in told(model)] == ["user"]
    assert "[text] x" in str(told(model)[-1]["content"])


def test_personal_data_that_is_known_stays_out_of_a_request_that_is_not_restricted(start, model):
    host = Host(retriever=Librarian([Knowledge(content="her number is 123-45-6789")]))

    response = start(host, compliance={"classification_scan": True}).chat(QUESTION).get(PATIENCE)

    assert "123" not in str(told(model))
    assert response.warnings == ("knowledge was left out: it holds personal data, and the request is not restricted",)


def test_a_file_of_texts_and_our_own_embeddings(tmp_path, start, model):
    store = SqliteKnowledge(tmp_path / "k.db")
    legion = start(
        Host(retriever=store),
        providers={"demo": {}},
        embedding={"provider": "demo"},
        rag={"min_confidence": 0.2},
    )
    store.use(legion)
    store.add("the harbour opens at seven", "bread is baked on Tuesdays")

    response = legion.chat(QUESTION).get(PATIENCE)

    assert response.enrichments["rag:context"]["entries"] == 1

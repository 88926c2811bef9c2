"""What hosts learn from answers, and say of those that do not keep to what was found for them."""

from __future__ import annotations

import queue
import threading

import legion_llm
import pytest
from legion_llm import Host, Knowledge

PATIENCE = 10.0


class Notebook:
    def __init__(self):
        self.pages = queue.Queue()

    def learn(self, learned):
        self.pages.put(learned)


class Wiki:
    def retrieve(self, wanted):
        return [Knowledge(content="The harbour opens at seven.")]


@pytest.fixture
def start():
    """Starts a gateway with the demo model and this host: start(learner=..., settings...)."""
    started = []

    def go(host, **more):
        legion = legion_llm.start({"providers": {"demo": {}}, **more}, environ={}, host=host)
        started.append(legion)
        return legion

    yield go
    for legion in started:
        legion.shutdown()


def test_every_answer_is_told_to_the_learner(start):
    notebook = Notebook()
    legion = start(Host(learner=notebook))

    response = legion.chat("Where is the ship?", caller=legion_llm.Caller(identity="ada", type="human")).get(PATIENCE)

    (answer,) = notebook.pages.get(timeout=PATIENCE)
    assert (answer.content, answer.kind, answer.confidence) == (response.text, "answer", 0.8)
    assert (answer.tags, answer.request_id, answer.caller) == (("llm_response", "demo"), response.request_id, "ada")


def test_decisions_are_read_out_of_long_answers_where_the_settings_want_it(start):
    notebook = Notebook()
    reflection = {"enabled": True, "min_chars": 10}
    legion = start(Host(learner=notebook), learning={"capture": False, "reflection": reflection})

    legion.chat("we decided to sail").get(PATIENCE)

    (decision,) = notebook.pages.get(timeout=PATIENCE)
    assert (decision.kind, decision.confidence) == ("decision", 0.7)


def test_a_second_answer_within_the_cooldown_is_not_read(start):
    notebook = Notebook()
    reflection = {"enabled": True, "min_chars": 10}
    legion = start(Host(learner=notebook), learning={"reflection": reflection})

    for _ in range(2):
        legion.chat("we decided to sail").get(PATIENCE)

    assert [len(notebook.pages.get(timeout=PATIENCE)) for _ in range(2)] == [2, 1]


def test_a_learner_that_fails_fails_nobody_else(start, caplog):
    failed = threading.Event()

    class Forgetful:
        def learn(self, learned):
            failed.set()
            raise OSError("no paper")

    legion = start(Host(learner=Forgetful()))

    assert legion.chat("Hello").get(PATIENCE).warnings == ()
    assert failed.wait(PATIENCE)
    assert legion.chat("Hello").get(PATIENCE).text


@pytest.mark.parametrize("kind", ["quick_reply", "service"])
def test_of_those_in_a_hurry_nothing_is_learnt(start, kind):
    notebook = Notebook()
    legion = start(Host(learner=notebook))

    legion.chat("Hello", caller=legion_llm.Caller(type=kind)).get(PATIENCE)
    legion.chat("last").get(PATIENCE)

    assert "last" in notebook.pages.get(timeout=PATIENCE)[0].content


def test_what_is_restricted_is_taught_to_nobody(start):
    notebook = Notebook()
    legion = start(Host(learner=notebook))

    legion.chat("Hello", classification="restricted").get(PATIENCE)
    legion.chat("last").get(PATIENCE)

    assert "last" in notebook.pages.get(timeout=PATIENCE)[0].content


def test_an_answer_that_keeps_to_what_was_found_is_said_to(start):
    seen = []

    def overlap(answer, knowledge):
        seen.append(knowledge)
        return 0.9

    legion = start(Host(retriever=Wiki(), evaluators={"overlap": overlap}))

    response = legion.chat("When does the harbour open?").get(PATIENCE)

    assert response.enrichments["guard:result"] == {"faithful": True, "scores": {"overlap": 0.9}, "flagged": ()}
    assert "The harbour opens at seven." in seen[0]
    assert response.warnings == ()


def test_one_that_does_not_is_warned_of(start):
    legion = start(Host(retriever=Wiki(), evaluators={"overlap": lambda answer, knowledge: 0.1}))

    response = legion.chat("When does the harbour open?").get(PATIENCE)

    assert response.warnings == ("the answer does not keep to the knowledge that was found, say overlap",)


def test_or_refused_where_the_settings_want_that(start):
    host = Host(retriever=Wiki(), evaluators={"overlap": lambda answer, knowledge: 0.1})
    legion = start(host, rag={"guard": {"closed": True}})

    with pytest.raises(legion_llm.PipelineError, match="does not keep to the knowledge") as caught:
        legion.chat("When does the harbour open?").get(PATIENCE)
    assert caught.value.step == "rag_guard"


@pytest.mark.parametrize("said", [None, 7, True, "yes"])
def test_an_evaluator_that_says_nothing_sensible_has_said_0(start, said):
    legion = start(Host(retriever=Wiki(), evaluators={"odd": lambda answer, knowledge: said}))

    response = legion.chat("When does the harbour open?").get(PATIENCE)

    assert response.enrichments["guard:result"]["scores"] == {"odd": 0.0}


def test_an_evaluator_that_takes_too_long_has_said_0(start):
    released = threading.Event()
    host = Host(retriever=Wiki(), evaluators={"slow": lambda answer, knowledge: released.wait(PATIENCE)})
    legion = start(host, rag={"guard": {"timeout": 0.01}})

    response = legion.chat("When does the harbour open?").get(PATIENCE)
    released.set()

    assert response.enrichments["guard:result"]["flagged"] == ("slow",)


def test_where_nothing_was_found_nothing_is_compared(start):
    host = Host(retriever=Wiki(), evaluators={"overlap": lambda answer, knowledge: 0.1})

    assert "guard:result" not in start(host).chat("hello").get(PATIENCE).enrichments

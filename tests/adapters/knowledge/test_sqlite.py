"""A store of texts: what lies near a question is found, and nothing else."""

from __future__ import annotations

import pytest
from legion_llm.adapters.knowledge.sqlite import SqliteKnowledge
from legion_llm.adapters.providers.demo_vectors import demo_vector
from legion_llm.messages.chat import Usage
from legion_llm.messages.embedding import Embedding, EmbedResponse
from legion_llm.messages.errors import InvalidRequestError, StoreUnavailable, SystemNotRunning
from legion_llm.messages.knowledge import Knowledge, KnowledgeWanted
from legion_llm.runtime import Reply


class Gateway:
    """Makes the demo model's vectors, under the name of a model."""

    def __init__(self, model="m-1", dimensions=64):
        self.model, self.dimensions, self.tasks = model, dimensions, []

    def embed(self, inputs, *, task):
        self.tasks.append(task)
        items = tuple(
            Embedding(index=number, vector=demo_vector(text, self.dimensions)) for number, text in enumerate(inputs)
        )
        reply = Reply()
        reply.set(EmbedResponse(items=items, model=self.model, dimensions=self.dimensions, usage=Usage()))
        return reply


@pytest.fixture
def store(tmp_path):
    made = SqliteKnowledge(tmp_path / "knowledge.db")
    made.use(Gateway())
    made.add("the harbour opens at seven", Knowledge(content="bread is baked", content_type="fact", source="b.md"))
    return made


def found(store, query, *, limit=10, min_confidence=0.3):
    return store.retrieve(KnowledgeWanted(query=query, limit=limit, min_confidence=min_confidence))


def test_what_lies_near_a_question_is_found(store):
    (entry,) = found(store, "when does the harbour open")

    assert entry.content == "the harbour opens at seven"
    assert 0.3 <= entry.confidence <= 1.0


def test_the_nearest_comes_first_and_no_more_than_wanted(store):
    store.add("the harbour opens")

    assert [entry.content for entry in found(store, "the harbour opens")] == [
        "the harbour opens",
        "the harbour opens at seven",
    ]
    assert len(found(store, "the harbour opens", limit=1)) == 1


def test_an_entry_keeps_what_is_known_of_it_over_a_restart(store, tmp_path):
    again = SqliteKnowledge(tmp_path / "knowledge.db")
    again.use(Gateway())

    (entry,) = found(again, "bread is baked")

    assert (entry.content_type, entry.source) == ("fact", "b.md")


def test_a_text_is_kept_once(store):
    store.add("bread is baked")

    assert len(store) == 2


@pytest.mark.parametrize("gateway", [Gateway(model="m-2"), Gateway(dimensions=32)])
def test_vectors_of_another_model_are_not_compared(store, gateway):
    store.use(gateway)

    assert found(store, "bread is baked") == []


def test_texts_are_documents_and_questions_queries(tmp_path):
    store, gateway = SqliteKnowledge(tmp_path / "k.db"), Gateway()
    store.use(gateway)

    store.add("a")
    store.add()
    found(store, "a")

    assert gateway.tasks == ["document", "query"]


def test_what_came_from_a_source_can_be_removed(store):
    assert store.remove(source="b.md") == 1
    assert len(store) == 1


def test_a_blank_text_is_refused(store):
    with pytest.raises(InvalidRequestError, match="a blank text is no knowledge"):
        store.add(" ")


def test_without_a_gateway_one_is_told_what_to_do(tmp_path):
    with pytest.raises(SystemNotRunning, match=r"call use\(legion\) first"):
        found(SqliteKnowledge(tmp_path / "k.db"), "a")


def test_a_file_that_is_no_store_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "k.db"
    path.write_bytes(b"no database" * 100)

    with pytest.raises(StoreUnavailable, match=r"k\.db: file is not a database"):
        SqliteKnowledge(path)

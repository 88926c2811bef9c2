from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.embedder.texts import pieces_of, prefix_for
from legion_llm.messages.settings import EmbeddingSettings, PrefixSettings

SETTINGS = EmbeddingSettings()


def parts(text, most, prefix=""):
    return [piece.content for piece in pieces_of(0, text, prefix, most)]


def test_a_text_that_fits_stays_whole():
    assert parts("a b c", 5) == ["a b c"]
    assert parts("a b c", None) == ["a b c"]


def test_a_text_is_cut_between_paragraphs_before_lines_and_between_sentences_before_words():
    assert parts("one two.\n\nthree four. five", 18) == ["one two.", "three four. five"]
    assert parts("one two three. four five six", 20) == ["one two three.", "four five six"]
    assert parts("one two three four five six", 20) == ["one two three", "four five six"]


def test_a_text_without_blanks_is_cut_where_it_must():
    assert parts("x" * 10, 4) == ["xxxx", "xxx", "xxx"]


def test_the_prefix_counts_towards_the_limit():
    assert parts("xxxxxxxx", 6, prefix="q:") == ["q:xxxx", "q:xxxx"]


@given(st.text(max_size=400), st.integers(1, 50))
def test_nothing_but_blanks_is_lost_and_no_piece_is_too_long(text, most):
    cut = parts(text, most)

    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(len(part) <= most for part in cut)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.integers(1, 50))
def test_tokens_are_cut_evenly_and_none_is_lost(tokens, most):
    cut = parts(tuple(tokens), most)

    assert [token for part in cut for token in part] == tokens
    assert max(map(len, cut)) <= most


def test_prefixes_go_by_model_and_task():
    assert prefix_for("nomic-embed-text:v1.5", "document", SETTINGS) == "search_document: "
    assert prefix_for("nomic-ai/nomic-embed-text", "query", SETTINGS) == "search_query: "
    assert prefix_for("mxbai-embed-large", "document", SETTINGS) == ""
    assert prefix_for("mxbai-embed-large", "query", SETTINGS).startswith("Represent this sentence")


def test_unknown_models_and_a_switched_off_injection_leave_texts_alone():
    assert prefix_for("bge-large", "query", SETTINGS) == ""
    assert prefix_for("nomic-embed-text", "query", EmbeddingSettings(prefix_injection=False)) == ""


def test_prefixes_can_be_set():
    settings = EmbeddingSettings(prefix_registry={"e5-large": PrefixSettings(document="passage: ", query="query: ")})

    assert prefix_for("intfloat/e5-large", "query", settings) == "query: "

from __future__ import annotations

import math

import pytest
from legion_llm.messages.errors import (
    ContextOverflow,
    ProviderError,
    RateLimitError,
    UnsupportedCapability,
)

TITAN = "amazon.titan-embed-text-v2:0"


def test_every_input_has_its_entry_in_its_order(run):
    response = run("a", "bbb", "cc")

    assert [item.index for item in response.items] == [0, 1, 2]
    assert [vector[0] for vector in response.vectors] == [1, 3, 2]


def test_the_order_is_kept_over_many_batches(run, model):
    response = run(*["x" * size for size in range(1, 40)], settings={"max_batch": 4})

    assert [vector[0] for vector in response.vectors] == list(range(1, 40))
    assert max(len(batch.inputs) for batch in model.batches) == 4


def test_calls_of_one_request_run_side_by_side_up_to_the_limit(run, model):
    run(*["x"] * 20, settings={"max_batch": 1, "max_concurrency": 3})

    assert model.most_running == 3


def test_the_tokens_of_all_calls_are_summed(run):
    response = run("a", "b", "c", settings={"max_batch": 1})

    assert response.usage.input_tokens == 3


def test_one_call_is_never_larger_than_providers_take(run, model):
    run(*["x" * 90_000] * 3, name="text-embedding-3-small")

    assert max(sum(map(len, batch.inputs)) for batch in model.batches) <= 200_000


def test_a_failed_batch_fails_the_whole_request(run, model):
    model.fails["b"] = RateLimitError("slow down")

    with pytest.raises(RateLimitError):
        run("a", "b", "c", settings={"max_batch": 1})


def test_titan_is_asked_one_text_at_a_time_and_keeps_what_succeeded(run, model):
    model.fails["b"] = RateLimitError("slow down")

    response = run("a", "b", "c", name=TITAN)

    assert [len(batch.inputs) for batch in model.batches] == [1, 1, 1]
    assert [item.vector is None for item in response.items] == [False, True, False]
    assert response.items[1].error == "RateLimitError: slow down"


def test_titan_fails_only_when_every_text_fails(run, model):
    model.fails |= {"a": RateLimitError("slow down"), "b": RateLimitError("slow down")}

    with pytest.raises(RateLimitError):
        run("a", "b", name=TITAN)


def test_cohere_is_asked_for_96_texts_at_most(run, model):
    run(*["x"] * 200, name="cohere.embed-english-v3", settings={"max_batch": 2048})

    assert [len(batch.inputs) for batch in model.batches] == [96, 96, 8]


# -- long texts


def test_a_text_over_a_known_limit_is_cut_before_it_is_sent(run, model):
    response = run("word " * 20_000, name="text-embedding-3-small")

    assert len(model.texts) == response.items[0].chunks == 4
    assert max(map(len, model.texts)) <= 8191 * 4
    assert "averaged" in response.warnings[0]


def test_the_vector_of_a_cut_text_is_the_mean_of_its_pieces_as_long_as_they_are(run, model):
    model.limit = 100

    (vector,) = run("x" * 199).vectors

    assert math.hypot(*vector) == pytest.approx(math.hypot(100, 1), rel=0.2)


def test_a_rejected_length_is_tried_again_at_sixty_percent(run, model):
    model.limit = 700

    response = run("x" * 1000)

    assert [len(text) for text in model.texts] == [1000, 500, 500]
    assert response.items[0].chunks == 2


def test_a_limit_far_below_is_found_step_by_step(run, model):
    model.limit = 50

    response = run("x" * 1000, "short")

    assert len(response.vectors) == 2
    assert response.items[1].chunks == 1
    assert max(map(len, model.batches[-1].inputs)) <= 50


def test_a_model_that_rejects_whatever_it_is_sent_is_given_up(run, model):
    model.limit = 0

    with pytest.raises(ContextOverflow):
        run("x" * 1000)

    assert len(model.batches) == 8


def test_a_long_text_is_an_error_where_it_must_not_be_cut(run, model):
    model.limit = 700

    with pytest.raises(ContextOverflow):
        run("x" * 1000, settings={"long_input": "refuse"})
    with pytest.raises(ContextOverflow):
        run("x" * 1000, may_split=False)

    assert len(model.batches) == 2


def test_a_text_of_more_bytes_than_titan_takes_is_never_sent_whole(run, model):
    run("日本語" * 10_000, name=TITAN)

    assert max(len(text.encode()) for text in model.texts) < 45_000
    with pytest.raises(UnsupportedCapability, match="44999 bytes"):
        run("日本語" * 10_000, name=TITAN, settings={"long_input": "refuse"})


def test_pieces_that_fail_are_left_out_of_the_average(run, model):
    text = " ".join(str(number) for number in range(20_000))
    run(text, name=TITAN)
    _, second, *_ = pieces = model.texts

    model.fails[second] = RateLimitError("slow down")
    response = run(text, name=TITAN)

    assert response.items[0].chunks == len(pieces) - 1
    assert f"input 0: 1 of its {len(pieces)} pieces failed and were left out of the average" in response.warnings


def test_tokens_are_cut_by_their_number(run, model):
    response = run(tuple(range(20_000)), name="text-embedding-3-small")

    assert [len(tokens) for tokens in model.texts] == [6667, 6667, 6666]
    assert response.items[0].chunks == 3


def test_every_piece_carries_the_prefix(run, model):
    text = "word " * 10_000

    run(text, name="nomic-embed-text", is_plain=False, settings={"enforce_dimension": False})
    model.limit = 20_000
    run(text, name="nomic-embed-text", is_plain=False, settings={"enforce_dimension": False})

    assert all(sent.startswith("search_document: ") for sent in model.texts)
    assert not any(sent.startswith("search_document: search_document: ") for sent in model.texts)


# -- lengths of vectors


def test_a_model_that_offers_lengths_is_asked_for_the_length_of_the_settings(run, model):
    response = run("a", name="text-embedding-3-small", is_plain=False)

    assert (model.batches[0].dimensions, response.dimensions) == (1024, 1024)


def test_a_client_that_named_a_model_gets_the_models_own_length(run, model):
    response = run("a", name="text-embedding-3-small", is_plain=True)

    assert (model.batches[0].dimensions, response.dimensions) == (None, 4)


def test_vectors_that_are_too_short_are_an_error_that_names_both_lengths(run, model):
    model.length = 768

    with pytest.raises(UnsupportedCapability, match=r"768 numbers, and 1024 are wanted"):
        run("a", name="nomic-embed-text", is_plain=False, settings={"dimension": 1024})


@pytest.mark.parametrize(
    ("name", "own", "length"),
    [
        ("nomic-embed-text", 768, 768),  # shorter than is usual here
        ("mxbai-embed-large", 1024, 1024),
        ("qwen3-embedding", 4096, 1024),  # may be cut
        ("text-embedding-ada-002", 1536, 1536),  # may not
    ],
)
def test_where_nobody_states_a_length_no_model_is_refused_for_its_own(run, model, name, own, length):
    model.length = own

    assert run("a", name=name, is_plain=False).dimensions == length


def test_vectors_of_any_length_pass_where_none_is_enforced(run, model):
    model.length = 768

    assert run("a", is_plain=False, settings={"enforce_dimension": False}).dimensions == 768


def test_titan_is_asked_for_the_next_longer_length_that_it_offers(run, model):
    response = run("a", name=TITAN, dimensions=300)

    assert (model.batches[0].dimensions, response.dimensions) == (512, 300)
    assert math.hypot(*response.vector) == pytest.approx(1)


# -- one space


def test_a_provider_that_changes_its_model_in_the_middle_is_not_believed(run, model):
    model.names = ["m-1", "m-2"]

    with pytest.raises(ProviderError, match="several models: m-1, m-2"):
        run("a", "b", settings={"max_batch": 1, "max_concurrency": 1})


def test_the_answer_names_the_model_as_the_provider_does(run, model):
    model.names = ["text-embedding-3-small-2024"]

    assert run("a").model == "text-embedding-3-small-2024"

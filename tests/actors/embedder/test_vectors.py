from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.embedder.models import ModelTraits
from legion_llm.actors.embedder.vectors import average, check_space, fitted, wanted_from_model
from legion_llm.messages.errors import ProviderError, UnsupportedCapability
from legion_llm.messages.settings import EmbeddingSettings

TRAINED = ModelTraits(is_trained_for_cutting=True)
UNTRAINED = ModelTraits()

numbers = st.floats(-100, 100, allow_subnormal=False)
spaces = st.integers(1, 8).flatmap(lambda size: st.lists(st.tuples(*[numbers] * size), min_size=1, max_size=6))


def fit(vector, dimensions, traits, **settings):
    return fitted(vector, dimensions, "m", traits, EmbeddingSettings(**settings))


@given(spaces)
def test_the_average_points_where_the_mean_points(vectors):
    result = average(vectors)

    mean = [math.fsum(column) / len(vectors) for column in zip(*vectors, strict=True)]
    assert sum(a * b for a, b in zip(result, mean, strict=True)) >= -1e-6
    assert len(result) == len(vectors[0])


def test_the_average_of_unit_vectors_has_length_one():
    assert average([(1.0, 0.0), (0.0, 1.0)]) == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))


def test_opposite_vectors_average_to_zeros():
    assert average([(1.0, 0.0), (-1.0, 0.0)]) == (0.0, 0.0)


def test_a_vector_of_the_right_length_passes_as_it_is():
    assert fit((3.0, 4.0), 2, UNTRAINED) == (3.0, 4.0)
    assert fit((3.0, 4.0), None, UNTRAINED) == (3.0, 4.0)


def test_a_cut_vector_has_length_one_again():
    assert fit((3.0, 4.0, 12.0), 2, TRAINED) == pytest.approx((0.6, 0.8))


def test_a_model_that_was_not_trained_for_it_is_not_cut_unless_the_settings_insist():
    with pytest.raises(UnsupportedCapability, match=r"embedding\.truncation"):
        fit((3.0, 4.0, 0.0), 2, UNTRAINED)

    assert fit((3.0, 4.0, 0.0), 2, UNTRAINED, truncation="always") == pytest.approx((0.6, 0.8))


def test_nothing_is_cut_where_the_settings_forbid_it():
    with pytest.raises(UnsupportedCapability):
        fit((3.0, 4.0, 0.0), 2, TRAINED, truncation="never")


def test_a_vector_is_never_made_longer():
    with pytest.raises(UnsupportedCapability, match="cannot be made longer"):
        fit((1.0,), 2, TRAINED, truncation="always")


def test_gemini_leaves_it_to_us_to_scale_what_it_shortened():
    assert fit((3.0, 4.0), 2, ModelTraits(is_scaled=False)) == pytest.approx((0.6, 0.8))


def test_what_is_left_of_a_vector_must_have_a_direction():
    with pytest.raises(ProviderError, match="zeros"):
        fit((0.0, 0.0, 1.0), 2, TRAINED)


@pytest.mark.parametrize("vectors", [[(1.0,), (1.0, 2.0)], [()], [(math.nan,)], [(math.inf, 1.0)]])
def test_vectors_that_cannot_be_compared_are_refused(vectors):
    with pytest.raises(ProviderError):
        check_space(vectors, "m")


@pytest.mark.parametrize(
    ("wanted", "lengths", "asked"),
    [
        (None, None, None),
        (100, (), None),
        (100, None, 100),
        (100, (256, 512), 256),
        (256, (256, 512), 256),
        (600, (256, 512), None),
    ],
)
def test_the_length_that_a_model_is_asked_for(wanted, lengths, asked):
    assert wanted_from_model(wanted, ModelTraits(lengths=lengths)) == asked

from __future__ import annotations

import math

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.providers.demo import DemoProvider
from legion_llm.adapters.providers.demo_vectors import demo_vector
from legion_llm.messages.embedding import EmbedBatch
from legion_llm.messages.errors import ProviderDown, RequestRejectedError


def likeness(one, other):
    return sum(a * b for a, b in zip(demo_vector(one), demo_vector(other), strict=True))


@given(st.text(max_size=50), st.integers(1, 64))
def test_every_text_has_a_vector_of_length_one(text, dimensions):
    vector = demo_vector(text, dimensions)

    assert len(vector) == dimensions
    assert math.hypot(*vector) == pytest.approx(1)


def test_texts_that_share_words_lie_nearer_than_those_that_do_not():
    assert likeness("the red house", "The red door") > 0.5 > likeness("the red house", "a blue whale")


def test_the_same_words_always_give_the_same_vector():
    assert demo_vector("a b") == demo_vector("A  b")


def test_the_demo_model_embeds_and_fails_as_it_is_told():
    provider = DemoProvider()
    answer = trio.run(provider.embed, EmbedBatch(inputs=("a b", (1,)), dimensions=4), "demo")

    assert [len(vector) for vector in answer.vectors] == [4, 4]
    assert answer.usage.input_tokens == 3
    with pytest.raises(ProviderDown):
        trio.run(provider.embed, EmbedBatch(inputs=("a",)), "demo-fail-down")
    with pytest.raises(RequestRejectedError, match="4096 numbers at most"):
        trio.run(provider.embed, EmbedBatch(inputs=("a",), dimensions=5000), "demo")

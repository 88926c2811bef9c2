from __future__ import annotations

import pytest
from legion_llm.messages.chat import Usage
from legion_llm.messages.embedding import Embedding, EmbedResponse
from legion_llm.messages.errors import EmbeddingUnavailableError, SettingsError
from legion_llm.messages.settings import EmbeddingSettings


def response(*vectors):
    items = tuple(
        Embedding(index=index, vector=vector, error=None if vector else "ProviderDown: gone")
        for index, vector in enumerate(vectors)
    )
    return EmbedResponse(items=items, model="m", dimensions=1, usage=Usage())


def test_vectors_come_in_the_order_of_the_inputs():
    assert response((1.0,), (2.0,)).vectors == ((1.0,), (2.0,))
    assert response((1.0,), (2.0,)).vector == (1.0,)


def test_a_missing_vector_says_why_it_is_missing():
    with pytest.raises(EmbeddingUnavailableError, match="input 1 has no vector: ProviderDown: gone"):
        _ = response((1.0,), None).vectors


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimension": 0},
        {"provider": " "},
        {"truncation": "sometimes"},
        {"long_input": "cut"},
        {"ollama_context_chars": {"m": 0}},
        {"ollama_default_context_chars": 0},
        {"max_batch": 4096},
        {"max_concurrency": 0},
    ],
)
def test_a_setting_out_of_range_is_named(wrong):
    with pytest.raises(SettingsError) as caught:
        EmbeddingSettings(**wrong)

    assert caught.value.path.startswith(next(iter(wrong)))

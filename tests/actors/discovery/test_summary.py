from __future__ import annotations

from legion_llm.actors.discovery.record import Record
from legion_llm.actors.discovery.summary import first_word, turned
from legion_llm.messages.catalogue import Capability, ModelFacts


def found(*models):
    return first_word("ollama", Record(models=models, answered_at=0.0))


def test_the_context_that_vllm_serves_is_shown():
    assert found(ModelFacts(name="Qwen/Qwen3-32B", context_window=32768)) == (
        "ollama: 1 model: Qwen/Qwen3-32B (context 32,768)"
    )


def test_size_use_and_memory_are_shown():
    embedder = ModelFacts(name="e", size_bytes=300_000_000, can=frozenset({Capability.EMBED}), loaded=True)

    assert found(embedder, ModelFacts(name="m", loaded=False)) == "ollama: 2 models: e (0.3 GB, embeddings, loaded), m"


def test_of_a_long_list_the_first_are_named():
    line = found(*[ModelFacts(name=f"m{number}") for number in range(300)])

    assert line.startswith("ollama: 300 models: m0, m1,")
    assert line.endswith("m7 and 292 more")


def test_an_engine_without_models_has_none():
    assert found() == "ollama: no models"


def test_one_that_does_not_answer_says_why():
    failed = Record(failure="connection refused")

    assert first_word("ollama", failed) == "ollama: no models known: connection refused"
    assert turned("ollama", failed) == "ollama: does not answer any more: connection refused"

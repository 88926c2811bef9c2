from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.embedder.actor import Embedder, EmbedderConfig
from legion_llm.actors.embedder.choice import Source
from legion_llm.actors.router.policy import Policy
from legion_llm.actors.router.rulebook import RuleBook
from legion_llm.messages.chat import ModelInfo
from legion_llm.messages.embedding import Embed, EmbedAnswer, EmbedCall, EmbedRequest
from legion_llm.messages.errors import (
    ContextOverflow,
    EscalationExhausted,
    PrivacyModeError,
    ProviderDown,
    RequestRejectedError,
    UnsupportedCapability,
)
from legion_llm.messages.routing import ListModels
from legion_llm.messages.settings import EmbeddingSettings, RuleSettings
from legion_llm.runtime import Actor


class RouterDouble(Actor[ListModels]):
    def on_list_models(self, _message: ListModels) -> tuple[ModelInfo, ...]:
        return (ModelInfo(id="bge-large:latest", provider="ollama", tier="local"),)


class ConnectionDouble(Actor[EmbedCall]):
    """Makes vectors of one length, or fails as it was told."""

    def __init__(self, script) -> None:
        super().__init__()
        self._script = script

    async def on_embed_call(self, message: EmbedCall) -> EmbedAnswer:
        self._script.calls.append(message)
        if self._script.failures:
            raise self._script.failures.pop(0)
        return EmbedAnswer(vectors=tuple([(1.0, *[0.0] * (self._script.length - 1))] * len(message.batch.inputs)))


@attrs.define
class Script:
    length: int = 1024
    failures: list = attrs.field(factory=list)
    calls: list = attrs.field(factory=list)


@pytest.fixture
def scripts():
    return {"ollama": Script(), "openai": Script()}


@pytest.fixture
def embed(house, scripts):
    sources = (
        Source(name="ollama", provider="ollama", kind="ollama", tier="local"),
        Source(name="openai", provider="openai", kind="openai", tier="frontier"),
    )
    config = EmbedderConfig(sources=sources, settings=EmbeddingSettings(max_batch=1, max_concurrency=1))
    house.add("router", RouterDouble)
    for name, script in scripts.items():
        house.add(name, lambda script=script: ConnectionDouble(script))
    house.add("embedder", lambda: Embedder(config, router=house.address("router"), connection=house.address))
    house.start()
    return lambda *inputs, **fields: house.ask("embedder", Embed(request=EmbedRequest(inputs=inputs, **fields)))


def test_the_first_of_the_chain_answers_and_the_answer_says_so(embed, scripts):
    response = embed("a", "b")

    assert (response.model, response.routing.provider, response.routing.attempts) == ("bge-large", "ollama", 1)
    assert scripts["openai"].calls == []


def test_a_failure_in_the_middle_restarts_the_whole_request_elsewhere(embed, scripts):
    scripts["ollama"].failures = [ProviderDown("gone")]

    response = embed("a", "b", "c")

    assert response.routing.chain == ("ollama/bge-large: target_sick", "openai/text-embedding-3-small: success")
    assert [call.batch.inputs for call in scripts["openai"].calls] == [("a",), ("b",), ("c",)]
    assert response.model == "text-embedding-3-small"


def test_attempts_are_numbered_over_the_whole_request(embed, scripts):
    scripts["ollama"].failures = [ProviderDown("gone")]

    embed("a", "b")

    calls = [*scripts["ollama"].calls, *scripts["openai"].calls]
    assert [call.attempt for call in calls] == [1, 2, 3]


def test_a_failover_changes_nothing_for_the_next_request(embed, scripts):
    scripts["ollama"].failures = [ProviderDown("gone")]

    first, second = embed("a"), embed("a")

    assert (first.routing.provider, second.routing.provider) == ("openai", "ollama")


def test_a_request_that_names_its_model_does_not_end_up_with_another(embed, scripts):
    scripts["ollama"].failures = [ProviderDown("gone")]

    with pytest.raises(ProviderDown):
        embed("a", model="bge-large")

    assert scripts["openai"].calls == []


def test_a_model_whose_vectors_are_too_short_is_passed_over(embed, scripts):
    scripts["ollama"].length = 768

    assert embed("a", dimensions=1024).routing.provider == "openai"


def test_a_mistake_of_the_caller_goes_nowhere_else(embed, scripts):
    scripts["ollama"].failures = [RequestRejectedError("no")]

    with pytest.raises(RequestRejectedError):
        embed("a")

    assert scripts["openai"].calls == []


def test_all_failures_are_told_in_one_error(embed, scripts):
    for script in scripts.values():
        script.failures = [ProviderDown("gone")]

    with pytest.raises(EscalationExhausted, match="all 2 providers of embeddings failed") as caught:
        embed("a")

    assert [attempt.split(":")[0] for attempt in caught.value.attempts] == [
        "ollama/bge-large",
        "openai/text-embedding-3-small",
    ]


def test_where_nobody_can_do_what_is_wanted_the_first_reason_is_told(embed, scripts):
    for script in scripts.values():
        script.length = 8

    with pytest.raises(UnsupportedCapability, match=r"^bge-large makes vectors of 8 numbers"):
        embed("a", dimensions=1024)


def test_a_rejected_length_stays_with_the_same_model(embed, scripts):
    scripts["ollama"].failures = [ContextOverflow("too long")]

    response = embed("word " * 100)

    assert response.routing.provider == "ollama"
    assert response.items[0].chunks == 2


# -- what must stay inside

INSIDE = RuleSettings(name="inside", when={"data": "customer"}, constraint="never_external")


@pytest.mark.parametrize(
    ("policy", "intent"),
    [
        (Policy(), {"privacy": "strict"}),
        (Policy(is_private=True), {}),
        (Policy(rules=RuleBook([INSIDE])), {"data": "customer"}),
    ],
)
def test_privacy_and_constraints_hold_for_embeddings_too(house, scripts, policy, intent):
    outside = Source(name="openai", provider="openai", kind="openai", tier="frontier")
    config = EmbedderConfig(sources=(outside,), settings=EmbeddingSettings(), policy=policy)
    house.add("router", RouterDouble)
    house.add("openai", lambda: ConnectionDouble(scripts["openai"]))
    house.add("embedder", lambda: Embedder(config, router=house.address("router"), connection=house.address))
    house.start()

    with pytest.raises(PrivacyModeError):
        house.ask("embedder", Embed(request=EmbedRequest(inputs=("secret",), intent=intent)))

    assert scripts["openai"].calls == []

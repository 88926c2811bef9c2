"""Embeddings through the whole house: a host's call, and the official clients against the running server."""

from __future__ import annotations

import asyncio

import httpx
import legion_llm
import openai
import pytest
from embedding import OPENAI_LENGTH, bedrock_embeddings, gemini_embeddings, ollama_embeddings, openai_embeddings
from google import genai
from legion_llm.actors.metering.actor import AttemptsWanted
from upstream import Fault, openai_upstream


@pytest.fixture
def vendor():
    with openai_embeddings() as server:
        yield server


@pytest.fixture
def local():
    with ollama_embeddings() as server:
        yield server


def openai_at(server):
    return {"base_url": f"{server.url}/v1", "api_key": "none", "models": ["gpt-4o"]}


def ollama_at(server):
    # Stated, so that no test waits for the catalogue to be read.
    return {"base_url": server.url, "models": ["mxbai-embed-large:latest"]}


@pytest.fixture
def client(serving, vendor, local):
    legion = serving({"openai": openai_at(vendor), "ollama": ollama_at(local), "demo": {}})
    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client:
        yield client


# -- a host's call


def test_one_text(embedded, vendor):
    legion = embedded({"openai": openai_at(vendor)})

    response = legion.embed("hello").get(5)

    assert (response.vector[0], response.dimensions) == (5.0, 1024)
    assert vendor.requests[0].json()["dimensions"] == 1024
    assert response.usage.input_tokens == 5


def test_many_texts_keep_their_order_whatever_the_provider_does(embedded, vendor):
    legion = embedded({"openai": openai_at(vendor)})

    assert [vector[0] for vector in legion.embed(["a", "bbb", "cc"]).get(5).vectors] == [1, 3, 2]


def test_ollama_is_told_not_to_cut_and_long_texts_are_averaged(embedded, local):
    legion = embedded({"ollama": ollama_at(local)})

    response = legion.embed(["word " * 250, "short"]).get(5)

    assert [item.chunks for item in response.items] == [2, 1]
    assert all(request.json()["truncate"] is False for request in local.requests if request.method == "POST")


def test_a_dead_local_server_is_replaced_for_all_of_the_request(embedded, vendor):
    with ollama_embeddings() as dead:
        block = ollama_at(dead)
    legion = embedded({"ollama": block, "openai": openai_at(vendor)})

    response = legion.embed(["a", "b"]).get(5)

    assert response.routing.chain == (
        "ollama/mxbai-embed-large: target_sick",
        "openai/text-embedding-3-small: success",
    )
    assert [call.target.instance for call in metered(legion)] == ["ollama", "openai"]


def metered(legion):
    return legion._system.address("metering").request(AttemptsWanted()).get(5)


def test_each_call_is_metered_as_an_embedding(embedded, vendor):
    legion = embedded({"openai": openai_at(vendor)}, embedding={"max_batch": 2, "max_concurrency": 1})

    response = legion.embed(["a", "b", "c"]).get(5)

    records = metered(legion)
    assert [(record.request_type, record.usage.input_tokens) for record in records] == [
        ("embedding", 2),
        ("embedding", 1),
    ]
    assert {record.request_id for record in records} == {response.request_id}


def test_a_disabled_provider_is_never_asked(embedded, vendor, local):
    legion = embedded({"ollama": {**ollama_at(local), "enabled": False}, "openai": openai_at(vendor)})

    legion.embed("a").get(5)

    assert local.requests == []


def test_the_default_provider_of_chats_has_no_say(embedded):
    with openai_upstream() as server:
        chats = {"kind": "anthropic", "base_url": server.url, "api_key": "none", "models": ["m-1"]}
        legion = embedded({"chats": chats}, default_provider="chats")

        with pytest.raises(legion_llm.EmbeddingUnavailableError):
            legion.embed("a").get(5)


def test_prefixes_go_by_task(embedded):
    with ollama_embeddings(models=("nomic-embed-text:latest",)) as server:
        block = {"base_url": server.url, "models": ["nomic-embed-text:latest"]}
        legion = embedded({"ollama": block})

        legion.embed(["a"], task="query").get(5)

        assert server.requests[0].json()["input"] == ["search_query: a"]


def test_giving_up_stops_the_upstream_call(embedded):
    with openai_upstream(Fault.HANG_BEFORE_FIRST_BYTE) as server:
        legion = embedded({"openai": openai_at(server)})
        reply = legion.embed("a", model="openai/x")
        while not server.requests:
            pass

        reply.cancel()

        assert server.client_closed.wait(5)


# -- the official client


def test_the_client_asks_for_base64_by_default_and_gets_floats(client, vendor):
    answer = client.embeddings.create(model="text-embedding-3-small", input=["a", "bb"])

    assert [item.embedding[0] for item in answer.data] == [1.0, 2.0]
    assert len(answer.data[0].embedding) == OPENAI_LENGTH
    assert (answer.model, answer.usage.prompt_tokens) == ("text-embedding-3-small", 3)


@pytest.mark.parametrize(
    ("given", "lengths"),
    [("abc", [3]), (["a", "bb"], [1, 2]), ([7, 8, 9], [3]), ([[7], [8, 9]], [1, 2])],
    ids=["text", "texts", "tokens", "lists of tokens"],
)
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_every_kind_of_input(client, given, lengths, encoding):
    answer = client.embeddings.create(model="text-embedding-3-small", input=given, encoding_format=encoding)

    assert len(answer.data) == len(lengths)
    if encoding == "float":
        assert [item.embedding[0] for item in answer.data] == lengths


def test_dimensions_and_user_are_passed_on(client, vendor):
    answer = client.embeddings.create(model="text-embedding-3-small", input="a", dimensions=256, user="ann")

    assert len(answer.data[0].embedding) == 256
    assert vendor.requests[0].json()["user"] == "ann"


def test_auto_leaves_the_model_to_the_settings(client):
    answer = client.embeddings.create(model="auto", input="a")

    assert (answer.model, len(answer.data[0].embedding)) == ("mxbai-embed-large", 1024)


def test_a_text_for_ollama_gets_no_prefix_when_the_client_named_the_model(client, local):
    client.embeddings.create(model="mxbai-embed-large", input="a")

    assert local.requests[-1].json()["input"] == ["a"]


def test_tokens_cannot_go_to_ollama(client):
    with pytest.raises(openai.BadRequestError, match="ollama embeds text"):
        client.embeddings.create(model="mxbai-embed-large", input=[1, 2])


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="nobody/has-this", input="a")

    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "demo"}, "input"),
        ({"input": "a"}, "model"),
        ({"model": "demo", "input": ""}, "input"),
        ({"model": "demo", "input": []}, "input"),
        ({"model": "demo", "input": ["a", ""]}, "input.1"),
        ({"model": "demo", "input": ["a", 1]}, "input.1"),
        ({"model": "demo", "input": [1, "a"]}, "input.1"),
        ({"model": "demo", "input": [-1]}, "input.0"),
        ({"model": "demo", "input": [[1], []]}, "input.1"),
        ({"model": "demo", "input": {"a": 1}}, "input"),
        ({"model": "demo", "input": ["a"] * 2049}, "input"),
        ({"model": "demo", "input": "a", "dimensions": 0}, "dimensions"),
        ({"model": "demo", "input": "a", "encoding_format": "int8"}, "encoding_format"),
    ],
)
def test_a_malformed_request_names_the_field(serving, body, param):
    legion = serving({"demo": {}})

    answer = httpx.post(f"{legion.url}/v1/embeddings", json=body)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_a_rate_limit_reaches_the_client_with_its_wait(serving):
    legion = serving({"demo": {}})

    answer = httpx.post(f"{legion.url}/v1/embeddings", json={"model": "demo-fail-rate-limit", "input": "a"})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_the_answer_says_who_gave_it(serving):
    legion = serving({"demo": {}})

    headers = {"x-request-id": "mine"}
    answer = httpx.post(f"{legion.url}/v1/embeddings", json={"model": "demo", "input": "a"}, headers=headers)

    assert (answer.headers["x-legion-provider"], answer.headers["x-request-id"]) == ("demo", "mine")


def test_the_async_client(serving):
    legion = serving({"demo": {}})

    async def main():
        async with openai.AsyncOpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client:
            return await client.embeddings.create(model="demo", input=["a", "b"], dimensions=16)

    assert [len(item.embedding) for item in asyncio.run(main()).data] == [16, 16]


# -- Ollama's clients


def test_ollamas_own_route(serving):
    legion = serving({"demo": {}})

    answer = httpx.post(f"{legion.url}/api/embed", json={"model": "demo", "input": ["a", "b"], "dimensions": 4}).json()

    assert [len(vector) for vector in answer["embeddings"]] == [4, 4]
    assert (answer["model"], answer["prompt_eval_count"]) == ("demo", 2)


def test_ollamas_older_route(serving):
    legion = serving({"demo": {}})

    answer = httpx.post(f"{legion.url}/api/embeddings", json={"model": "demo", "prompt": "a"}).json()

    assert len(answer["embedding"]) == 1024


def test_ollamas_clients_read_errors_in_their_shape(serving):
    legion = serving({"demo": {}})

    answer = httpx.post(f"{legion.url}/api/embed", json={"model": "demo", "input": [1]})

    assert (answer.status_code, answer.json()) == (400, {"error": "input.0 must be a string, not a number"})


def test_what_must_not_be_cut_is_refused(serving, local):
    legion = serving({"ollama": ollama_at(local)})
    body = {"model": "mxbai-embed-large", "input": "x" * 5000}

    whole = httpx.post(f"{legion.url}/api/embed", json={**body, "truncate": False})
    cut = httpx.post(f"{legion.url}/api/embed", json=body)

    assert (whole.status_code, cut.status_code) == (400, 200)


# -- keys


def test_the_holder_of_a_key_embeds_with_what_its_key_allows(serving, vendor, local):
    keys = {"ann": {"key": "ann-key", "models": ["text-*"]}, "bob": {"key": "bob-key", "intent": {"privacy": "strict"}}}
    providers = {"openai": openai_at(vendor), "ollama": ollama_at(local)}
    legion = serving(providers, api={"port": 0, "keys": keys})

    def embed(key, model):
        headers = {"authorization": f"Bearer {key}"}
        return httpx.post(f"{legion.url}/v1/embeddings", json={"model": model, "input": "a"}, headers=headers)

    assert embed("ann-key", "mxbai-embed-large").status_code == 401
    assert embed("ann-key", "auto").json()["model"] == "text-embedding-3-small"
    assert embed("bob-key", "auto").json()["model"] == "mxbai-embed-large"
    assert embed("bob-key", "text-embedding-3-small").status_code == 403
    assert embed("none", "auto").status_code == 401


# -- Gemini


def test_gemini_embeds_and_its_tokens_are_estimated(embedded):
    with gemini_embeddings() as server:
        block = {"base_url": server.url, "api_key": "none", "models": ["gemini-3-pro"]}
        legion = embedded({"gemini": block})

        response = legion.embed(["aaaa", "bb"], provider="gemini", task="query").get(5)

        assert (response.model, response.dimensions, response.usage.source) == (
            "gemini-embedding-001",
            1024,
            "estimated",
        )
        assert server.requests[-1].json()["requests"][0]["taskType"] == "RETRIEVAL_QUERY"
        # Google leaves it to its callers to scale vectors that it shortened.
        assert sum(number * number for number in response.vector) == pytest.approx(1)


def test_geminis_client_embeds_and_counts(serving):
    with gemini_embeddings() as server:
        gemini = {"base_url": server.url, "api_key": "none", "models": ["gemini-3-pro"]}
        legion = serving({"gemini": gemini, "demo": {}})
        client = genai.Client(api_key="none", http_options={"base_url": legion.url})

        made = client.models.embed_content(
            model="demo", contents=["a", "b"], config={"output_dimensionality": 8, "task_type": "RETRIEVAL_DOCUMENT"}
        )
        counted = client.models.count_tokens(model="gemini-3-pro", contents="How long is this?")
        client.close()

    assert [len(each.values) for each in made.embeddings] == [8, 8]
    assert counted.total_tokens == 99


# -- Bedrock

TITAN, COHERE, NOVA = "amazon.titan-embed-text-v2:0", "cohere.embed-v4:0", "amazon.nova-2-multimodal-embeddings-v1:0"
PAIR = {"api_key": "AKIDEXAMPLE", "secret_key": "s3cr3t"}


@pytest.fixture
def amazon():
    with bedrock_embeddings() as server:
        yield server


@pytest.fixture
def bedrock(embedded, amazon):
    """Start a gateway before Bedrock, with a pair of keys or what the test gives."""
    return lambda **keys: embedded({"bedrock": {"base_url": amazon.url, "models": ["m"], **(keys or PAIR)}})


@pytest.mark.parametrize(("model", "calls"), [(TITAN, 2), (COHERE, 1), (f"us.{COHERE}", 1), (NOVA, 2)])
def test_every_maker_at_bedrock_is_asked_in_its_own_json(bedrock, amazon, model, calls):
    response = bedrock().embed(["a", "bbb"], model=model).get(5)

    assert ([vector[0] for vector in response.vectors], response.dimensions) == ([1, 3], 1024)
    assert [request.path for request in amazon.requests] == [f"/model/{model.replace(':', '%3A')}/invoke"] * calls
    assert response.usage.input_tokens > 0


def test_requests_for_vectors_are_signed(bedrock, amazon):
    bedrock().embed("a").get(5)

    assert amazon.requests[0].headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert amazon.requests[0].json() == {"inputText": "a", "dimensions": 1024}


def test_a_bearer_token_is_shown_as_it_is(bedrock, amazon):
    bedrock(bearer_token="token-1").embed("a", model=COHERE, task="query").get(5)

    assert amazon.requests[0].headers["authorization"] == "Bearer token-1"
    assert amazon.requests[0].json()["input_type"] == "search_query"


def test_what_bedrock_finds_too_long_is_cut_and_averaged(bedrock):
    response = bedrock().embed("word " * 250).get(5)

    assert response.items[0].chunks > 1


def test_a_model_of_an_unknown_maker_is_refused_before_anything_is_sent(bedrock, amazon):
    with pytest.raises(legion_llm.UnsupportedCapability, match="Titan, Cohere or Nova"):
        bedrock().embed("a", model="bedrock/other.embed").get(5)

    assert amazon.requests == []


def test_a_local_model_of_another_length_is_not_refused(embedded):
    with ollama_embeddings(models=("nomic-embed-text:latest",), length=768) as server:
        legion = embedded({"ollama": {"base_url": server.url, "models": ["nomic-embed-text:latest"]}})

        assert legion.embed("a").get(5).dimensions == 768

from __future__ import annotations

import json

import pytest
from google.genai import types as google_types
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.dialects.bedrock import BedrockEmbed
from legion_llm.adapters.dialects.gemini import GeminiEmbed, GeminiEmbedCall
from legion_llm.adapters.dialects.ollama import OllamaEmbed
from legion_llm.adapters.dialects.openai_embeddings import OpenAIEmbeddings
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.dialects.vectors import to_base64, vector_of
from legion_llm.messages.chat import Usage
from legion_llm.messages.embedding import EmbedBatch, Embedding, EmbedRequest, EmbedResponse
from legion_llm.messages.errors import (
    EmbeddingUnavailableError,
    InvalidRequestError,
    ProviderError,
    UnsupportedCapability,
    UpstreamError,
)
from openai.types import CreateEmbeddingResponse

OPTIONS = DialectOptions()
OPENAI = OpenAIEmbeddings(encoding="base64")
OLLAMA = OllamaEmbed()
GEMINI = GeminiEmbed()


def parse(dialect, value):
    return dialect.parse_embed(json.dumps(value).encode())


def sent(spoken, options=OPTIONS, /, **batch):
    wire = spoken.render_embed(EmbedBatch(**batch), "m", options)
    return json.loads(wire.body), wire.warnings


# -- vectors on the wire


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_base64_says_what_was_written(numbers):
    assert vector_of(to_base64(numbers)) == tuple(numbers)


@pytest.mark.parametrize("value", [[1, 2.5], [[1, 2.5]], to_base64([1, 2.5])])
def test_a_vector_may_be_flat_nested_or_base64(value):
    assert vector_of(value) == (1.0, 2.5)


@pytest.mark.parametrize("value", [None, {}, ["a"], [None], "not base64!", "AAA=", [[1], [2]]])
def test_anything_else_is_no_vector(value):
    with pytest.raises(ProviderError):
        vector_of(value)


# -- OpenAI


def test_a_request_holds_model_inputs_and_what_was_asked_for():
    body, warnings = sent(OPENAI, inputs=("a", (1, 2)), dimensions=8)

    assert body == {"model": "m", "input": ["a", [1, 2]], "dimensions": 8, "encoding_format": "base64"}
    assert warnings == ()


def test_imitations_are_not_asked_for_an_encoding():
    body, _ = sent(OpenAIEmbeddings(), inputs=("a",))

    assert body == {"model": "m", "input": ["a"]}


def test_unknown_parameters_go_to_the_same_dialect_only():
    own, _ = sent(OPENAI, inputs=("a",), dialect="openai.embeddings", extra={"user": "ann", "encoding_format": "float"})
    foreign, warnings = sent(OPENAI, inputs=("a",), dialect="ollama.embed", extra={"keep_alive": 5})

    assert (own["user"], own["encoding_format"]) == ("ann", "base64")
    assert "keep_alive" not in foreign
    assert warnings == ("keep_alive was left out: openai.embeddings has no such parameter of ollama.embed",)


def test_what_the_settings_add_to_chats_stays_out():
    body, _ = sent(OPENAI, DialectOptions(extra_body={"reasoning_effort": "low"}), inputs=("a",))

    assert "reasoning_effort" not in body


def test_items_are_put_into_the_order_of_their_index():
    data = [{"index": 1, "embedding": [1]}, {"index": 0, "embedding": [0]}]

    answer = parse(OPENAI, {"data": data, "model": "m", "usage": {"prompt_tokens": 4, "total_tokens": 4}})

    assert (answer.vectors, answer.model, answer.usage.input_tokens) == (((0.0,), (1.0,)), "m", 4)


@pytest.mark.parametrize("numbers", [(0, 0), (None, None)])
def test_a_server_that_does_not_number_is_believed_to_keep_the_order(numbers):
    data = [{"index": number, "embedding": [place]} for place, number in enumerate(numbers)]

    assert parse(OPENAI, {"data": data}).vectors == ((0.0,), (1.0,))


def test_tokens_that_nobody_told_are_unknown_and_not_zero():
    assert parse(OPENAI, {"data": [{"embedding": [1]}]}).usage.source == "partial"


def test_a_bare_list_of_vectors_is_an_answer():
    assert parse(OPENAI, [[1, 2], [3, 4]]).vectors == ((1.0, 2.0), (3.0, 4.0))


@pytest.mark.parametrize(
    "answer",
    [
        5,
        {},
        {"data": None},
        {"data": [5]},
        {"data": [{"index": 1, "embedding": [1]}, {"index": 2, "embedding": [1]}]},
        {"data": [{"embedding": "%"}]},
        [],
    ],
)
def test_junk_is_a_provider_error(answer):
    with pytest.raises(ProviderError):
        parse(OPENAI, answer)


def test_an_error_under_status_200_is_an_error():
    with pytest.raises(UpstreamError, match="no such model"):
        parse(OPENAI, {"error": {"message": "no such model"}})


def response_of(*vectors):
    items = tuple(Embedding(index=index, vector=vector) for index, vector in enumerate(vectors))
    return EmbedResponse(items=items, model="m", dimensions=2, usage=Usage(uncached_input=3))


@pytest.mark.parametrize("extra", [{}, {"encoding_format": "float"}])
def test_the_official_type_reads_our_answer(extra):
    rendered = OPENAI.render_embed_response(response_of((1.0, 2.0)), EmbedRequest(inputs=("a",), extra=extra))

    answer = CreateEmbeddingResponse.model_validate_json(rendered, strict=True)
    assert answer.data[0].embedding == [1.0, 2.0]
    assert answer.usage.total_tokens == 3


def test_base64_comes_when_it_was_asked_for():
    request = EmbedRequest(inputs=("a",), extra={"encoding_format": "base64"})

    rendered = json.loads(OPENAI.render_embed_response(response_of((1.0, 2.0)), request))

    assert vector_of(rendered["data"][0]["embedding"]) == (1.0, 2.0)


def test_an_input_without_a_vector_is_an_error_to_a_client_that_cannot_be_told_otherwise():
    failed = EmbedResponse(
        items=(Embedding(index=0, vector=None, error="RateLimitError: slow down"),),
        model="m",
        dimensions=2,
        usage=Usage(),
    )

    with pytest.raises(EmbeddingUnavailableError, match="input 0 has no vector: RateLimitError: slow down"):
        OPENAI.render_embed_response(failed, EmbedRequest(inputs=("a",)))


@pytest.mark.parametrize(
    ("kind", "task"), [("query", "query"), ("passage", "document"), ("search_query", "query"), ("other", None)]
)
def test_the_purpose_may_be_named_as_gateways_do(kind, task):
    request = OPENAI.parse_embed_request(json.dumps({"model": "m", "input": "a", "input_type": kind}).encode())

    assert (request.task, request.extra["input_type"]) == (task, kind)


@given(st.binary(max_size=60) | st.from_type(dict).map(lambda value: json.dumps(value, default=str).encode()))
def test_whatever_a_client_sends_is_a_request_or_a_mistake_of_its_own(body):
    for dialect in (
        OPENAI,
        OLLAMA,
        OllamaEmbed(is_old=True),
        *[GeminiEmbedCall("m", is_batch=many) for many in (True, False)],
    ):
        with pytest.raises(InvalidRequestError):
            dialect.parse_embed_request(body)


# -- Ollama


def test_ollama_is_told_not_to_cut():
    body, _ = sent(OLLAMA, inputs=("a",))

    assert body == {"model": "m", "input": ["a"], "truncate": False}


def test_ollama_takes_its_own_options_and_no_one_elses():
    options = DialectOptions(extra_body={"num_ctx": 8192, "keep_alive": "5m", "think": False})

    body, _ = sent(OLLAMA, options, inputs=("a",))

    assert (body["options"], body["keep_alive"]) == ({"num_ctx": 8192}, "5m")
    assert "think" not in body


def test_ollama_takes_no_tokens():
    with pytest.raises(UnsupportedCapability):
        sent(OLLAMA, inputs=((1, 2),))


@pytest.mark.parametrize("answer", [{"embeddings": [[1, 2]]}, {"embedding": [1, 2]}])
def test_ollamas_answers_old_and_new(answer):
    assert parse(OLLAMA, {"model": "m", **answer}).vectors == ((1.0, 2.0),)


@pytest.mark.parametrize("answer", [{}, {"embeddings": []}, {"embeddings": 5}, {"error": "no"}])
def test_ollamas_junk_is_an_error(answer):
    with pytest.raises(UpstreamError):
        parse(OLLAMA, answer)


# -- Gemini


def test_gemini_is_asked_for_each_text_with_purpose_and_length():
    wire = GEMINI.render_embed(
        EmbedBatch(inputs=("a", "b"), task="query", dimensions=8), "gemini-embedding-001", OPTIONS
    )

    assert wire.path == "/models/gemini-embedding-001:batchEmbedContents"
    first, second = json.loads(wire.body)["requests"]
    assert first == {
        "model": "models/gemini-embedding-001",
        "taskType": "RETRIEVAL_QUERY",
        "outputDimensionality": 8,
        "content": {"parts": [{"text": "a"}]},
    }
    assert second["content"] == {"parts": [{"text": "b"}]}


def test_the_official_type_reads_our_request_to_gemini():
    wire = GEMINI.render_embed(EmbedBatch(inputs=("a",), task="document"), "m", OPTIONS)

    content = google_types.Content.model_validate(json.loads(wire.body)["requests"][0]["content"])
    assert content.parts[0].text == "a"


def test_gemini_does_not_tell_the_tokens():
    answer = parse(GEMINI, {"embeddings": [{"values": [1, 2]}]})

    assert (answer.vectors, answer.usage.source) == (((1.0, 2.0),), "partial")


def test_gemini_takes_no_tokens():
    with pytest.raises(UnsupportedCapability):
        sent(GEMINI, inputs=((1, 2),))


@pytest.mark.parametrize(
    "answer", [{}, {"embeddings": 5}, {"embeddings": [5]}, {"error": {"code": 400, "message": "no"}}]
)
def test_geminis_junk_is_an_error(answer):
    with pytest.raises(UpstreamError):
        parse(GEMINI, answer)


def test_geminis_clients_may_write_their_fields_either_way():
    text = {"parts": [{"text": "a"}, {"text": "b"}]}
    call = GeminiEmbedCall("m", is_batch=False)

    for body in (
        {"content": text, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8},
        {"content": text, "task_type": "RETRIEVAL_QUERY", "output_dimensionality": 8},
    ):
        request = call.parse_embed_request(json.dumps(body).encode())
        assert (request.inputs, request.task, request.dimensions) == (("a\nb",), "query", 8)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "requests"),
        ({"requests": []}, "requests"),
        ({"requests": [{}]}, "requests.0.content"),
        ({"requests": [{"content": {"parts": []}}]}, "requests.0.content"),
        ({"requests": [{"content": {"parts": [{"inlineData": {}}]}}]}, "requests.0.content.parts.0.text"),
        ({"requests": [{"content": {"parts": [{"text": "a"}]}}, {"content": {}, "taskType": "X"}]}, "requests.1"),
    ],
)
def test_geminis_clients_hear_which_field_is_wrong(body, param):
    with pytest.raises(InvalidRequestError) as caught:
        GeminiEmbedCall("m", is_batch=True).parse_embed_request(json.dumps(body).encode())

    assert caught.value.param == param


# -- Bedrock

BEDROCK = BedrockEmbed()
TITAN_IMAGE = "amazon.titan-embed-image-v1"


def invoked(model, **batch):
    wire = BEDROCK.render_embed(EmbedBatch(**batch), model, OPTIONS)
    return wire.path, json.loads(wire.body), wire.warnings


def test_bedrocks_makers_have_words_of_their_own():
    path, image, lost = invoked(TITAN_IMAGE, inputs=("a",), dimensions=384, dialect="x", extra={"user": "ann"})
    _, cohere, _ = invoked("cohere.embed-english-v3", inputs=("a", "b"), task="query")

    assert (path, image) == (
        f"/model/{TITAN_IMAGE}/invoke",
        {"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 384}},
    )
    assert lost == ("user was left out: bedrock.embed has no such parameter",)
    assert cohere == {
        "texts": ["a", "b"],
        "input_type": "search_query",
        "truncate": "NONE",
        "embedding_types": ["float"],
    }


@pytest.mark.parametrize(
    ("model", "inputs", "lacks"),
    [(TITAN_IMAGE, ("a", "b"), "batch"), ("mine", ("a",), "embeddings"), (TITAN_IMAGE, ((1, 2),), "token_input")],
)
def test_what_a_maker_does_not_take_is_refused_before_anything_is_sent(model, inputs, lacks):
    with pytest.raises(UnsupportedCapability) as caught:
        invoked(model, inputs=inputs)

    assert caught.value.capability == lacks


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        ({"embedding": [1, 2], "inputTextTokenCount": 3}, 3),
        ({"embeddings": [[1, 2]], "response_type": "embeddings_floats"}, 0),
        ({"embeddings": {"float": [[1, 2]]}}, 0),
        ({"embeddings": [{"embeddingType": "TEXT", "embedding": [1, 2]}]}, 0),
    ],
)
def test_vectors_come_in_four_shapes(answer, tokens):
    read = parse(BEDROCK, answer)

    assert (read.vectors, read.usage.input_tokens) == (((1.0, 2.0),), tokens)


@pytest.mark.parametrize(
    "answer", [{}, {"embeddings": {}}, {"embeddings": [{}, 7]}, {"embedding": None}, {"message": "no"}]
)
def test_what_is_no_vector_of_bedrocks_is_a_typed_error(answer):
    with pytest.raises(UpstreamError):
        parse(BEDROCK, answer)

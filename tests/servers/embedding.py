"""Servers that make vectors, as OpenAI and Ollama do: the vector of a text is (its length, 1, 0, ...)."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any
from urllib.parse import unquote

from canned import answer
from scripted import Action, ReceivedRequest, ScriptedServer, Send

OPENAI_LENGTH = 1536
OLLAMA_LENGTH = 1024


def vector_of(content: str | list[int], length: int) -> list[float]:
    return [float(len(content)), 1.0, *[0.0] * (length - 2)]


def openai_embeddings(*, limit: int = 8191) -> ScriptedServer:
    """POST /v1/embeddings of OpenAI, which counts a token a character; more than `limit` is too long."""

    def script(request: ReceivedRequest) -> tuple[Action, ...]:
        if request.path != "/v1/embeddings":
            return (Send(answer(b'{"error": {"message": "no such path"}}', status="404 Not Found")),)
        body = request.json()
        given = body["input"]
        contents = [given] if isinstance(given, str) or isinstance(given[0], int) else given
        if max(map(len, contents)) > limit:
            words = f"This model's maximum context length is {limit} tokens, however you requested {max(map(len, contents))} tokens"
            return (Send(answer(_error(words), status="400 Bad Request")),)
        vectors = [vector_of(content, body.get("dimensions", OPENAI_LENGTH)) for content in contents]
        # The order of `data` is not promised; `index` is.
        data = [
            {"object": "embedding", "index": index, "embedding": _shaped(vector, body.get("encoding_format"))}
            for index, vector in reversed(list(enumerate(vectors)))
        ]
        tokens = sum(map(len, contents))
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return (Send(answer(_json({"object": "list", "model": body["model"], "data": data, "usage": usage}))),)

    return ScriptedServer(script)


def ollama_embeddings(
    *, models: tuple[str, ...] = ("mxbai-embed-large:latest",), limit: int = 1000, length: int = OLLAMA_LENGTH
) -> ScriptedServer:
    """An Ollama server: GET /api/tags, POST /api/embed, which cuts silently unless it is told not to."""

    def script(request: ReceivedRequest) -> tuple[Action, ...]:
        if request.path == "/api/tags":
            return (Send(answer(_json({"models": [{"name": name, "model": name} for name in models]}))),)
        if request.path != "/api/embed":
            return (Send(answer(b"404 page not found", status="404 Not Found", content_type="text/plain")),)
        body = request.json()
        if not any(name in (body["model"], f"{body['model']}:latest") for name in models):
            missing = _json({"error": f'model "{body["model"]}" not found, try pulling it first'})
            return (Send(answer(missing, status="404 Not Found")),)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if max(map(len, texts)) > limit and body.get("truncate", True) is False:
            too_long = _json({"error": "the input length exceeds the context length"})
            return (Send(answer(too_long, status="400 Bad Request")),)
        vectors = [vector_of(text[:limit], length) for text in texts]
        tokens = sum(len(text[:limit]) for text in texts)
        return (Send(answer(_json({"model": body["model"], "embeddings": vectors, "prompt_eval_count": tokens}))),)

    return ScriptedServer(script)


def _shaped(vector: list[float], encoding: str | None) -> Any:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if encoding == "base64" else vector


def _error(words: str) -> bytes:
    return _json({"error": {"message": words, "type": "invalid_request_error", "param": None, "code": None}})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def gemini_embeddings() -> ScriptedServer:
    """Google's server: batchEmbedContents, which tells no tokens, and countTokens, which counts 99."""

    def script(request: ReceivedRequest) -> tuple[Action, ...]:
        body = request.json()
        if request.path.endswith(":countTokens") and "contents" in body["generateContentRequest"]:
            return (Send(answer(_json({"totalTokens": 99}))),)
        if not request.path.endswith(":batchEmbedContents"):
            return (Send(answer(_json({"error": {"code": 404, "message": "no"}}), status="404 Not Found")),)
        made = [
            {"values": vector_of(each["content"]["parts"][0]["text"], each.get("outputDimensionality", 3072))}
            for each in body["requests"]
        ]
        return (Send(answer(_json({"embeddings": made}))),)

    return ScriptedServer(script)


def bedrock_embeddings(*, limit: int = 1000) -> ScriptedServer:
    """Bedrock's InvokeModel: Titan, which takes a text a call, Cohere's and Nova's. More than `limit` characters are too long."""

    def script(request: ReceivedRequest) -> tuple[Action, ...]:
        model, body = unquote(request.path).removeprefix("/model/").removesuffix("/invoke"), request.json()
        asked = body.get("singleEmbeddingParams", {})
        texts = body.get("texts") or [body.get("inputText") or asked["text"]["value"]]
        if max(map(len, texts)) > limit:
            words = f"400 Bad Request: Too many input tokens. Max input tokens: {limit}"
            said = answer(_json({"message": words}), status="400 Bad Request", headers=_INVALID)
        elif "titan" in model:
            vector = vector_of(texts[0], body.get("dimensions", 1024))
            said = answer(_json({"embedding": vector, "inputTextTokenCount": len(texts[0])}))
        elif "cohere" in model:
            made = [vector_of(text, body.get("output_dimension", 1536)) for text in texts]
            said = answer(_json({"embeddings": {"float": made}, "response_type": "embeddings_by_type"}))
        else:
            vector = vector_of(texts[0], asked.get("embeddingDimension", 3072))
            said = answer(_json({"embeddings": [{"embeddingType": "TEXT", "embedding": vector}]}))
        return (Send(said),)

    return ScriptedServer(script)


_INVALID = {"x-amzn-errortype": "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"}

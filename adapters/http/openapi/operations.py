"""What each route does, in one line, and what it takes. A test holds this beside the table of routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ..routes.ollama import MANAGEMENT


@attrs.frozen(kw_only=True)
class Operation:
    """One method of one route.

    Attributes:
        summary: What it does.
        body: Name of the schema of its body, or None where it takes none.
        status: Of an answer that went well.
        streams: Whether its answer may come piece by piece.
        framing: What such an answer is, if it does.
        query: Query parameters, all optional texts.
    """

    summary: str
    body: str | None = None
    status: int = 200
    streams: bool = False
    framing: str = "text/event-stream"
    query: tuple[str, ...] = ()


_FILTERS: Final = ("provider", "instance", "tier", "model", "family", "capability")

_GEMINI: Final = {
    ("POST", "/{version}/models/{{model}}:generateContent"): Operation(
        summary="Answer a conversation, as Gemini does", body="GenerateContent"
    ),
    ("POST", "/{version}/models/{{model}}:streamGenerateContent"): Operation(
        summary="Answer a conversation piece by piece, as Gemini does", body="GenerateContent", streams=True
    ),
    ("POST", "/{version}/models/{{model}}:countTokens"): Operation(
        summary="Tell how long a prompt is, as Gemini does", body="CountContent"
    ),
    ("POST", "/{version}/models/{{model}}:embedContent"): Operation(
        summary="Turn a text into a vector, as Gemini does", body="EmbedContent"
    ),
    ("POST", "/{version}/models/{{model}}:batchEmbedContents"): Operation(
        summary="Turn texts into vectors, as Gemini does", body="BatchEmbedContents"
    ),
    ("GET", "/{version}/models"): Operation(summary="List what can be asked for, as Gemini does"),
    ("GET", "/{version}/models/{{id}}"): Operation(summary="Describe one model, as Gemini does"),
}
_LINES: Final = "application/x-ndjson"
_OLLAMA: Final = {
    ("POST", "/api/chat"): Operation(
        summary="Answer a conversation, as Ollama does", body="OllamaChat", streams=True, framing=_LINES
    ),
    ("POST", "/api/generate"): Operation(
        summary="Answer a prompt, as Ollama does", body="OllamaGenerate", streams=True, framing=_LINES
    ),
    ("POST", "/api/embed"): Operation(summary="Turn texts into vectors, as Ollama does", body="OllamaEmbed"),
    ("POST", "/api/embeddings"): Operation(
        summary="Turn a text into a vector, as Ollama did at first", body="OllamaEmbeddings"
    ),
    ("GET", "/api/tags"): Operation(summary="List what can be asked for, as Ollama does"),
    ("GET", "/api/ps"): Operation(summary="List the models that are in memory, as Ollama does"),
    ("POST", "/api/show"): Operation(summary="Describe one model, as Ollama does", body="OllamaShow"),
    ("GET", "/api/version"): Operation(summary="Tell which version of Ollama's API is spoken"),
    **{each: Operation(summary="Refused: models are managed at their providers", status=403) for each in MANAGEMENT},
}
# Below /v1 these paths are OpenAI's, in OpenAI's words.
_OWN_IN_V1: Final = frozenset({("GET", "/{version}/models"), ("GET", "/{version}/models/{{id}}")})

OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/v1/chat/completions"): Operation(
        summary="Answer a conversation, as OpenAI does", body="ChatCompletion", streams=True
    ),
    ("POST", "/v1/responses"): Operation(
        summary="Answer, as OpenAI's newer API does", body="ResponsesRequest", streams=True
    ),
    ("GET", "/v1/responses/{id}"): Operation(summary="Fetch an answer that was kept"),
    ("GET", "/v1/responses/{id}/input_items"): Operation(
        summary="List what was said before an answer", query=("order", "limit", "after")
    ),
    ("DELETE", "/v1/responses/{id}"): Operation(summary="Forget an answer"),
    ("POST", "/v1/messages"): Operation(
        summary="Answer a conversation, as Anthropic does", body="AnthropicMessages", streams=True
    ),
    ("POST", "/v1/messages/count_tokens"): Operation(
        summary="Tell how long a prompt is before it is sent", body="AnthropicCount"
    ),
    ("POST", "/v1/embeddings"): Operation(summary="Turn texts into vectors, as OpenAI does", body="Embeddings"),
    **_OLLAMA,
    ("GET", "/v1/models"): Operation(summary="List what can be asked for"),
    ("GET", "/v1/models/{id}"): Operation(summary="Describe one model"),
    ("POST", "/api/llm/inference"): Operation(
        summary="Answer a conversation in the gateway's own words", body="Inference", streams=True
    ),
    ("POST", "/api/llm/chat"): Operation(summary="Answer one message", body="Chat", status=201),
    ("GET", "/api/llm/chat/{id}"): Operation(summary="Fetch an answer that was promised", query=("wait",)),
    ("POST", "/api/llm/route"): Operation(summary="Tell where a request would go, and why", body="Route"),
    ("GET", "/api/llm/providers"): Operation(summary="List provider instances and their health"),
    ("GET", "/api/llm/providers/{name}"): Operation(summary="Describe the instances of one provider"),
    ("GET", "/api/llm/providers/{name}/models"): Operation(summary="List the models of one provider"),
    ("GET", "/api/llm/models"): Operation(summary="List every model once, and who serves it", query=_FILTERS),
    ("GET", "/api/llm/models/{id}"): Operation(summary="Describe one model and who serves it"),
    ("GET", "/api/llm/offerings"): Operation(summary="List every pair of instance and model", query=_FILTERS),
    **{
        (method, path.format(version=version)): operation
        for version in ("v1beta", "v1alpha", "v1")
        for (method, path), operation in _GEMINI.items()
        if (method, path) not in _OWN_IN_V1 or version != "v1"
    },
    ("GET", "/api/llm/inspect/live"): Operation(summary="Tell how all of it stands, every second", streams=True),
    ("GET", "/api/llm/inspect/overview"): Operation(summary="Tell how all of it stands"),
    ("GET", "/api/llm/inspect/actor"): Operation(summary="Describe one actor", query=("path",)),
    ("GET", "/api/llm/inspect/requests"): Operation(summary="List the last requests", query=("most",)),
    ("GET", "/api/llm/inspect/requests/{id}"): Operation(summary="Show one request's timeline"),
    ("GET", "/api/llm/inspect/usage"): Operation(summary="Add up what was used, hour by hour", query=("hours",)),
    ("GET", "/ui"): Operation(summary="Show the dashboard"),
    ("GET", "/ui/{name}"): Operation(summary="Send a file of the dashboard"),
    ("GET", "/metrics"): Operation(summary="Tell what was counted, as Prometheus scrapes it"),
    ("POST", "/api/llm/admin/reload"): Operation(
        summary="Read the settings anew; an administrator's key, or without keys this machine, is needed"
    ),
    ("GET", "/api/health"): Operation(summary="Tell whether requests are taken"),
    ("GET", "/healthz"): Operation(summary="Tell whether the process lives"),
    ("GET", "/readyz"): Operation(summary="Tell whether requests are taken"),
    ("GET", "/openapi.json"): Operation(summary="Describe this API"),
    ("GET", "/"): Operation(summary="Name product and version"),
}

"""The bodies that the routes take, as JSON Schema: what is required and of which type. Other fields pass on to providers of the same dialect."""

from __future__ import annotations

from typing import Any, Final

from ....messages.catalogue import Capability

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}
_WORDS: Final[Schema] = {"type": "string", "minLength": 1}
_OBJECT: Final[Schema] = {"type": "object"}


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _whole(low: int) -> Schema:
    return {"type": "integer", "minimum": low}


def _list(of: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": of, "minItems": least}


def _fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


_CONTENT: Final[Schema] = {
    "anyOf": [_TEXT, _list(_fields(("type", "text"), type={"const": "text"}, text=_TEXT), least=1)]
}
_EXCLUSION: Final[Schema] = _fields(provider=_WORDS, model=_WORDS, tier=_WORDS) | {
    "additionalProperties": False,
    "minProperties": 1,
}
_EXTENSION: Final[Schema] = _fields(
    intent={"type": "object", "additionalProperties": _WORDS},
    provider=_WORDS,
    tier={"enum": ["local", "fleet", "openai_compat", "cloud", "frontier"]},
    conversation_id=_WORDS,
    affinity=_WORDS,
    priority={"enum": ["critical", "high", "normal", "low"]},
    escalate=_FLAG,
    compress_level={"enum": [0, 1, 2, 3]},
    skill=_WORDS,
    context_strategy={"enum": ["full", "compact", "none"]},
    exclude=_list(_EXCLUSION, least=1),
) | {"additionalProperties": False}

_OPENAI_MESSAGE: Final = _fields(
    ("role", "content"), role={"enum": ["system", "developer", "user", "assistant"]}, content=_CONTENT, name=_WORDS
)
_ANTHROPIC_MESSAGE: Final = _fields(("role", "content"), role={"enum": ["user", "assistant"]}, content=_CONTENT)
_OPENAI_TOOL: Final = _fields(
    ("type", "function"),
    type={"const": "function"},
    function=_fields(("name",), name=_WORDS, description=_TEXT, parameters=_OBJECT),
)
_ANTHROPIC_TOOL: Final = _fields(("name", "input_schema"), name=_WORDS, description=_TEXT, input_schema=_OBJECT)
_NATIVE_TOOL: Final = _fields(("name",), name=_WORDS, description=_TEXT, parameters=_OBJECT)
_SAMPLING: Final[dict[str, Schema]] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_tokens": _whole(1),
    "stop": {"anyOf": [_TEXT, _list(_TEXT)]},
    "seed": {"type": "integer"},
}
_PROMPT: Final[dict[str, Schema]] = {
    "model": _WORDS,
    "messages": _list(_ANTHROPIC_MESSAGE, least=1),
    "system": _CONTENT,
    "tools": _list(_ANTHROPIC_TOOL),
}
_INPUT: Final[Schema] = {"anyOf": [_WORDS, _list(_WORDS, least=1)]}

_CONTENTS: Final = _list(
    _fields(("parts",), role={"enum": ["user", "model"]}, parts=_list(_fields(("text",), text=_WORDS), least=1)),
    least=1,
)

_EMBED_CONTENT: Final = _fields(
    ("content",),
    content=_fields(("parts",), parts=_list(_fields(("text",), text=_WORDS), least=1)),
    taskType=_WORDS,
    outputDimensionality=_whole(1),
)

_OLLAMA: Final[dict[str, Schema]] = {
    "model": _WORDS,
    "stream": _FLAG,
    "format": {"anyOf": [{"enum": ["", "json"]}, _OBJECT]},
    "think": {"anyOf": [_FLAG, {"enum": ["low", "medium", "high"]}]},
    "options": _fields(
        temperature=_number(0, 2), top_p=_number(0, 1), num_predict=_whole(1), stop=_list(_TEXT), seed=_SAMPLING["seed"]
    ),
}
_OLLAMA_MESSAGE: Final = _fields(
    ("role",), role={"enum": ["system", "user", "assistant"]}, content=_TEXT, thinking=_TEXT
)

SCHEMAS: Final[dict[str, Schema]] = {
    "ChatCompletion": _fields(
        ("messages",),
        model=_WORDS,
        messages=_list(_OPENAI_MESSAGE, least=1),
        tools=_list(_OPENAI_TOOL),
        stream=_FLAG,
        stream_options=_fields(include_usage=_FLAG),
        response_format=_fields(("type",), type={"enum": ["text", "json_object"]}),
        legion=_EXTENSION,
        **_SAMPLING,
    ),
    "ResponsesRequest": _fields(
        ("input",),
        model=_WORDS,
        input={"anyOf": [_WORDS, _list(_OPENAI_MESSAGE, least=1)]},
        instructions=_TEXT,
        max_output_tokens=_whole(1),
        temperature=_number(0, 2),
        stream=_FLAG,
    ),
    "AnthropicMessages": _fields(
        ("model", "messages", "max_tokens"), max_tokens=_whole(1), stream=_FLAG, temperature=_number(0, 1), **_PROMPT
    ),
    "AnthropicCount": _fields(("model", "messages"), **_PROMPT),
    "GenerateContent": _fields(
        ("contents",),
        contents=_CONTENTS,
        generationConfig=_fields(temperature=_number(0, 2), topP=_number(0, 1), maxOutputTokens=_whole(1)),
    ),
    "CountContent": _fields(("contents",), contents=_CONTENTS),
    "EmbedContent": _EMBED_CONTENT,
    "BatchEmbedContents": _fields(("requests",), requests=_list(_EMBED_CONTENT, least=1)),
    "Embeddings": _fields(
        ("input", "model"),
        input=_INPUT,
        model=_WORDS,
        encoding_format={"enum": ["float", "base64"]},
        dimensions=_whole(1),
    ),
    "OllamaChat": _fields(("model", "messages"), messages=_list(_OLLAMA_MESSAGE), tools=_list(_OPENAI_TOOL), **_OLLAMA),
    "OllamaGenerate": _fields(("model", "prompt"), prompt=_TEXT, system=_TEXT, **_OLLAMA),
    "OllamaShow": _fields(("model",), model=_WORDS),
    "OllamaEmbed": _fields(("input", "model"), input=_INPUT, model=_WORDS),
    "OllamaEmbeddings": _fields(("prompt", "model"), prompt=_WORDS, model=_WORDS),
    "Inference": _fields(
        ("messages",),
        messages=_list(_OPENAI_MESSAGE, least=1),
        system=_TEXT,
        tools=_list(_NATIVE_TOOL),
        model=_WORDS,
        provider=_WORDS,
        instance=_WORDS,
        tier=_WORDS,
        conversation_id=_WORDS,
        request_id={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
        stream=_FLAG,
        include_thinking=_FLAG,
        metadata=_OBJECT,
        legion=_EXTENSION,
        **_SAMPLING,
    )
    | {"additionalProperties": False},
    "Route": _fields(
        (),
        messages=_list(_OPENAI_MESSAGE, least=1),
        system=_TEXT,
        tools=_list(_NATIVE_TOOL),
        model=_WORDS,
        provider=_WORDS,
        instance=_WORDS,
        tier=_WORDS,
        needs=_list({"enum": [str(each) for each in Capability]}),
        tokens=_whole(0),
        legion=_EXTENSION,
        **_SAMPLING,
    )
    | {"additionalProperties": False},
    "Chat": _fields(
        ("message",),
        message=_WORDS,
        request_id={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
        context={"anyOf": [_TEXT, _OBJECT]},
        tier_preference=_WORDS,
        model=_WORDS,
        provider=_WORDS,
        conversation_id=_WORDS,
        legion=_EXTENSION,
    )
    | {"additionalProperties": False},
    "Error": {
        "description": "An error in the words of the route's dialect; `error.message` says what to do.",
        "type": "object",
    },
}

"""The vendors' own clients as judges: their types read what we send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import botocore.session
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from botocore.validate import ParamValidator
from google.genai import types as google
from ollama._types import ChatRequest, Message, Tool
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

CONVERSE = botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("Converse")

_GEMINI_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "contents": lambda value: [google.Content.model_validate(each) for each in value],
    "systemInstruction": google.Content.model_validate,
    "tools": lambda value: [google.Tool.model_validate(each) for each in value],
    "toolConfig": google.ToolConfig.model_validate,
    "generationConfig": google.GenerationConfig.model_validate,
    "safetySettings": lambda value: [google.SafetySetting.model_validate(each) for each in value],
    "cachedContent": lambda value: google.GenerateContentConfig.model_validate({"cachedContent": value}),
}


def gemini(body: Mapping[str, Any]) -> None:
    """Have Google's types read every part of a request; they refuse fields that they do not know."""
    for key, value in body.items():
        _GEMINI_FIELDS[key](value)


def bedrock(body: Mapping[str, Any], model: str = "m") -> None:
    """Have botocore's model of the service read a request; it refuses fields that it does not know."""
    report = ParamValidator().validate({"modelId": model, **body}, CONVERSE.input_shape)
    assert not report.has_errors(), report.generate_report()


def _read_by(params: Any) -> Callable[[Mapping[str, Any]], None]:
    adapter = TypeAdapter(params)

    def read(body: Mapping[str, Any]) -> None:
        _walk(adapter.validate_python(body))

    return read


def _walk(value: Any) -> None:
    """Look at everything: lists are read when they are walked through, and not before."""
    if isinstance(value, Mapping):
        for each in value.values():
            _walk(each)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for each in value:
            _walk(each)


anthropic = _read_by(MessageCreateParamsNonStreaming)
openai_chat = _read_by(CompletionCreateParamsNonStreaming)
openai_responses = _read_by(ResponseCreateParamsNonStreaming)


def ollama(body: Mapping[str, Any]) -> None:
    """Have Ollama's own client read a request."""
    ChatRequest.model_validate(body)
    for message in body["messages"]:
        # In its own words a picture is an object, which it writes as text.
        images = [{"value": each} for each in message.get("images", ())]
        Message.model_validate({**message, "images": images or None})
    for tool in body.get("tools", ()):
        Tool.model_validate(tool)

"""The loopback upstreams of the tests: OpenAI chat, Anthropic messages, Gemini, Bedrock and Ollama chat, well-behaved or with one fault.

with openai_upstream(Fault.CUT) as server:
    ...  # talk to server.url + "/v1"
"""

from __future__ import annotations

import json
from typing import Any

from aws_frames import event as aws_event
from aws_frames import exception as aws_exception
from canned import HTML_PAGE, LAST_CHUNK, Canned, Fault, answer, chunk, stream_head, upstream, well_streamed
from scripted import (
    Action,
    Close,
    Hang,
    ReceivedRequest,
    Reset,
    Script,
    ScriptedServer,
    Send,
    Signal,
    Trickle,
    WaitFor,
)

__all__ = [
    "HTML_PAGE",
    "LAST_CHUNK",
    "Action",
    "Canned",
    "Close",
    "Fault",
    "Hang",
    "ReceivedRequest",
    "Reset",
    "Script",
    "ScriptedServer",
    "Send",
    "Signal",
    "Trickle",
    "WaitFor",
    "answer",
    "anthropic_upstream",
    "bedrock_upstream",
    "canned_anthropic",
    "canned_bedrock",
    "canned_gemini",
    "canned_ollama",
    "canned_openai",
    "chunk",
    "gemini_upstream",
    "ollama_upstream",
    "openai_upstream",
    "stream_head",
    "upstream",
    "well_streamed",
]


def openai_upstream(fault: Fault = Fault.NONE, *, words: int = 5) -> ScriptedServer:
    """An OpenAI chat server below `url` + "/v1"; its answer is "w0 w1 ... " in that many stream events."""
    return upstream(canned_openai(words), fault)


def anthropic_upstream(fault: Fault = Fault.NONE, *, words: int = 5) -> ScriptedServer:
    """An Anthropic server below `url` + "/v1"; its answer is "w0 w1 ... " in that many stream events."""
    return upstream(canned_anthropic(words), fault)


def ollama_upstream(fault: Fault = Fault.NONE, *, words: int = 5) -> ScriptedServer:
    """An Ollama server below `url`; its answer is "w0 w1 ... " in that many NDJSON lines."""
    return upstream(canned_ollama(words), fault)


def gemini_upstream(fault: Fault = Fault.NONE, *, words: int = 5) -> ScriptedServer:
    """A Gemini server below `url` + "/v1beta", with one model, m-1; its answer is "w0 w1 ... " in that many stream events."""
    return upstream(canned_gemini(words), fault)


def bedrock_upstream(fault: Fault = Fault.NONE, *, words: int = 5) -> ScriptedServer:
    """A Bedrock server at `url`, with one model, m-1; its answer is "w0 w1 ... " in that many stream events."""
    return upstream(canned_bedrock(words), fault)


def _words(count: int) -> list[str]:
    return [f"w{number} " for number in range(count)]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


# -- OpenAI ---------------------------------------------------------------------------------------------------------


def canned_openai(words: int = 5) -> Canned:
    """The OpenAI dialect's answers; prompt 7 tokens, completion one token a word."""
    usage = {"prompt_tokens": 7, "completion_tokens": words, "total_tokens": 7 + words}
    message = {"role": "assistant", "content": "".join(_words(words))}
    error = {"error": {"message": "something is wrong here", "type": "server_error", "param": None, "code": None}}
    return Canned(
        chat_path="/v1/chat/completions",
        models_path="/v1/models",
        whole=_json(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1700000000,
                "model": "m-1",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
                "usage": usage,
            }
        ),
        models=_json({"object": "list", "data": [{"id": "m-1", "object": "model", "created": 1, "owned_by": "x"}]}),
        frames=(
            _openai_frame({"role": "assistant", "content": ""}),
            *[_openai_frame({"content": word}) for word in _words(words)],
            _openai_frame({}, "stop"),
            _openai_event({"choices": [], "usage": usage}),
        ),
        terminal_frame=b"data: [DONE]\n\n",
        error_frame=b"data: " + _json(error) + b"\n\n",
        error_body=_json(error),
        stream_type="text/event-stream",
        wants_stream=lambda request: bool(request.json().get("stream")),
    )


def _openai_frame(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return _openai_event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _openai_event(fields: dict[str, Any]) -> bytes:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m-1"}
    return b"data: " + _json(base | fields) + b"\n\n"


# -- Anthropic ------------------------------------------------------------------------------------------------------


def canned_anthropic(words: int = 5) -> Canned:
    """Anthropic's answers; prompt 7 tokens, completion one token a word."""
    error = {"type": "error", "error": {"type": "api_error", "message": "something is wrong here"}}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-1"}
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    begun = {**head, "content": [], "stop_reason": None, "stop_sequence": None}
    text = "".join(_words(words))
    return Canned(
        chat_path="/v1/messages",
        models_path="/v1/models?limit=1000",
        whole=_json(
            {
                **head,
                **ended,
                "content": [{"type": "text", "text": text}],
                "usage": {"input_tokens": 7, "output_tokens": words},
            }
        ),
        models=_json({"data": [{"type": "model", "id": "m-1", "display_name": "M"}], "has_more": False}),
        frames=(
            _anthropic_event("message_start", message={**begun, "usage": {"input_tokens": 7, "output_tokens": 1}}),
            _anthropic_event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            *[
                _anthropic_event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
                for word in _words(words)
            ],
            _anthropic_event("content_block_stop", index=0),
        ),
        terminal_frame=_anthropic_event("message_delta", delta=ended, usage={"output_tokens": words})
        + _anthropic_event("message_stop"),
        error_frame=b"event: error\ndata: " + _json(error) + b"\n\n",
        error_body=_json(error),
        stream_type="text/event-stream",
        wants_stream=lambda request: bool(request.json().get("stream")),
    )


def _anthropic_event(name: str, **fields: Any) -> bytes:
    return f"event: {name}\ndata: ".encode() + _json({"type": name, **fields}) + b"\n\n"


# -- Gemini ---------------------------------------------------------------------------------------------------------


def canned_gemini(words: int = 5) -> Canned:
    """Gemini's answers; prompt 7 tokens, completion one token a word. Whole and streamed answers have paths of their own."""
    error = {"error": {"code": 500, "message": "something is wrong here", "status": "INTERNAL"}}
    head = {"modelVersion": "m-1", "responseId": "r-1"}
    usage = {"promptTokenCount": 7, "candidatesTokenCount": words, "totalTokenCount": 7 + words}
    return Canned(
        chat_path="/v1beta/models/m-1:generateContent",
        stream_path="/v1beta/models/m-1:streamGenerateContent?alt=sse",
        models_path="/v1beta/models?pageSize=1000",
        whole=_json({"candidates": [_candidate("".join(_words(words)), "STOP")], "usageMetadata": usage} | head),
        models=_json({"models": [{"name": "models/m-1", "supportedGenerationMethods": ["generateContent"]}]}),
        frames=tuple(
            [b"data: " + _json({"candidates": [_candidate(word)]} | head) + b"\r\n\r\n" for word in _words(words)]
        ),
        terminal_frame=b"data: "
        + _json({"candidates": [_candidate("", "STOP")], "usageMetadata": usage} | head)
        + b"\r\n\r\n",
        error_frame=b"data: " + _json(error) + b"\r\n\r\n",
        error_body=_json(error),
        stream_type="text/event-stream",
        wants_stream=lambda request: ":streamGenerateContent" in request.path,
    )


def _candidate(text: str, finish: str | None = None) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    return candidate if finish is None else candidate | {"finishReason": finish}


# -- Bedrock --------------------------------------------------------------------------------------------------------


def canned_bedrock(words: int = 5) -> Canned:
    """Bedrock's answers; prompt 7 tokens, completion one token a word. Whole and streamed answers have paths of their own."""
    usage = {"inputTokens": 7, "outputTokens": words, "totalTokens": 7 + words}
    message = {"role": "assistant", "content": [{"text": "".join(_words(words))}]}
    return Canned(
        chat_path="/model/m-1/converse",
        stream_path="/model/m-1/converse-stream",
        models_path="/foundation-models",
        whole=_json({"output": {"message": message}, "stopReason": "end_turn", "usage": usage}),
        models=_json({"modelSummaries": [{"modelId": "m-1", "inferenceTypesSupported": ["ON_DEMAND"]}]}),
        frames=(
            aws_event("messageStart", {"role": "assistant"}),
            *[
                aws_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
                for word in _words(words)
            ],
            aws_event("contentBlockStop", {"contentBlockIndex": 0}),
        ),
        terminal_frame=aws_event("messageStop", {"stopReason": "end_turn"}) + aws_event("metadata", {"usage": usage}),
        error_frame=aws_exception("internalServerException", "something is wrong here"),
        error_body=b'{"message": "something is wrong here"}',
        stream_type="application/vnd.amazon.eventstream",
        wants_stream=lambda request: request.path.endswith("-stream"),
    )


# -- Ollama ---------------------------------------------------------------------------------------------------------


def canned_ollama(words: int = 5) -> Canned:
    """Ollama's answers; prompt 7 tokens, completion one token a word."""
    counts = {
        "done": True,
        "done_reason": "stop",
        "total_duration": 5000000,
        "prompt_eval_count": 7,
        "eval_count": words,
    }
    text = "".join(_words(words))
    return Canned(
        chat_path="/api/chat",
        models_path="/api/tags",
        whole=_ollama({"message": {"role": "assistant", "content": text}} | counts),
        models=_json({"models": [{"name": "m-1", "model": "m-1", "size": 1, "details": {"family": "llama"}}]}),
        frames=tuple(
            [
                _ollama({"message": {"role": "assistant", "content": word}, "done": False}) + b"\n"
                for word in _words(words)
            ]
        ),
        terminal_frame=_ollama({"message": {"role": "assistant", "content": ""}} | counts) + b"\n",
        error_frame=b'{"error": "something is wrong here"}\n',
        error_body=b'{"error": "something is wrong here"}',
        stream_type="application/x-ndjson",
        wants_stream=lambda request: bool(request.json().get("stream", True)),
    )


def _ollama(fields: dict[str, Any]) -> bytes:
    return _json({"model": "m-1", "created_at": "2023-11-14T22:13:20.123456Z"} | fields)

"""A loopback server of OpenAI's responses API: it reasons, in a summary and encrypted, and says "w0 w1 ... ", or calls tools."""

from __future__ import annotations

import json
from typing import Any

from canned import Canned, Fault, upstream
from scripted import ScriptedServer

ID = "resp_" + "a" * 48
THOUGHT = {
    "id": "rs_up1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Look first."}, {"type": "summary_text", "text": "Then speak."}],
    "encrypted_content": "gAAAAsecret",
}
USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 16,
}


def said(text: str) -> dict[str, Any]:
    """A message of the model."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": "msg_up1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}


def called(name: str, arguments: str, number: int = 1) -> dict[str, Any]:
    """A call of a tool."""
    more = {"call_id": f"call_{number}", "name": name, "arguments": arguments}
    return {"id": f"fc_up{number}", "type": "function_call", "status": "completed", **more}


WORDS = (THOUGHT, said("w0 w1 w2 w3 w4 "))


def responses_upstream(*output: dict[str, Any], fault: Fault = Fault.NONE, reason: str | None = None) -> ScriptedServer:
    """A server below `url` + "/v1" whose answers hold these items, and are incomplete for this reason. Enter it as a context."""
    return upstream(canned_responses(output or WORDS, reason), fault)


def speaking_upstream(fault: Fault = Fault.NONE, *, words: int = 5) -> ScriptedServer:
    """A server that does not reason; its answer is "w0 w1 ... " in that many events."""
    usage = {"input_tokens": 7, "output_tokens": words, "total_tokens": 7 + words}
    text = "".join([f"w{number} " for number in range(words)])
    return upstream(canned_responses((said(text),), usage=usage), fault)


def canned_responses(
    output: tuple[dict[str, Any], ...] = WORDS, reason: str | None = None, *, usage: dict[str, Any] = USAGE
) -> Canned:
    """The answers as bytes; unless `usage` says otherwise, prompt 7 tokens, of which 2 from the cache, answer 5 and 4 of reasoning."""
    *frames, last = events(output, reason, usage=usage)
    error = {"type": "error", "code": "server_error", "message": "something is wrong here", "param": None}
    return Canned(
        chat_path="/v1/responses",
        models_path="/v1/models",
        whole=json.dumps(whole(output, reason, usage=usage)).encode(),
        models=json.dumps({"object": "list", "data": [{"id": "m-1", "object": "model"}]}).encode(),
        frames=tuple(frames),
        terminal_frame=last,
        error_frame=_event(error, 99),
        error_body=json.dumps({"error": {**error, "type": "server_error"}}).encode(),
        stream_type="text/event-stream",
        wants_stream=lambda request: bool(request.json().get("stream")),
    )


def whole(
    output: tuple[dict[str, Any], ...] = WORDS, reason: str | None = None, *, usage: dict[str, Any] = USAGE
) -> dict[str, Any]:
    """The response object of a finished answer."""
    ended = {
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
    }
    return {**_object(), **ended, "output": list(output), "usage": usage}


def _object() -> dict[str, Any]:
    return {
        "id": ID,
        "object": "response",
        "created_at": 1700000000,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "model": "m-1",
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "service_tier": "priority",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "metadata": {},
    }


def events(
    output: tuple[dict[str, Any], ...] = WORDS, reason: str | None = None, *, usage: dict[str, Any] = USAGE
) -> list[bytes]:
    """The events of the stream."""
    said: list[dict[str, Any]] = [
        {"type": "response.created", "response": _object()},
        {"type": "response.in_progress", "response": _object()},
    ]
    for index, item in enumerate(output):
        said += _events_of(item, index)
    answer = whole(output, reason, usage=usage)
    said.append({"type": f"response.{answer['status']}", "response": answer})
    return [_event(value, number) for number, value in enumerate(said)]


def _event(value: dict[str, Any], number: int) -> bytes:
    body = json.dumps({**value, "sequence_number": number}, separators=(",", ":"))
    return f"event: {value['type']}\ndata: {body}\n\n".encode()


def _events_of(item: dict[str, Any], index: int) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    between = {"message": _text, "reasoning": _summaries, "function_call": _arguments}.get(item["type"])
    empty = {key: value for key, value in item.items() if key != "encrypted_content"} | _EMPTY.get(item["type"], {})
    return [
        {"type": "response.output_item.added", "output_index": index, "item": empty},
        *(between(item, at) if between else ()),
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


_EMPTY = {
    "message": {"content": [], "status": "in_progress"},
    "reasoning": {"summary": [], "encrypted_content": "gAAAAbegun"},
    "function_call": {"arguments": "", "status": "in_progress"},
}


def _text(item: dict[str, Any], at: dict[str, Any]) -> list[dict[str, Any]]:
    [part] = item["content"]
    at = {**at, "content_index": 0}
    words = [f"{word} " for word in part["text"].split()]
    return [
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *[{"type": "response.output_text.delta", **at, "delta": word, "logprobs": []} for word in words],
        {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
    ]


def _summaries(item: dict[str, Any], at: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, part in enumerate(item["summary"]):
        place = {**at, "summary_index": number}
        found += [
            {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}},
            {"type": "response.reasoning_summary_text.delta", **place, "delta": part["text"]},
            {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]},
            {"type": "response.reasoning_summary_part.done", **place, "part": part},
        ]
    return found


def _arguments(item: dict[str, Any], at: dict[str, Any]) -> list[dict[str, Any]]:
    half = len(item["arguments"]) // 2
    pieces = [item["arguments"][:half], item["arguments"][half:]]
    return [
        *[{"type": "response.function_call_arguments.delta", **at, "delta": piece} for piece in pieces],
        {
            "type": "response.function_call_arguments.done",
            **at,
            "arguments": item["arguments"],
            "name": item["name"],
        },
    ]

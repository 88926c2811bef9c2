"""Ollama servers that make room for a long prompt by dropping its beginning, without a word. A token has four characters."""

from __future__ import annotations

import enum
import json
from typing import Any

from canned import LAST_CHUNK, answer, chunk, stream_head
from scripted import Action, ReceivedRequest, ScriptedServer, Send

MODEL = "qwen3:latest"


class Age(enum.Enum):
    """What a server knows."""

    NEW = "new"  # refuses what is too long when it is told not to cut
    MIDDLE = "middle"  # cuts always, and tells the window of a loaded model
    OLD = "old"  # cuts always, and tells only what the model's file says
    MUTE = "mute"  # cuts always, and tells nothing


def cutting_ollama(window: int, age: Age = Age.MIDDLE, *, cached: int = 0) -> ScriptedServer:
    """A server whose model was loaded with `window` tokens; `cached` tokens of each prompt are in its cache and not counted."""

    def script(request: ReceivedRequest) -> tuple[Action, ...]:
        if request.path == "/api/tags":
            return _json({"models": [{"name": MODEL, "model": MODEL, "digest": "d"}]})
        if request.path == "/api/ps" and age in (Age.NEW, Age.MIDDLE):
            return _json({"models": [{"name": MODEL, "model": MODEL, "context_length": window}]})
        if request.path == "/api/show" and age is Age.OLD:
            return _json({"parameters": f"num_ctx                        {window}", "model_info": {}})
        if request.path != "/api/chat":
            return (Send(answer(b"404 page not found", status="404 Not Found", content_type="text/plain")),)
        return _chat(request.json())

    def _chat(body: dict[str, Any]) -> tuple[Action, ...]:
        size = body.get("options", {}).get("num_ctx", window)
        tokens = sum(len(message["content"]) // 4 for message in body["messages"])
        if age is Age.NEW and tokens > size and body.get("truncate", True) is False:
            words = f"request ({tokens} tokens) exceeds the available context size ({size} tokens)"
            return (Send(answer(json.dumps({"error": words}).encode(), status="400 Bad Request")),)
        read = max(1, min(tokens, size) - cached)
        last = {"done": True, "done_reason": "stop", "prompt_eval_count": read, "eval_count": 2}
        said = {
            "model": MODEL,
            "created_at": "2023-11-14T22:13:20Z",
            "message": {"role": "assistant", "content": "fine"},
        }
        if body.get("stream") is False:
            return _json(said | last)
        lines = [said | {"done": False}, {**said, "message": {"role": "assistant", "content": ""}} | last]
        pieces = b"".join(chunk(json.dumps(line).encode() + b"\n") for line in lines)
        return (Send(stream_head("application/x-ndjson") + pieces + LAST_CHUNK),)

    return ScriptedServer(script)


def _json(value: Any) -> tuple[Action, ...]:
    return (Send(answer(json.dumps(value).encode())),)

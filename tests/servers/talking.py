"""A model behind OpenAI's API that says what a test has written down, tool calls too, whole and in fragments."""

from __future__ import annotations

import json
from typing import Any

from scripted import Action, ReceivedRequest, ScriptedServer, Send
from upstream import LAST_CHUNK, answer, chunk, stream_head

BASE = {"id": "chatcmpl-1", "created": 1, "model": "m-1"}


def call(name: str, arguments: str, number: int = 0) -> dict[str, Any]:
    """Return a tool call as OpenAI writes it."""
    return {
        "index": number,
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def message(text: str | None = None, *calls: dict[str, Any]) -> bytes:
    """An answer as OpenAI writes it."""
    said = {"role": "assistant", "content": text, **({"tool_calls": list(calls)} if calls else {})}
    choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    return json.dumps({**BASE, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


def events(text: str | None = None, *calls: dict[str, Any], size: int = 3) -> bytes:
    """The same as a stream; arguments come in fragments of `size` characters, those of several calls by turns."""
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[at : at + size]} for at in range(0, len(text or ""), size)]
    for each in calls:
        deltas.append({"tool_calls": [{**each, "function": {**each["function"], "arguments": ""}}]})
    fragments = [
        [{"index": each["index"], "function": {"arguments": each["function"]["arguments"][at : at + size]}}]
        for at in range(0, max((len(each["function"]["arguments"]) for each in calls), default=0), size)
        for each in calls
    ]
    deltas += [{"tool_calls": fragment} for fragment in fragments]
    frames = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    frames.append({"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"})
    bodies = [{**BASE, "object": "chat.completion.chunk", "choices": [frame]} for frame in frames]
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    bodies.append({**BASE, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    lines = [f"data: {json.dumps(body)}\n\n".encode() for body in bodies]
    return stream_head("text/event-stream") + b"".join(map(chunk, [*lines, b"data: [DONE]\n\n"])) + LAST_CHUNK


class TalkingModel(ScriptedServer):
    """Says one thing after the other, streamed where that is asked for; the last is said for ever."""

    def __init__(self) -> None:
        self.script: list[Any] = []
        super().__init__(self._say)

    def will(self, *says: Any) -> None:
        """Say these: each a tuple of text and calls."""
        self.script.extend(says)

    def _say(self, request: ReceivedRequest) -> tuple[Action, ...]:
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        streamed = request.json().get("stream")
        return (Send(events(*said) if streamed else answer(message(*said))),)

    @property
    def asked(self) -> list[Any]:
        """What it was asked, request by request."""
        return [request.json() for request in self.requests]

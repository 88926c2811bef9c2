"""The bench's own upstream: static OpenAI answers, as fast as one core gives them, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from multiprocessing.connection import Connection

import uvloop

CHUNKS = 200

_BASE = {"id": "chatcmpl-1", "created": 1700000000, "model": "m"}
_USAGE = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
_BODY = json.dumps(
    {
        **_BASE,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello! How can I help you today?"},
                "finish_reason": "stop",
            }
        ],
        "usage": _USAGE,
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY) + _BODY
_MODELS = b'{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"x"}]}'
MODELS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_MODELS) + _MODELS


def _event(fields: dict[str, object]) -> bytes:
    data = b"data: " + json.dumps({**_BASE, "object": "chat.completion.chunk", **fields}).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def _delta(delta: dict[str, object], finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    + _delta({"role": "assistant", "content": ""})
    + b"".join([_delta({"content": f"word{number} "}) for number in range(CHUNKS)])
    + _delta({}, "stop")
    + _event({"choices": [], "usage": _USAGE})
    + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
)


class _Protocol(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            streamed = b'"stream":true' in body.replace(b" ", b"")
            self._transport.write(MODELS if head.startswith(b"get") else STREAM if streamed else WHOLE)


def pin(core: int) -> None:
    """Stay on one core, where the system lets us and has more than one."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


def _serve(pipe: Connection) -> None:
    pin(1)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Protocol, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


def start() -> tuple[multiprocessing.Process, int]:
    """Start it; returns the process, which the caller terminates, and its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    return process, ours.recv()

"""What the HTTP path gives: the gateway in a process of its own, under load from this one."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import attrs
import fast_upstream
import psutil
import trio
from legion_llm.adapters.cli.collector import spare_the_collector
from legion_llm.adapters.serving import start_gateway
from legion_llm.adapters.settings import load_settings


@attrs.frozen(kw_only=True)
class Served:
    """What a gateway gave.

    Attributes:
        per_second: Requests, or chunks, per second of the gateway's CPU time: what one core of its own would give.
        cpu: Microseconds of the gateway's CPU per request, or chunk.
        p50: Milliseconds.
        p99: Milliseconds.
    """

    per_second: float
    cpu: float
    p50: float
    p99: float


def settings(port: int, **more: object) -> dict[str, object]:
    up = {
        "kind": "openai_compat",
        "base_url": f"http://127.0.0.1:{port}/v1",
        "models": ["m"],
        "default_model": "m",
        "max_concurrency": 512,
    }
    return {"providers": {"up": up}, **more}


def _serve(pipe: Connection, upstream_port: int) -> None:
    fast_upstream.pin(0)
    legion = start_gateway(load_settings(overrides=settings(upstream_port, api={"port": 0}), environ={}), environ={})
    spare_the_collector()  # as `legion-llm serve` does
    pipe.send(legion.url)
    pipe.recv()
    legion.shutdown()


@contextmanager
def gateway(upstream_port: int) -> Iterator[tuple[int, psutil.Process]]:
    """A gateway: its port and its process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, upstream_port), daemon=True)
    process.start()
    url = ours.recv()
    try:
        yield int(url.rsplit(":", 1)[1]), psutil.Process(process.pid)
    finally:
        ours.send("stop")
        process.join(10)


def _request(body: bytes) -> bytes:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


PLAIN = _request(b'{"model":"m","messages":[{"role":"user","content":"Hello"}]}')
STREAMED = _request(b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}')


async def _exchange(stream: trio.SocketStream, request: bytes, *, streamed: bool) -> None:
    await stream.send_all(request)
    data = b""
    while not _complete(data, streamed=streamed):
        received = await stream.receive_some()
        if not received:
            raise ConnectionError("the gateway closed the connection")
        data += received
    if not data.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(data[:300].decode("latin-1"))


def _complete(data: bytes, *, streamed: bool) -> bool:
    if streamed:
        return data.endswith(b"0\r\n\r\n")
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = data.find(b"content-length:")
    return len(data) >= end + 4 + int(data[at + 15 : end].split(b"\r\n", 1)[0])


def load(port: int, process: psutil.Process, width: int, requests: int, *, streamed: bool = False) -> Served:
    """Send `requests` over `width` keep-alive connections."""
    latencies: list[float] = []
    items = fast_upstream.CHUNKS if streamed else 1

    async def client(share: int) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            for _ in range(share):
                started = time.perf_counter()
                await _exchange(stream, STREAMED if streamed else PLAIN, streamed=streamed)
                latencies.append((time.perf_counter() - started) * 1000)

    async def clients(count: int) -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(width):
                nursery.start_soon(client, max(1, count // width))

    trio.run(clients, max(width, requests // 10))
    latencies.clear()
    before = process.cpu_times()
    trio.run(clients, requests)
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    done = len(latencies) * items
    latencies.sort()
    return Served(
        per_second=done / spent if spent else 0.0,
        cpu=spent / done * 1e6,
        p50=latencies[len(latencies) // 2],
        p99=latencies[int(len(latencies) * 0.99)],
    )

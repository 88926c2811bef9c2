"""Gateways and workers at one broker, that write down what they hear."""

from __future__ import annotations

import asyncio

from legion_llm.actors.fleet.port import Parcel, Post

PATIENCE = 10.0


class GatewayEnd:
    """A gateway that writes down what it hears."""

    def __init__(self, link):
        self.link = link
        self.heard = asyncio.Queue()

    async def open(self):
        await self.link.open(self.heard.put_nowait)
        return self

    async def publish(self, body=b"work", *, workers, lane="lane", timeout=5.0, **fields):
        fields = {"message_id": "m", "correlation_id": f"c-{body[:20]!r}", "ttl": 60.0, **fields}
        parcel = Parcel(lane=lane, body=body, reply_to=self.link.reply_lane, workers=workers, **fields)
        return await self.link.publish(parcel, timeout)

    async def next(self):
        return await asyncio.wait_for(self.heard.get(), PATIENCE)


class WorkerEnd:
    """A worker that writes down what it is given."""

    def __init__(self, link, name):
        self.link = link
        self.name = name
        self.taken = asyncio.Queue()
        self.signals = asyncio.Queue()

    async def open(self, *, concurrency=2, backlog=2, rank=0):
        post = Post(
            worker=self.name,
            concurrency=concurrency,
            backlog=backlog,
            rank=rank,
            taken=self.taken.put_nowait,
            signalled=self.signals.put_nowait,
        )
        await self.link.open(post)
        return self

    async def next(self):
        return await asyncio.wait_for(self.taken.get(), PATIENCE)

    async def next_signal(self):
        return await asyncio.wait_for(self.signals.get(), PATIENCE)

"""A broker within this process: the double of the others, for tests and for trying a fleet out."""

from __future__ import annotations

import asyncio
import collections
import heapq
import itertools
import threading
import time
from collections.abc import Callable

import attrs

from ...actors.fleet.port import Delivery, Parcel, Post, Published
from ...messages.ids import random_hex


@attrs.define(order=True)
class _Waiting:
    """A request that nobody has yet: the most urgent first, then the oldest."""

    rank: tuple[int, int]
    parcel: Parcel = attrs.field(order=False)
    until: float = attrs.field(order=False)
    is_redelivered: bool = attrs.field(order=False, default=False)


class MemoryBroker:
    """Queues by lane, and those who take from them. Its ends may live on different event loops.

    Args:
        length: Requests that may wait in one lane; one more is refused.
        monotonic: Returns monotonic seconds.
    """

    def __init__(self, *, length: int = 100, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._length = length
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._queues: dict[str, list[_Waiting]] = collections.defaultdict(list)
        self._workers: dict[str, MemoryWorkerLink] = {}
        self._gateways: dict[str, MemoryGatewayLink] = {}

    def gateway(self) -> MemoryGatewayLink:
        """Return an end for a gateway."""
        return MemoryGatewayLink(self)

    def worker(self) -> MemoryWorkerLink:
        """Return an end for a worker."""
        return MemoryWorkerLink(self)

    # -- for the ends

    def join_gateway(self, link: MemoryGatewayLink) -> None:
        """Let a gateway hear."""
        self._gateways[link.reply_lane] = link

    def leave_gateway(self, link: MemoryGatewayLink) -> None:
        """Let it hear no more."""
        self._gateways.pop(link.reply_lane, None)

    def join_worker(self, link: MemoryWorkerLink) -> None:
        """Let a worker take."""
        self._workers[link.name] = link

    def leave_worker(self, link: MemoryWorkerLink) -> None:
        """Let it take no more; what it had goes to others."""
        with self._lock:
            if self._workers.get(link.name) is not link:
                return
            del self._workers[link.name]
            for waiting in link.taken_back():
                waiting.is_redelivered = True
                heapq.heappush(self._queues[waiting.parcel.lane], waiting)
            self.pump()

    def put(self, parcel: Parcel) -> Published:
        """Take a request in."""
        with self._lock:
            serving = [each for each in self._workers.values() if parcel.lane in each.lanes]
            if not serving:
                return Published.UNROUTABLE
            queue = self._queues[parcel.lane]
            if len(queue) >= self._length and not any(each.is_free for each in serving):
                return Published.NACKED
            rank = (-parcel.priority, next(self._numbers))
            heapq.heappush(queue, _Waiting(rank, parcel, self._monotonic() + parcel.ttl))
            self.pump()
            return Published.ACCEPTED

    def pump(self) -> None:
        """Give what waits to whoever is free; what nobody waits for any more is dropped."""
        with self._lock:
            for lane, queue in self._queues.items():
                while queue:
                    if queue[0].until <= self._monotonic():
                        heapq.heappop(queue)
                        continue
                    free = [each for each in self._workers.values() if lane in each.lanes and each.is_free]
                    if not free:
                        break
                    min(free, key=lambda each: (-each.rank, each.load)).give(heapq.heappop(queue))

    def hear(self, reply_to: str, body: bytes) -> Published:
        """Take a reply in."""
        gateway = self._gateways.get(reply_to)
        if gateway is None:
            return Published.UNROUTABLE
        gateway.hear(body)
        return Published.ACCEPTED

    def announce(self, body: bytes) -> None:
        """Tell all gateways."""
        for gateway in tuple(self._gateways.values()):
            gateway.hear(body)

    def signal(self, worker: str | None, body: bytes) -> None:
        """Tell one worker, or all."""
        for link in tuple(self._workers.values()):
            if worker in (None, link.name):
                link.hear(body)


class MemoryGatewayLink:
    """Implements `actors.fleet.port.GatewayLink`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.reply_lane = f"llm.fleet.reply.{random_hex(16)}"
        self.endpoint = "memory"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: Callable[[bytes], None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether it is open; see the port."""
        return self._heard is not None

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Begin to listen; see the port."""
        self._loop = asyncio.get_running_loop()
        self._heard = heard
        self._broker.join_gateway(self)

    async def publish(self, parcel: Parcel, timeout: float) -> Published:  # noqa: ARG002 - it never takes long
        """Leave a request; see the port."""
        return self._broker.put(parcel) if self.is_connected else Published.FAILED

    async def signal(self, worker: str | None, body: bytes) -> None:
        """Send a word to one worker, or to all; see the port."""
        self._broker.signal(worker, body)

    async def aclose(self) -> None:
        """Listen no more; see the port."""
        self._heard = None
        self._broker.leave_gateway(self)

    def hear(self, body: bytes) -> None:
        """Hand something over; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._hear, body)

    def _hear(self, body: bytes) -> None:
        if self._heard is not None:
            self._heard(body)


class MemoryWorkerLink:
    """Implements `actors.fleet.port.WorkerLink`.

    Attributes:
        lanes: From which it takes.
    """

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._post: Post | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.lanes: frozenset[str] = frozenset()
        self._unsettled: dict[int, _Waiting] = {}

    @property
    def name(self) -> str:
        """Of the worker."""
        return "" if self._post is None else self._post.worker

    @property
    def is_connected(self) -> bool:
        """Whether it is open; see the port."""
        return self._post is not None

    @property
    def rank(self) -> int:
        """How soon it is asked."""
        return 0 if self._post is None else self._post.rank

    @property
    def load(self) -> int:
        """Requests that it has."""
        return len(self._unsettled)

    @property
    def is_free(self) -> bool:
        """Whether it takes one more."""
        return self._post is not None and self.load < self._post.concurrency

    async def open(self, post: Post) -> None:
        """Begin to listen; see the port."""
        self._loop = asyncio.get_running_loop()
        self._post = post
        self._broker.join_worker(self)

    async def serve(self, lanes: frozenset[str]) -> None:
        """Take from these lanes; see the port."""
        self.lanes = lanes
        self._broker.pump()

    async def reply(self, reply_to: str, correlation_id: str, body: bytes) -> Published:  # noqa: ARG002 - it is in the body, too
        """Send something back; see the port."""
        return self._broker.hear(reply_to, body) if self.is_connected else Published.FAILED

    async def announce(self, body: bytes) -> None:
        """Send an offer to all gateways; see the port."""
        self._broker.announce(body)

    async def aclose(self) -> None:
        """Leave; see the port."""
        self._broker.leave_worker(self)
        self._post = None

    def give(self, waiting: _Waiting) -> None:
        """Hand a request over; from any thread."""
        number = waiting.rank[1]
        self._unsettled[number] = waiting
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._take, _MemoryDelivery(waiting, lambda: self._settled(number)))

    def hear(self, body: bytes) -> None:
        """Hand a word over; from any thread."""
        if self._loop is not None and self._post is not None:
            self._loop.call_soon_threadsafe(self._post.signalled, body)

    def taken_back(self) -> list[_Waiting]:
        """Return what is not settled, and forget it."""
        unsettled, self._unsettled = list(self._unsettled.values()), {}
        return unsettled

    def _take(self, delivery: Delivery) -> None:
        if self._post is not None:
            self._post.taken(delivery)

    def _settled(self, number: int) -> None:
        self._unsettled.pop(number, None)
        self._broker.pump()


class _MemoryDelivery:
    """Implements `actors.fleet.port.Delivery`."""

    def __init__(self, waiting: _Waiting, settled: Callable[[], None]) -> None:
        self.body = waiting.parcel.body
        self.is_redelivered = waiting.is_redelivered
        self._settled = settled

    async def settle(self) -> None:
        """Say that it is done; see the port."""
        self._settled()

"""RabbitMQ, at a worker: it takes from the queues of its lanes."""

from __future__ import annotations

import asyncio
import collections
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ...actors.fleet.port import Post, Published
from .rabbitmq_line import OFFERS, SIGNALS, RabbitConfig, RabbitLine, lost

if TYPE_CHECKING:
    from aio_pika.abc import AbstractExchange, AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustQueue

logger = logging.getLogger(__name__)

# Seconds that a reply's confirmation may take.
_PATIENCE: Final = 5.0

_PRIORITIES: Final = 10
_MILLISECONDS: Final = 1000


def control_queue(config: RabbitConfig, worker: str) -> str:
    """Return the queue in which a worker hears gateways."""
    return f"{config.exchange}.control.{worker}"


class RabbitWorkerLink:
    """Implements `actors.fleet.port.WorkerLink`.

    It is given as many requests as it works on at once. A quorum queue counts that for each lane alone; what is too much then waits here.
    """

    def __init__(self, config: RabbitConfig) -> None:
        self._line = RabbitLine(config, (config.exchange,))
        self._config = config
        self._post: Post | None = None
        self._wanted: frozenset[str] = frozenset()
        self._exchange: AbstractExchange | None = None
        self._taking: AbstractRobustChannel | None = None
        self._queues: dict[str, tuple[AbstractRobustQueue, str]] = {}
        self._changing = asyncio.Lock()
        self._running = 0
        self._waiting: collections.deque[_RabbitDelivery] = collections.deque()

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there; see the port."""
        return self._line.is_connected

    async def open(self, post: Post) -> None:
        """Begin to connect; see the port."""
        self._post = post
        self._line.open(self._declare)

    async def serve(self, lanes: frozenset[str]) -> None:
        """Take from these lanes, at once or with the next offer after the broker is there; see the port."""
        self._wanted = lanes
        await self._change()

    async def reply(self, reply_to: str, correlation_id: str, body: bytes) -> Published:
        """Send something back; see the port."""
        return await self._line.publish(body, reply_to, timeout=_PATIENCE, correlation_id=correlation_id)

    async def announce(self, body: bytes) -> None:
        """Send an offer to all gateways, once its lanes are there; see the port."""
        await self._change()
        if self._wanted == self._queues.keys():
            await self._line.throw(body, OFFERS, exchange=self._config.exchange)

    async def aclose(self) -> None:
        """Disconnect; what is not settled goes to others; see the port."""
        self._waiting.clear()
        self._queues = {}
        await self._line.aclose()

    # -- lanes

    async def _declare(self, channel: AbstractRobustChannel, exchange: AbstractExchange) -> None:
        assert self._post is not None
        self._exchange = exchange
        control = await channel.declare_queue(control_queue(self._config, self._post.worker), auto_delete=True)
        await control.bind(exchange, SIGNALS)
        await control.consume(self._hear, no_ack=True)
        # Quorum queues know no limit over several lanes.
        is_global = self._config.queue_type == "classic"
        self._taking = await self._line.channel(self._post.concurrency, is_global=is_global)

    async def _change(self) -> None:
        if not self._line.is_connected or self._wanted == self._queues.keys():
            return
        async with self._changing:
            try:
                for lane in self._queues.keys() - self._wanted:
                    await self._leave(lane)
                for lane in self._wanted - self._queues.keys():
                    await self._take_from(lane)
            except lost() as error:
                logger.warning(
                    "the lanes at RabbitMQ could not be changed, and are tried again with the next offer: %s", error
                )

    async def _take_from(self, lane: str) -> None:
        assert self._post is not None
        assert self._taking is not None
        assert self._exchange is not None
        queue = await self._taking.declare_queue(
            f"{self._config.exchange}:{lane}", durable=True, arguments=self._arguments()
        )
        await queue.bind(self._exchange, lane)
        rank: dict[str, Any] = {"x-priority": self._post.rank}
        self._queues[lane] = (queue, await queue.consume(self._taken, arguments=rank))

    async def _leave(self, lane: str) -> None:
        """Take nothing more from a lane; where nobody else does and nothing waits, it is no lane any more."""
        queue, tag = self._queues.pop(lane)
        await queue.cancel(tag)
        assert self._taking is not None
        if (await self._taking.declare_queue(queue.name, passive=True)).declaration_result.consumer_count == 0:
            assert self._exchange is not None
            await queue.unbind(self._exchange, lane)

    def _arguments(self) -> dict[str, Any]:
        config = self._config
        arguments = {
            "x-queue-type": config.queue_type,
            "x-max-length": config.queue_length,
            "x-overflow": "reject-publish",
            "x-expires": int(config.queue_expires * _MILLISECONDS),
        }
        return arguments | ({"x-max-priority": _PRIORITIES} if config.queue_type == "classic" else {})

    # -- what comes in

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        assert self._post is not None
        self._post.signalled(message.body)

    async def _taken(self, message: AbstractIncomingMessage) -> None:
        self._waiting.append(_RabbitDelivery(message, self._settled))
        self._move_up()

    def _settled(self) -> None:
        self._running -= 1
        self._move_up()

    def _move_up(self) -> None:
        assert self._post is not None
        while self._waiting and self._running < self._post.concurrency:
            self._running += 1
            self._post.taken(self._waiting.popleft())


class _RabbitDelivery:
    """Implements `actors.fleet.port.Delivery`: it is acknowledged when it is done, and goes to others if its worker is gone before."""

    def __init__(self, message: AbstractIncomingMessage, settled: Callable[[], None]) -> None:
        self.body = message.body
        self.is_redelivered = bool(message.redelivered)
        self._message = message
        self._settled = settled
        self._is_settled = False

    async def settle(self) -> None:
        """Acknowledge it; see the port."""
        if self._is_settled:
            return
        self._is_settled = True
        self._settled()
        try:
            await self._message.ack()
        except lost() as error:
            logger.info("a request could not be acknowledged, the broker has given it to another: %s", error)

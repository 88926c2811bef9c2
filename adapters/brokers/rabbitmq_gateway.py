"""RabbitMQ, at a gateway: requests go to lanes, and wait there; replies come to a queue of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ...actors.fleet.port import Parcel, Published
from ...messages.ids import random_hex
from .rabbitmq_line import OFFERS, SIGNALS, RabbitConfig, RabbitLine
from .rabbitmq_worker import control_queue

if TYPE_CHECKING:
    from aio_pika.abc import AbstractExchange, AbstractIncomingMessage, AbstractRobustChannel

_TYPE: Final = "llm.fleet.request"


class RabbitGatewayLink:
    """Implements `actors.fleet.port.GatewayLink`. Who does a request is the broker's choice: whichever worker has a place first."""

    def __init__(self, config: RabbitConfig) -> None:
        self._line = RabbitLine(config, (config.exchange,))
        self._config = config
        self.reply_lane = f"llm.fleet.reply.{random_hex(16)}"
        self.endpoint = config.endpoint
        self._heard: Callable[[bytes], None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there; see the port."""
        return self._line.is_connected

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Begin to connect; see the port."""
        self._heard = heard
        self._line.open(self._declare)

    async def publish(self, parcel: Parcel, timeout: float) -> Published:
        """Leave a request in its lane; see the port."""
        return await self._line.publish(
            parcel.body,
            parcel.lane,
            timeout=timeout,
            exchange=self._config.exchange,
            type=_TYPE,
            message_id=parcel.message_id,
            correlation_id=parcel.correlation_id,
            reply_to=parcel.reply_to,
            priority=parcel.priority,
            expiration=parcel.ttl,
        )

    async def signal(self, worker: str | None, body: bytes) -> None:
        """Send a word to one worker, or to all; see the port."""
        if worker is None:
            await self._line.throw(body, SIGNALS, exchange=self._config.exchange)
        else:
            await self._line.throw(body, control_queue(self._config, worker))

    async def aclose(self) -> None:
        """Disconnect; see the port."""
        await self._line.aclose()

    async def _declare(self, channel: AbstractRobustChannel, exchange: AbstractExchange) -> None:
        queue = await channel.declare_queue(self.reply_lane, exclusive=True, auto_delete=True)
        await queue.bind(exchange, OFFERS)
        await queue.consume(self._hear, no_ack=True)

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        assert self._heard is not None
        self._heard(message.body)

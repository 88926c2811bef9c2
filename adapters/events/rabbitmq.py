"""RabbitMQ, as the one who takes events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...actors.courier.port import Event
from ...actors.fleet.port import Published
from ..brokers.rabbitmq_line import RabbitConfig, RabbitLine

if TYPE_CHECKING:
    from aio_pika.abc import AbstractExchange, AbstractRobustChannel

# Seconds that a confirmation may take; an event can wait, and is tried again.
_PATIENCE: Final = 5.0


class RabbitOutside:
    """Implements `actors.courier.port.Outside`: topic exchanges, durable messages, every one confirmed.

    Args:
        config: Where the server is.
        exchanges: That are declared.
    """

    def __init__(self, config: RabbitConfig, exchanges: tuple[str, ...]) -> None:
        self._line = RabbitLine(config, exchanges)

    @property
    def is_there(self) -> bool:
        """Whether the broker is there; see the port."""
        return self._line.is_connected

    async def open(self) -> None:
        """Begin to connect; see the port."""
        self._line.open(_nothing_more)

    async def hand(self, event: Event) -> bool:
        """Publish an event; see the port. Where nobody has bound a queue, the broker takes it and drops it: nobody wants it."""
        published = await self._line.publish(
            event.body.encode(),
            event.key,
            timeout=_PATIENCE,
            exchange=event.exchange,
            is_mandatory=False,
            headers=dict(event.headers),
            message_id=event.id,
            timestamp=int(event.at),
            delivery_mode=_PERSISTENT,
        )
        return published is Published.ACCEPTED

    async def aclose(self) -> None:
        """Disconnect; see the port."""
        await self._line.aclose()


# As AMQP numbers it.
_PERSISTENT: Final = 2


async def _nothing_more(channel: AbstractRobustChannel, exchange: AbstractExchange) -> None:
    """The exchanges are all that there is to declare."""

"""The connection of one end to RabbitMQ: made in the background, made again when it is lost, with all that was declared on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import attrs

from ...actors.fleet.port import Published
from ...messages.errors import SettingsError
from ...messages.secret import Secret

if TYPE_CHECKING:
    from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection

logger = logging.getLogger(__name__)

APP_ID: Final = "legion-llm"
SCHEMA_VERSION: Final = "1.0.0"

# Routing keys within the exchange of the fleet, beside the lanes.
OFFERS: Final = "llm.fleet.offer"
SIGNALS: Final = "llm.fleet.signal"

_PORTS: Final = {"amqp": 5672, "amqps": 5671}

# Seconds between two tries to connect.
_RECONNECT: Final = 1.0

# Seconds that closing may take.
_CLOSE_TIMEOUT: Final = 2.0


@attrs.frozen(kw_only=True)
class RabbitConfig:
    """Where the broker is, and how its queues are made.

    Attributes:
        url: "amqp://user@host:5672/vhost", or amqps.
        password: Of that user.
        exchange: Name of the topic exchange of the fleet.
        queue_type: classic (priorities, in memory) or quorum (replicated).
        queue_length: Requests that may wait in one lane; one more is refused.
        queue_expires: Seconds after which a lane that no worker serves is forgotten.
    """

    url: str
    password: Secret
    exchange: str = "llm.fleet"
    queue_type: Literal["classic", "quorum"] = "classic"
    queue_length: int = 100
    queue_expires: float = 60.0

    @property
    def endpoint(self) -> str:
        """The address without user and password."""
        url = urlsplit(self.url)
        return f"{url.scheme}://{url.hostname}:{url.port or _PORTS[url.scheme]}{url.path}"

    def revealed(self) -> str:
        """Return the address with user and password."""
        url = urlsplit(self.url)
        user = quote(url.username or "guest", safe="")
        host = url.netloc.rpartition("@")[2]
        return urlunsplit(url._replace(netloc=f"{user}:{quote(self.password.reveal(), safe='')}@{host}"))


class RabbitLine:
    """A connection with two channels: one on which publishing is confirmed, one for what may be lost.

    Args:
        config: Where the server is.
        exchanges: Names of the topic exchanges that are declared, at least one.

    Raises:
        SettingsError: The library is not installed.
    """

    def __init__(self, config: RabbitConfig, exchanges: tuple[str, ...]) -> None:
        if find_spec("aio_pika") is None:
            raise SettingsError(
                "fleet.broker: RabbitMQ needs aio-pika: pip install legion-llm[rabbitmq]", path="fleet.broker"
            )
        self.config = config
        self._connection: AbstractRobustConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._sure: AbstractRobustChannel | None = None
        self._loose: AbstractRobustChannel | None = None
        self._names = exchanges
        self._exchanges: dict[tuple[bool, str], AbstractExchange] = {}

    @property
    def is_connected(self) -> bool:
        """Whether something could be published now."""
        connection = self._connection
        return connection is not None and bool(self._exchanges) and connection.connected.is_set()

    def open(self, declare: Callable[[AbstractRobustChannel, AbstractExchange], Awaitable[None]]) -> None:
        """Begin to connect; `declare` is called once, with what queues are declared on."""
        self._connecting = asyncio.get_running_loop().create_task(self._connect(declare))

    async def channel(self, prefetch: int, *, is_global: bool) -> AbstractRobustChannel:
        """Return another channel, for a consumer that takes no more than so many messages at once."""
        assert self._connection is not None
        channel: Any = await self._connection.channel()
        await channel.set_qos(prefetch_count=prefetch, global_=is_global)
        return channel  # type: ignore[no-any-return]

    async def publish(
        self,
        body: bytes,
        key: str,
        *,
        timeout: float,
        exchange: str = "",
        is_mandatory: bool = True,
        **properties: Any,
    ) -> Published:
        """Publish what must arrive, and wait for the broker's word.

        Args:
            body: Of the message.
            key: Routing key.
            timeout: Seconds that the word may take.
            exchange: Name of the exchange, or "" where the key is the name of a queue.
            is_mandatory: Whether somebody must get it now.
            properties: Of the message, as aio-pika names them.
        """
        from aiormq.exceptions import DeliveryError, PublishError  # noqa: PLC0415 - loaded where RabbitMQ is used

        if not self.is_connected:
            return Published.FAILED
        try:
            async with asyncio.timeout(timeout):
                message = _message(body, properties)
                await self._exchange(exchange, is_sure=True).publish(message, key, mandatory=is_mandatory)
        except PublishError:
            return Published.UNROUTABLE
        except DeliveryError:
            return Published.NACKED
        except TimeoutError:
            return Published.CONFIRM_TIMEOUT
        except lost() as error:
            logger.info("a message could not be published: %s", error)
            return Published.FAILED
        return Published.ACCEPTED

    async def throw(self, body: bytes, key: str, *, exchange: str = "") -> None:
        """Publish what may be lost."""
        if not self.is_connected:
            return
        try:
            await self._exchange(exchange, is_sure=False).publish(_message(body, {}), key, mandatory=False)
        except lost() as error:
            logger.info("a message was lost: %s", error)

    async def aclose(self) -> None:
        """Disconnect. May be called twice, or before `open`."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait((self._connecting,))
            self._connecting = None
        connection, self._connection = self._connection, None
        self._exchanges = {}
        if connection is not None:
            try:
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await connection.close()
            except TimeoutError:
                logger.info("the connection to RabbitMQ did not close within %g s", _CLOSE_TIMEOUT)
            except lost() as error:
                logger.info("the connection to RabbitMQ did not close well: %s", error)

    def _exchange(self, name: str, *, is_sure: bool) -> AbstractExchange:
        channel = self._sure if is_sure else self._loose
        assert channel is not None
        return self._exchanges[is_sure, name] if name else channel.default_exchange

    async def _connect(self, declare: Callable[[AbstractRobustChannel, AbstractExchange], Awaitable[None]]) -> None:
        import aio_pika  # noqa: PLC0415 - as above

        self._connection = connection = await aio_pika.connect_robust(
            self.config.revealed(),
            reconnect_interval=_RECONNECT,
            fail_fast="0",
            client_properties={"product": APP_ID},
        )
        self._sure = await connection.channel(publisher_confirms=True, on_return_raises=True)
        self._loose = await connection.channel(publisher_confirms=False)
        assert self._sure is not None
        assert self._loose is not None
        exchanges: dict[tuple[bool, str], AbstractExchange] = {}
        for is_sure, channel in ((True, self._sure), (False, self._loose)):
            for name in self._names:
                exchanges[is_sure, name] = await channel.declare_exchange(
                    name, aio_pika.ExchangeType.TOPIC, durable=True
                )
        await declare(self._loose, exchanges[False, self._names[0]])
        self._exchanges = exchanges


def lost() -> tuple[type[Exception], ...]:
    """Return what aio-pika raises where the connection, or a channel, is not there."""
    from aiormq.exceptions import AMQPError, ChannelInvalidStateError  # noqa: PLC0415 - as above

    return (AMQPError, ChannelInvalidStateError, OSError)


def _message(body: bytes, properties: Mapping[str, Any]) -> Any:
    import aio_pika  # noqa: PLC0415 - as above

    known = {"headers": {"x-legion-llm-schema-version": SCHEMA_VERSION}, **properties}
    return aio_pika.Message(body, app_id=APP_ID, content_type="application/json", **known)

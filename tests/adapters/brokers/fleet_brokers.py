"""The brokers, each as a test needs it: gateways and workers that meet."""

from __future__ import annotations

import asyncio
import socket

import aio_pika
import pytest
from broker_ends import GatewayEnd, WorkerEnd
from legion_llm.adapters.brokers.memory import MemoryBroker
from legion_llm.adapters.brokers.rabbitmq_gateway import RabbitGatewayLink
from legion_llm.adapters.brokers.rabbitmq_line import RabbitConfig
from legion_llm.adapters.brokers.rabbitmq_worker import RabbitWorkerLink
from legion_llm.adapters.brokers.zmq_gateway import ZmqGatewayLink
from legion_llm.adapters.brokers.zmq_worker import ZmqWorkerLink
from legion_llm.messages.ids import random_hex
from legion_llm.messages.secret import Secret

RABBITMQ = "amqp://guest:guest@127.0.0.1:5672/"


class Ends:
    """What all of them have in common."""

    @staticmethod
    def is_absent():
        """Why it cannot be tested here, or None."""
        return

    # Whether requests that a lost worker had are given to another.
    redelivers = True

    def __init__(self):
        self._gateways = []
        self._workers = []

    async def gateway(self):
        end = await GatewayEnd(self.gateway_link()).open()
        self._gateways.append(end)
        return end

    async def worker(self, name="w1", lanes=("lane",), **post):
        """A worker that serves already, and is known to all gateways."""
        end = await WorkerEnd(self.worker_link(), name).open(**post)
        self._workers.append(end)
        await self.met(end)
        await end.link.serve(frozenset(lanes))
        return end

    async def met(self, worker):
        """Wait until a worker and all gateways can hear each other."""
        hello = f"hello of {worker.name}".encode()
        waiting = set(self._gateways)
        while waiting:
            await worker.link.announce(hello)
            for gateway in tuple(waiting):
                try:
                    said = await asyncio.wait_for(gateway.heard.get(), 0.05)
                except TimeoutError:
                    continue
                assert said == hello
                waiting.discard(gateway)
        await asyncio.sleep(0)
        for gateway in self._gateways:
            while not gateway.heard.empty():
                gateway.heard.get_nowait()

    async def aclose(self):
        for end in (*self._workers, *self._gateways):
            await end.link.aclose()


class Memory(Ends):
    """The double."""

    def __init__(self, length=2):
        super().__init__()
        self._broker = MemoryBroker(length=length)

    def gateway_link(self):
        return self._broker.gateway()

    def worker_link(self):
        return self._broker.worker()


class Zmq(Ends):
    """The embedded one, over loopback."""

    redelivers = False

    def gateway_link(self):
        return ZmqGatewayLink("tcp://127.0.0.1:*")

    def worker_link(self):
        return ZmqWorkerLink([each.link.endpoint for each in self._gateways])


class Rabbit(Ends):
    """RabbitMQ, with an exchange of the test's own."""

    queue_type = "classic"

    @staticmethod
    def is_absent():
        try:
            socket.create_connection(("127.0.0.1", 5672), timeout=1).close()
        except OSError:
            return "no RabbitMQ on port 5672"
        return None

    def __init__(self):
        super().__init__()
        self._length = 100
        self._name = f"llm.fleet.test.{random_hex(8)}"

    async def gateway(self):
        end = await super().gateway()
        while not end.link.is_connected:  # noqa: ASYNC110 - the connection is made in the background
            await asyncio.sleep(0.01)
        return end

    async def worker(self, name="w1", lanes=("lane",), **post):
        self._length = post.get("backlog", 100) or 1
        return await super().worker(name, lanes, **post)

    def gateway_link(self):
        return RabbitGatewayLink(self._config())

    def worker_link(self):
        return RabbitWorkerLink(self._config())

    def _config(self):
        return RabbitConfig(
            url="amqp://guest@127.0.0.1:5672/",
            password=Secret("guest"),
            exchange=self._name,
            queue_type=self.queue_type,
            queue_length=self._length,
            queue_expires=10.0,
        )

    async def aclose(self):
        await super().aclose()
        connection = await aio_pika.connect(RABBITMQ)
        channel = await connection.channel()
        for lane in ("lane", "new"):
            await channel.queue_delete(f"{self._name}:{lane}")
        await channel.exchange_delete(self._name)
        await connection.close()


class QuorumRabbit(Rabbit):
    """The same with queues that are replicated."""

    queue_type = "quorum"


BROKERS = [
    Memory,
    Zmq,
    pytest.param(Rabbit, marks=pytest.mark.live),
    pytest.param(QuorumRabbit, marks=pytest.mark.live),
]

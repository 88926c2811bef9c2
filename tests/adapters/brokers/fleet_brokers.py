"""The brokers, each as a test needs it: gateways and workers that meet."""

from __future__ import annotations

import asyncio

from broker_ends import GatewayEnd, WorkerEnd
from legion_llm.adapters.brokers.memory import MemoryBroker
from legion_llm.adapters.brokers.zmq_gateway import ZmqGatewayLink
from legion_llm.adapters.brokers.zmq_worker import ZmqWorkerLink


class Ends:
    """What all of them have in common."""

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


BROKERS = [Memory, Zmq]

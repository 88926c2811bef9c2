"""Ends of a broker that do what a test says, and write down what they are given."""

from __future__ import annotations

import queue

from legion_llm.actors.fleet.port import Published


class GatewayLinkDouble:
    """A gateway's end: the test hears what is published, and says what is heard."""

    reply_lane = "llm.fleet.reply.0123456789abcdef"
    endpoint = "nowhere"
    is_connected = True

    def __init__(self, wire):
        self.wire = wire
        self.published = queue.Queue()
        self.signalled = queue.Queue()
        self.result = Published.ACCEPTED
        self.at_once = None  # what is heard before a request is even confirmed

    async def open(self, heard):
        self._heard = heard

    async def publish(self, parcel, timeout):
        request = self.wire.peek(parcel.body)
        if self.at_once is not None:
            self._heard(self.wire.pack(self.at_once(request)))
        self.published.put(request)
        return self.result

    async def signal(self, worker, body):
        self.signalled.put((worker, self.wire.unpack_signal(body)))

    async def aclose(self):
        pass

    def hear(self, message):
        self._heard(message if isinstance(message, bytes) else self.wire.pack(message))


class WorkerLinkDouble:
    """A worker's end: the test gives requests, and hears replies."""

    is_connected = True

    def __init__(self, wire):
        self.wire = wire
        self.replies = queue.Queue()
        self.offers = queue.Queue()
        self.settled = queue.Queue()
        self.lanes = frozenset()
        self.result = Published.ACCEPTED

    async def open(self, post):
        self.post = post

    async def serve(self, lanes):
        self.lanes = lanes

    async def reply(self, reply_to, correlation_id, body):
        self.replies.put(self.wire.unpack_heard(body))
        return self.result

    async def announce(self, body):
        self.offers.put(self.wire.unpack_heard(body))

    async def aclose(self):
        pass

    def give(self, body, *, is_redelivered=False):
        self.post.taken(DeliveryDouble(body, is_redelivered, self.settled))

    def signal(self, message):
        self.post.signalled(self.wire.pack(message))


class DeliveryDouble:
    def __init__(self, body, is_redelivered, settled):
        self.body = body
        self.is_redelivered = is_redelivered
        self._settled = settled

    async def settle(self):
        self._settled.put(self.body)

"""The ports through which gateways and workers meet: a broker between them, and how messages become bytes.

A broker carries bytes and knows lanes; it understands no message. All of it lives on the asyncio loop.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

from ...messages.fleet import FleetCancel, FleetCredit, FleetOffer, FleetReply, FleetRequest


class Published(enum.StrEnum):
    """What became of something that was published."""

    ACCEPTED = "accepted"
    UNROUTABLE = "unroutable"  # nobody takes that lane
    NACKED = "nacked"  # those who take it are full
    CONFIRM_TIMEOUT = "confirm_timeout"  # nobody knows: it may have arrived
    FAILED = "failed"  # it was not sent: no connection


@attrs.frozen(kw_only=True)
class Parcel:
    """A request on its way to some worker.

    Attributes:
        lane: Under which it is left.
        body: The packed request.
        message_id: Of the request.
        correlation_id: Likewise.
        reply_to: Where replies go.
        priority: 0 to 9; brokers without priorities ignore it.
        ttl: Seconds after which nobody waits (above 0).
        workers: Who takes that lane, best first. For brokers without queues of their own; those that have some ignore it.
    """

    lane: str
    body: bytes
    message_id: str
    correlation_id: str
    reply_to: str
    priority: int = 5
    ttl: float
    workers: Sequence[str] = ()


class Delivery(Protocol):
    """A request that arrived at a worker; belongs to it until it is settled."""

    @property
    def body(self) -> bytes:
        """The packed request."""

    @property
    def is_redelivered(self) -> bool:
        """Whether another worker had it before, and is gone."""

    async def settle(self) -> None:
        """Say that it is done, however it ended. May be called twice, and after the connection was lost."""


class GatewayLink(Protocol):
    """A gateway's end of the broker."""

    @property
    def is_connected(self) -> bool:
        """Whether something could be published now."""

    @property
    def reply_lane(self) -> str:
        """Where this gateway hears replies."""

    @property
    def endpoint(self) -> str:
        """Where workers and gateways meet, for people; without a password."""

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Connect, or begin to try; `heard` is called for every reply and every offer from now on, on this loop.

        Raises:
            StartFailed: The address cannot be used at all.
        """

    async def publish(self, parcel: Parcel, timeout: float) -> Published:
        """Leave a request, and wait for at most `timeout` seconds for the word that somebody has it."""

    async def signal(self, worker: str | None, body: bytes) -> None:
        """Send a word to one worker, or to all; it is lost where nobody hears it."""

    async def aclose(self) -> None:
        """Disconnect. May be called twice, or before `open`."""


@attrs.frozen(kw_only=True)
class Post:
    """What a worker takes.

    Attributes:
        worker: Its name.
        concurrency: Requests that it is given at once, at most.
        backlog: Requests that may wait for it; one more is refused.
        rank: Higher is asked first, where the broker chooses.
        taken: Called for every request.
        signalled: Called for every word from a gateway.
    """

    worker: str
    concurrency: int
    backlog: int
    rank: int = 0
    taken: Callable[[Delivery], None]
    signalled: Callable[[bytes], None]


class WorkerLink(Protocol):
    """A worker's end of the broker."""

    @property
    def is_connected(self) -> bool:
        """Whether a gateway could be heard now."""

    async def open(self, post: Post) -> None:
        """Connect, or begin to try.

        Raises:
            StartFailed: The address cannot be used at all.
        """

    async def serve(self, lanes: frozenset[str]) -> None:
        """Take requests of these lanes from now on, and of no others."""

    async def reply(self, reply_to: str, correlation_id: str, body: bytes) -> Published:
        """Send something back; nothing is kept for later."""

    async def announce(self, body: bytes) -> None:
        """Send an offer to all gateways; it is lost where none is."""

    async def aclose(self) -> None:
        """Disconnect; requests that are not settled go to others. May be called twice, or before `open`."""


class Wire(Protocol):
    """How messages become bytes, and who vouches for them.

    Every `unpack` raises FleetFault: unsupported_type for what is nothing of ours.
    """

    def pack_request(self, request: FleetRequest) -> bytes:
        """Return a request, signed where the fleet has a secret."""

    def unpack_request(self, body: bytes) -> FleetRequest:
        """Return a request whose token is good.

        Raises:
            FleetFault: Its token is not, or has expired, or was used before.
        """

    def peek(self, body: bytes) -> FleetRequest | None:
        """Return a request without any check, so that its sender can be told what is wrong with it; None for what is none."""

    def pack(self, message: FleetReply | FleetOffer | FleetCancel | FleetCredit) -> bytes:
        """Return anything that needs no token."""

    def unpack_heard(self, body: bytes) -> FleetReply | FleetOffer:
        """Return what a worker says."""

    def unpack_signal(self, body: bytes) -> FleetCancel | FleetCredit:
        """Return what a gateway says to a worker, beside requests."""

    def key_of(self, request: FleetRequest) -> str:
        """Return what tells this request from all others that are not the same: "idem_" and hex digits."""

"""What gateways and workers of the fleet say to each other: protocol version 2.

A gateway sends one request and hears one response, or one error; a streamed answer comes as numbered frames before its response. Workers say every
second or so what they offer. Fields may be added: who does not know one passes over it. Anything else makes a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from .base import Message, StreamMessage
from .caller import ANONYMOUS, Caller
from .catalogue import ModelFacts
from .chat import EMPTY, Chunk, Request, Response
from .embedding import EmbedAnswer, EmbedBatch
from .fleet_codes import CODES, Category, FleetCode
from .ids import new_id
from .target import Target

PROTOCOL_VERSION: Final = 2

Operation: TypeAlias = Literal["chat", "stream", "embed"]

# Names of fields in envelopes of version 1, which nobody signs and nobody understands any more.
LEGACY_FIELDS: Final = frozenset(
    {"fleet_correlation_id", "messages", "message", "model_id", "options", "prompt", "request_type", "token", "ttl"}
)


@attrs.frozen(kw_only=True)
class FleetRequest:
    """An attempt that a worker shall make.

    Attributes:
        protocol_version: 2; anything else is refused.
        request_id: Of the caller's request, for all its attempts. Both sides' ledgers have it.
        correlation_id: Of this request of the fleet: replies carry it.
        idempotency_key: "idem_" and hex digits: what has the same key is executed once, and answered with that.
        operation: chat, stream (an answer in frames) or embed.
        provider: Family of the engine, where the lane names one, or None.
        provider_instance: Instance of the worker's that shall do it, or None for any that has the model.
        model: As the worker offers it.
        attempt: Number of the attempt within the caller's request.
        reply_to: Where replies go.
        message_context: Ids of conversation, message and exchange; comes back as it is.
        caller: Who asks.
        trace_context: Value of a `traceparent` header, or None.
        timeout_seconds: That the gateway waits for the answer.
        expires_at: Unix seconds after which nobody waits.
        credits: Frames of a stream that may be sent before the gateway has asked for more.
        signed_token: What vouches for all the other fields, or None in a fleet without a secret.
    """

    protocol_version: int = PROTOCOL_VERSION
    request_id: str
    correlation_id: str = attrs.field(factory=lambda: new_id("corr_", 32))
    idempotency_key: str
    operation: Operation
    provider: str | None = None
    provider_instance: str | None = None
    model: str
    attempt: int = 1
    reply_to: str
    message_context: Mapping[str, Any] = EMPTY
    caller: Caller = ANONYMOUS
    trace_context: str | None = None
    timeout_seconds: float
    expires_at: float
    credits: int = 0
    signed_token: str | None = None


@attrs.frozen(kw_only=True)
class FleetChat(FleetRequest):
    """A chat, streamed or not."""

    params: Request


@attrs.frozen(kw_only=True)
class FleetEmbed(FleetRequest):
    """Texts that shall become vectors."""

    params: EmbedBatch


@attrs.frozen(kw_only=True)
class FleetReply:
    """What a worker says to one request.

    Attributes:
        protocol_version: 2.
        request_id: Of the request.
        correlation_id: Likewise.
        worker: Name of the worker.
    """

    protocol_version: int = PROTOCOL_VERSION
    request_id: str
    correlation_id: str
    worker: str


@attrs.frozen(kw_only=True)
class FleetFrame(FleetReply):
    """A piece of a streamed answer; the first one, without chunks, says that the worker has begun (of unstreamed answers, too).

    Attributes:
        sequence: Number of the frame, from 0 without gaps.
        chunks: In order.
    """

    sequence: int
    chunks: tuple[Chunk, ...] = ()


@attrs.frozen(kw_only=True)
class FleetResponse(FleetReply):
    """The whole answer. Of a stream it is the last word: without it the stream was cut.

    Attributes:
        response_id: "resp_" and hex digits.
        answer: To a chat, or None.
        vectors: To texts, or None.
        frames: Number of frames that were sent before.
        provider_instance: Instance of the worker's that answered.
        message_context: As it came.
        replayed: Whether the request had been answered before, and this is that answer.
    """

    response_id: str = attrs.field(factory=lambda: new_id("resp_"))
    answer: Response | None = None
    vectors: EmbedAnswer | None = None
    frames: int = 0
    provider_instance: str = ""
    message_context: Mapping[str, Any] = EMPTY
    replayed: bool = False


@attrs.frozen(kw_only=True)
class FleetError(FleetReply):
    """Why there is no answer.

    Attributes:
        error_id: "err_" and hex digits.
        code: What went wrong; anything else follows from it.
        message: For people.
        error: Class of the error at the worker ("ContextOverflow"), or None.
        retry_after: Seconds after which another try makes sense, or None.
        message_context: As it came.
        category: Where it went wrong.
        retriable: Whether it may well go right at another time, or elsewhere.
    """

    error_id: str = attrs.field(factory=lambda: new_id("err_"))
    code: FleetCode
    message: str
    error: str | None = None
    retry_after: float | None = None
    message_context: Mapping[str, Any] = EMPTY
    category: Category = attrs.Factory(lambda self: CODES[self.code].category, takes_self=True)
    retriable: bool = attrs.Factory(lambda self: CODES[self.code].retriable, takes_self=True)


@attrs.frozen(kw_only=True)
class FleetCancel:
    """Nobody waits for this answer any more: do not begin it, or stop."""

    correlation_id: str
    protocol_version: int = PROTOCOL_VERSION


@attrs.frozen(kw_only=True)
class FleetCredit:
    """The reader of a stream has read on: so many more frames may be sent."""

    correlation_id: str
    credits: int
    protocol_version: int = PROTOCOL_VERSION


@attrs.frozen(kw_only=True)
class OfferedModel:
    """A model that a worker serves.

    Attributes:
        facts: What is known of it; `loaded` says whether it is warm.
        instance: Instance of the worker's that has it.
        kind: Family of that instance.
        lanes: Where requests for it are taken.
    """

    facts: ModelFacts
    instance: str
    kind: str
    lanes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Hardware:
    """What a worker runs on.

    Attributes:
        hostname: Of the machine.
        memory_bytes: There is, or None when nobody knows.
        rank: Higher is faster; workers of a higher rank are asked first. Set by people.
    """

    hostname: str = ""
    memory_bytes: int | None = None
    rank: int = 0


@attrs.frozen(kw_only=True)
class FleetOffer:
    """What a worker serves, and how busy it is; also the sign that it lives.

    Attributes:
        worker: Name of the worker, unique in the fleet.
        models: What it serves; () for one that takes nothing more.
        concurrency: Requests that it works on at once.
        in_flight: Requests that it works on now.
        working: Correlation ids of those, or None where it does not say: what a gateway waits for and does not find here twice was lost on the way.
        interval: Seconds until its next word; after three of them without one it counts as gone.
    """

    worker: str
    models: tuple[OfferedModel, ...] = ()
    concurrency: int = 1
    in_flight: int = 0
    working: tuple[str, ...] | None = None
    interval: float = 1.0
    hardware: Hardware = Hardware()
    protocol_version: int = PROTOCOL_VERSION


# -- What is said within a gateway --------------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class FleetCall(Message[Response]):
    """Have a worker answer this."""

    request: Request
    target: Target
    attempt: int = 1


@attrs.frozen(kw_only=True)
class FleetStream(StreamMessage[Response, Chunk]):
    """Have a worker answer this piece by piece."""

    request: Request
    target: Target
    attempt: int = 1


@attrs.frozen(kw_only=True)
class FleetVectors(Message[EmbedAnswer]):
    """Have a worker make vectors of this."""

    batch: EmbedBatch
    request_id: str
    target: Target
    caller: Caller = ANONYMOUS
    attempt: int = 1

"""What can go wrong between a gateway and a worker of the fleet: the closed set of codes that travel with an error."""

from __future__ import annotations

import enum
from typing import Final, Literal, TypeAlias

import attrs

Category: TypeAlias = Literal["worker", "auth", "validation", "dispatch"]


class FleetCode(enum.StrEnum):
    """What went wrong. The first words are the specification's; it travels in the body, and in a header of its own."""

    MODEL_NOT_LOADED = "model_not_loaded"  # the worker does not offer this model
    OLLAMA_UNAVAILABLE = "ollama_unavailable"  # the engine behind the worker, whichever it is, takes nothing now
    INFERENCE_FAILED = "inference_failed"
    INFERENCE_TIMEOUT = "inference_timeout"
    WORKER_LOST = "worker_lost"  # the worker that began it is gone; nobody begins it a second time
    CANCELLED = "cancelled"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - a code, likewise the next one
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    REQUEST_EXPIRED = "request_expired"  # it waited for longer than its caller does
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNSUPPORTED_STREAMING = "unsupported_streaming"
    FLEET_UNAVAILABLE = "fleet_unavailable"  # no connection to the broker
    NO_FLEET_QUEUE = "no_fleet_queue"  # no worker serves that
    FLEET_BACKPRESSURE = "fleet_backpressure"  # those who serve it have enough to do
    FLEET_PUBLISH_TIMEOUT = "fleet_publish_timeout"  # nobody has said that the request arrived
    FLEET_PUBLISH_FAILED = "fleet_publish_failed"
    FLEET_TIMEOUT = "fleet_timeout"


@attrs.frozen
class CodeRow:
    """What a code means for whoever asked.

    Attributes:
        category: Where it went wrong.
        retriable: Whether the same request may well be answered at another time or by another worker.
    """

    category: Category
    retriable: bool


CODES: Final[dict[FleetCode, CodeRow]] = {
    FleetCode.MODEL_NOT_LOADED: CodeRow("worker", retriable=False),
    FleetCode.OLLAMA_UNAVAILABLE: CodeRow("worker", retriable=True),
    FleetCode.INFERENCE_FAILED: CodeRow("worker", retriable=True),
    FleetCode.INFERENCE_TIMEOUT: CodeRow("worker", retriable=True),
    FleetCode.WORKER_LOST: CodeRow("worker", retriable=True),
    FleetCode.CANCELLED: CodeRow("worker", retriable=False),
    FleetCode.INVALID_TOKEN: CodeRow("auth", retriable=False),
    FleetCode.TOKEN_EXPIRED: CodeRow("auth", retriable=False),
    FleetCode.REQUEST_EXPIRED: CodeRow("validation", retriable=False),
    FleetCode.PAYLOAD_TOO_LARGE: CodeRow("validation", retriable=False),
    FleetCode.UNSUPPORTED_TYPE: CodeRow("validation", retriable=False),
    FleetCode.UNSUPPORTED_STREAMING: CodeRow("validation", retriable=False),
    FleetCode.FLEET_UNAVAILABLE: CodeRow("dispatch", retriable=True),
    FleetCode.NO_FLEET_QUEUE: CodeRow("dispatch", retriable=False),
    FleetCode.FLEET_BACKPRESSURE: CodeRow("dispatch", retriable=True),
    FleetCode.FLEET_PUBLISH_TIMEOUT: CodeRow("dispatch", retriable=True),
    FleetCode.FLEET_PUBLISH_FAILED: CodeRow("dispatch", retriable=True),
    FleetCode.FLEET_TIMEOUT: CodeRow("dispatch", retriable=True),
}


class FleetFault(Exception):
    """Something went wrong between gateway and worker; never leaves the fleet: callers get one of `messages.errors`.

    Attributes:
        code: What.
        retry_after: Seconds after which another try makes sense, or None.
    """

    def __init__(self, code: FleetCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after

"""What is said to whoever asks another gateway first."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from .base import Message
from .chat import Request

_NOTHING: Mapping[str, Any] = {}


@attrs.frozen(kw_only=True)
class AskResult:
    """An answer of `legion.ask`.

    Attributes:
        text: What was answered.
        via: daemon: another gateway answered; direct: this one did.
        meta: What is told of it: tier, provider, model, tokens_in, tokens_out.
        request_id: Under which it was asked.
    """

    text: str
    via: Literal["daemon", "direct"]
    request_id: str
    meta: Mapping[str, Any] = _NOTHING


@attrs.frozen(kw_only=True)
class AskDaemon(Message[AskResult]):
    """Answer this, by the daemon if it takes it, else directly."""

    request: Request


class DaemonStatus(enum.StrEnum):
    """What a daemon said to a request; the words follow from its HTTP status."""

    DONE = "done"  # 200 and 201: there is the answer
    ACCEPTED = "accepted"  # 202: come back for it
    DENIED = "denied"  # 401 and 403
    RATE_LIMITED = "rate_limited"  # 429
    UNAVAILABLE = "unavailable"  # 503, and whatever kept it from answering
    ERROR = "error"  # everything else


@attrs.frozen(kw_only=True)
class DaemonAnswer:
    """What a daemon said.

    Attributes:
        data: The answer's own fields.
        message: Why there is none.
        retry_after: Seconds to wait, or None.
        poll: Path at which an accepted answer is fetched, or None.
    """

    status: DaemonStatus
    data: Mapping[str, Any] = _NOTHING
    message: str = ""
    retry_after: float | None = None
    poll: str | None = None

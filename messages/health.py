"""What is told to health beside the end of an attempt."""

from __future__ import annotations

import enum

import attrs

from .base import Message
from .routing import CircuitState


@attrs.frozen(kw_only=True)
class AnswerJudged(Message[None]):
    """The quality of an answer is known; told once for every attempt whose call said that it would be (`Call.judged`).

    A poor answer is held against the instance, half as much as a failure. One that nobody announced counts as well; a good one only then.

    Attributes:
        instance: The provider instance that answered.
        attempt: Counted from 1 within the request.
        passed: Whether the answer was good enough.
    """

    request_id: str
    attempt: int
    instance: str
    passed: bool


@attrs.frozen(kw_only=True)
class LimitReached(Message[None]):
    """The limits of a connection let no call of a model through for a while: whoever can should go elsewhere.

    Attributes:
        until: Monotonic moment.
    """

    instance: str
    model: str
    until: float


@attrs.frozen(kw_only=True)
class CircuitSet(Message[None]):
    """An operator opens or closes the circuit of an instance.

    Attributes:
        state: OPEN, for the cooldown of the settings, or CLOSED.
    """

    instance: str
    state: CircuitState


@attrs.frozen(kw_only=True)
class AccountRestored(Message[None]):
    """An instance is shown another credential than the one that was refused, and takes it: an account that was dead may be tried again."""

    instance: str


class OwnSignal(enum.StrEnum):
    """Signals that need no handler."""

    ERROR = "error"  # a failure of this weight (1.0 is that of a failed call)
    QUALITY_FAILURE = "quality_failure"  # so many answers of poor quality, half a failure each
    SUCCESS = "success"  # it works: failures start anew
    LATENCY = "latency"  # an answer took so many milliseconds


@attrs.frozen(kw_only=True)
class SignalReported(Message[None]):
    """A host noticed something about an instance.

    Attributes:
        name: One of `OwnSignal`, or whatever the host has a handler for.
        value: What it measured; for the system's own signals at least 0.
    """

    name: str
    instance: str
    value: float = 1.0


@attrs.frozen(kw_only=True)
class SignalWeighed(Message[None]):
    """What a signal of the host's own means for an instance.

    Attributes:
        points: Added to the score of its targets until the signal is weighed again or `window_seconds` have passed; None: nothing to say any more.
    """

    name: str
    instance: str
    points: float | None

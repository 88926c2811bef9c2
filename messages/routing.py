"""What is said between inference, router, health and connections."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import attrs

from .base import Message, StreamMessage
from .caller import ANONYMOUS, Caller
from .chat import Chunk, ModelInfo, ProviderInfo, Request, Response, Usage, new_id
from .outcome import Outcome


@attrs.frozen(kw_only=True)
class Target:
    """Where an attempt goes.

    Attributes:
        instance: Name of the provider instance ("openai/eu"), which is also its connection's name.
        tier: local, fleet, openai_compat, cloud or frontier.
    """

    instance: str
    model: str
    tier: str

    def __str__(self) -> str:
        """Return "instance/model", as chains and logs show it."""
        return f"{self.instance}/{self.model}"


@attrs.frozen(kw_only=True)
class Resolution:
    """What the router decided.

    Attributes:
        candidates: Targets in the order in which they are to be tried; at least one.
        strategy: explicit (the caller named provider, tier or model), default (the settings did), or auto.
        rejected: "target: why" for every one that was considered and left out.
    """

    candidates: tuple[Target, ...]
    strategy: str
    rejected: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Route(Message[Resolution]):
    """Where shall this go? None and "auto" leave the choice to the router.

    Attributes:
        model: Model name, also as "instance/model".
        provider: Provider or instance name.
        tier: Tier name.
    """

    model: str | None = None
    provider: str | None = None
    tier: str | None = None


@attrs.frozen(kw_only=True)
class ListModels(Message[tuple[ModelInfo, ...]]):
    """Which models can be asked for?"""


@attrs.frozen(kw_only=True)
class ListProviders(Message[tuple[ProviderInfo, ...]]):
    """Which provider instances are there, and how are they?"""


class CircuitState(enum.StrEnum):
    """State of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@attrs.frozen(kw_only=True)
class HealthChanged(Message[None]):
    """Health has a new opinion of an instance.

    Attributes:
        adjustment: Points added to the score of its targets; 0 when healthy, negative otherwise.
        epoch: Number of this stretch of the circuit's life; results of attempts begun in an earlier one no longer move it.
        retry_at: Monotonic moment at which an open circuit is probed, or None.
        cause: Why it is open: target_sick, or account_dead (credit, quota or key); None while it is not.
        throttled: Monotonic moments until which the provider wants some of its models left alone.
    """

    instance: str
    state: CircuitState
    adjustment: float
    epoch: int
    retry_at: float | None = None
    cause: Outcome | None = None
    throttled: Mapping[str, float] = attrs.field(default=MappingProxyType({}), hash=False)

    @property
    def why_open(self) -> str:
        """Why an open circuit is open, in words for people."""
        if self.cause is Outcome.ACCOUNT_DEAD:
            return "account out of credit or quota, or key refused"
        return "circuit open"


@attrs.frozen(kw_only=True)
class HealthWanted(Message[None]):
    """Somebody has just started and has not heard yet: tell it again.

    Attributes:
        instance: The one it needs, or None for all.
    """

    instance: str | None = None


@attrs.frozen(kw_only=True)
class Call(Message[Response]):
    """One attempt at one provider.

    Attributes:
        attempt: Counted from 1 within the request.
        judged: Whether somebody will judge the answer and tell health (`AnswerJudged`); until then it is no success.
    """

    request: Request
    target: Target
    attempt: int = 1
    judged: bool = False


@attrs.frozen(kw_only=True)
class StreamCall(StreamMessage[Response, Chunk]):
    """One streamed attempt at one provider; fields as of `Call`."""

    request: Request
    target: Target
    attempt: int = 1
    judged: bool = False


@attrs.frozen(kw_only=True)
class Infer(Message[Response]):
    """Answer this request, wherever that is best done."""

    request: Request


@attrs.frozen(kw_only=True)
class InferStream(StreamMessage[Response, Chunk]):
    """Answer this request piece by piece."""

    request: Request


def _attempt_id() -> str:
    return new_id("att_")


@attrs.frozen(kw_only=True)
class AttemptFinished(Message[None]):
    """An attempt at a provider has ended; exactly one is told per attempt.

    Attributes:
        sent: Whether the provider was called at all.
        usage: What the provider reported; zeros with source "partial" where it reported nothing.
        latency: Seconds from the call to its end.
        at: Monotonic moment of the end.
        recorded_at: Unix seconds of the end.
        error: The error's class name, or None after success; never its text, which may quote a prompt.
        retry_after: Seconds that the provider asked us to wait, or None.
        request_type: chat or embedding.
        epoch: Of the circuit when the attempt began; -1 for a probe whose lease had passed to another.
        judged: Whether the quality of the answer will be told in an `AnswerJudged`.
        id: Of the attempt, unique for ever: the ledger keeps one row for it, however often it hears of it.
        caller: Who asked.
        conversation_id: Conversation to which it belongs, or None.
        rule: Routing rule that chose the target, or None.
        streamed: Whether the answer came piece by piece.
    """

    request_id: str
    attempt: int
    target: Target
    outcome: Outcome
    usage: Usage
    latency: float
    at: float
    recorded_at: float
    error: str | None = None
    retry_after: float | None = None
    epoch: int = 0
    sent: bool = True
    request_type: Literal["chat", "embedding"] = "chat"
    judged: bool = False
    id: str = attrs.field(factory=_attempt_id)
    caller: Caller = ANONYMOUS
    conversation_id: str | None = None
    rule: str | None = None
    streamed: bool = False

"""What is said between inference, router, health and connections."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from .base import Message, StreamMessage
from .caller import ANONYMOUS, Caller
from .catalogue import Capability
from .chat import Chunk, ModelInfo, ProviderInfo, Request, Response, Usage, new_id
from .exclusion import Constraint, Exclusion
from .outcome import Outcome
from .reasons import Rejection
from .target import Target as Target  # noqa: PLC0414 - part of what is said here; the file of its own breaks a ring of imports

_NOTHING: Mapping[str, str] = MappingProxyType({})
_CHAT = frozenset({Capability.CHAT})


@attrs.frozen(kw_only=True)
class Resolution:
    """What the router decided.

    Attributes:
        candidates: Targets in the order in which they are to be tried; at least one, none of them twice.
        strategy: explicit (the caller named provider, tier or model), rule, arbitrage (the cheapest), default (the settings' provider or model), or
            auto (the first there is).
        rejected: Every target that was considered and left out, and why.
    """

    candidates: tuple[Target, ...]
    strategy: str
    rejected: tuple[Rejection, ...] = ()

    @property
    def rule(self) -> str | None:
        """Name of the rule that chose the first candidate, or None."""
        return self.candidates[0].rule


@attrs.frozen(kw_only=True)
class Needs:
    """What a request asks of a model.

    Attributes:
        capabilities: What it must be able to do.
        input_tokens: About how many tokens the prompt has; 0 when nobody has counted.
        output_tokens: How many tokens of answer there must be room for.
    """

    capabilities: frozenset[Capability] = _CHAT
    input_tokens: int = 0
    output_tokens: int = 0


@attrs.frozen(kw_only=True)
class Route(Message[Resolution]):
    """Where shall this go? None and "auto" leave the choice to the router.

    Attributes:
        model: Model name, also as "instance/model", or an alias.
        provider: Provider or instance name.
        tier: Tier name.
        intent: What matters to the caller; laid over the settings' default intent.
        needs: What the model must be able to do.
        constraints: What holds for this request beside what the rules say.
        exclude: What shall not be chosen.
        affinity: Requests with the same key prefer the same target among equals, or None.
        is_attempted: Whether an attempt will follow, so that it may be the probe of a half-open circuit.
    """

    model: str | None = None
    provider: str | None = None
    tier: str | None = None
    intent: Mapping[str, str] = _NOTHING
    needs: Needs = Needs()
    constraints: tuple[Constraint, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    affinity: str | None = None
    is_attempted: bool = True


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
        repeated: Whether the same request has failed at the same target before.
        has_others: Whether another candidate could be asked instead of waiting long in line.
    """

    request: Request
    target: Target
    attempt: int = 1
    judged: bool = False
    repeated: bool = False
    has_others: bool = False


@attrs.frozen(kw_only=True)
class StreamCall(StreamMessage[Response, Chunk]):
    """One streamed attempt at one provider; fields as of `Call`."""

    request: Request
    target: Target
    attempt: int = 1
    judged: bool = False
    repeated: bool = False
    has_others: bool = False


# A host's own judgement of an answer: something true if it is good enough. It is awaited on the actors' loop and runs where the host wants it.
QualityCheck: TypeAlias = Callable[[Response], Awaitable[object]]


@attrs.frozen(kw_only=True)
class Infer(Message[Response]):
    """Answer this request, wherever that is best done.

    Attributes:
        quality_check: Judges each answer beside our own rules, where the request escalates; None for no more than those.
    """

    request: Request
    quality_check: QualityCheck | None = None


@attrs.frozen(kw_only=True)
class InferStream(StreamMessage[Response, Chunk]):
    """Answer this request piece by piece.

    Attributes:
        quality_check: As for `Infer`; an answer of which the caller has seen a part can no longer be exchanged.
    """

    request: Request
    quality_check: QualityCheck | None = None


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
        repeated: Whether the same request had failed at the same target before: it may be the request that is at fault.
        first_content: Seconds from the call to the first content of a stream; None for a whole answer, and for a stream without any.
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
    repeated: bool = False
    first_content: float | None = None

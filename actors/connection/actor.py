"""Calls one provider instance: admits, bounds and reports every attempt."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, TypeVar

import attrs
import trio

from ...messages.base import Message
from ...messages.chat import Response, Usage
from ...messages.counting import CountCall
from ...messages.credentials import CredentialChanged
from ...messages.embedding import EmbedAnswer, EmbedCall
from ...messages.errors import (
    CancelledError,
    DeadlineExceeded,
    LegionError,
    RefusedError,
    TargetUnavailable,
    UnsupportedCapability,
)
from ...messages.faults import FaultSet
from ...messages.health import LimitReached
from ...messages.load import Load
from ...messages.outcome import Outcome, outcome_of
from ...messages.routing import (
    AttemptFinished,
    Call,
    CircuitState,
    HealthChanged,
    HealthWanted,
    StreamCall,
)
from ...messages.settings import AdaptiveSettings, CircuitBreakerSettings, LimitSettings
from ...runtime import Actor, Address, Sink, spawned
from ...runtime.envelope import current_ask
from .concurrency import AdaptiveLimit, Sample, is_overload
from .first_content import FirstContent
from .gate import Gate
from .injected import InjectedFault
from .keyholder import Keyholder
from .pace import Pace
from .permits import Permits
from .port import CountingProvider, EmbeddingProvider, Provider
from .purse import UNPAID, Payment, Purse
from .rates import Rates, Reservation
from .size import input_tokens, most_output_tokens

AnswerT = TypeVar("AnswerT", Response, EmbedAnswer)

# Counts in flight at once: they must leave the connections to the calls.
_MOST_COUNTS: Final = 4

_NO_USAGE: Final = Usage(source="partial")


@attrs.frozen(kw_only=True)
class ConnectionConfig:
    """One provider instance, as its connection needs to know it.

    Attributes:
        instance: Its name.
        max_concurrency: Calls in flight at once, at most.
        max_queue: Callers that may wait beyond those.
        breaker: How a half-open instance is probed.
        adaptive: How far the number of calls in flight follows what the instance can take.
        limits: Requests and tokens per minute.
    """

    instance: str
    max_concurrency: int
    max_queue: int
    breaker: CircuitBreakerSettings = CircuitBreakerSettings()
    adaptive: AdaptiveSettings = AdaptiveSettings()
    limits: LimitSettings = LimitSettings()


@attrs.frozen(kw_only=True)
class ConnectionReconfigured(Message[None]):
    """Go by this from the next call on; calls under way end as they began.

    Attributes:
        provider: Who is called from now on; None: the same as before.
        publish: Takes the load of the connection; None: nobody does.
    """

    config: ConnectionConfig
    provider: Provider | None = None
    publish: Callable[[Load], None] | None = None


Command: TypeAlias = (
    Call | StreamCall | EmbedCall | CountCall | HealthChanged | CredentialChanged | ConnectionReconfigured | FaultSet
)


class Connection(Actor[Command]):
    """Owns the permits of one provider instance and the provider behind it.

    Takes Call, StreamCall, EmbedCall and CountCall; HealthChanged from health and CredentialChanged from credentials, which it asks when one is
    refused, and asks budgets for calls that one counts. Tells AttemptFinished to health and metering, LimitReached to health, Spent to budgets.
    ConnectionReconfigured gives it other settings, or another provider; FaultSet has its next calls fail.
    The permits are leases held by the calls' own tasks; beside them those tasks touch nothing of the actor.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        provider: Provider,
        *,
        health: Address,
        metering: Address,
        publish: Callable[[Load], None] | None = None,
        credentials: Address | None = None,
        purse: Purse | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._provider = provider
        self._credentials = credentials
        self._keys = Keyholder(config.instance, provider, credentials)
        self._health = health
        self._metering = metering
        self._purse = purse
        self._counting = trio.CapacityLimiter(_MOST_COUNTS)
        self._fault: InjectedFault | None = None
        well = HealthChanged(instance=config.instance, state=CircuitState.CLOSED, adjustment=0.0, epoch=0)
        gate = Gate(probe_seconds=config.breaker.probe_seconds, news=well)
        self._pace = Pace()
        self._adaptive = _adaptive(config)
        self._publish = publish
        changed = self._publish_load if publish is not None else _nobody
        self._permits = Permits(gate, config.max_concurrency, config.max_queue, self._pace, changed)
        self._rates = Rates(config.instance, config.limits)

    async def on_start(self) -> None:
        """Hear where health stands, and which credential is shown."""
        self.spawn(self._keys.hold)
        self.spawn(self._keys.fetch_first)
        self._health.offer(HealthWanted(instance=self._config.instance))

    @spawned
    async def on_call(self, message: Call) -> Response:
        """Make one attempt."""
        return await self._attempt(message, lambda provider: provider.chat(message.request, message.target.model))

    @spawned
    async def on_stream_call(self, message: StreamCall, sink: Sink) -> Response:
        """Make one streamed attempt."""
        first = FirstContent(sink, self.clock.monotonic)
        return await self._attempt(
            message, lambda provider: provider.stream(message.request, message.target.model, first), first
        )

    @spawned
    async def on_embed_call(self, message: EmbedCall) -> EmbedAnswer:
        """Make one attempt at vectors."""
        if not isinstance(self._provider, EmbeddingProvider):
            raise UnsupportedCapability(f"{self._config.instance} makes no embeddings", capability="embeddings")
        return await self._attempt(message, lambda provider: provider.embed(message.batch, message.target.model))

    @spawned
    async def on_count_call(self, message: CountCall) -> int:
        """Have a prompt counted; that is no attempt, and says nothing of the provider's health."""
        if not isinstance(self._provider, CountingProvider):
            raise UnsupportedCapability(f"{self._config.instance} does not count tokens", capability="count_tokens")
        async with self._counting:
            return await self._keys.call(lambda provider: provider.count_tokens(message.request, message.target.model))

    def on_credential_changed(self, message: CredentialChanged) -> None:
        """Show this one from now on."""
        self._keys.take(message)

    def on_fault_set(self, message: FaultSet) -> None:
        """Have the next calls meet a fault, or no more."""
        self._fault = None if message.kind is None else InjectedFault(message, self._config.instance)

    def on_health_changed(self, message: HealthChanged) -> None:
        """Admit accordingly from now on."""
        self._permits.health_changed(message)

    def on_connection_reconfigured(self, message: ConnectionReconfigured) -> None:
        """Make calls otherwise from now on."""
        before, config = self._config, message.config
        self._config = config
        self._publish = message.publish
        if message.provider is not None:
            self._keys.retire()
            self._provider = message.provider
            self._keys = Keyholder(
                config.instance,
                message.provider,
                self._credentials,
                older_than=int(self.clock.monotonic() * 1000),  # as versions are counted by whoever keeps them
            )
            self.spawn(self._keys.hold)
            self.spawn(self._keys.fetch_first)
        if config.limits != before.limits:
            self._rates = Rates(config.instance, config.limits)
        self._adaptive = _adaptive(config)
        changed = self._publish_load if message.publish is not None else _nobody
        self._permits.rearrange(config.breaker.probe_seconds, config.max_queue, changed)
        self._permits.resize(config.max_concurrency)

    def snapshot(self) -> dict[str, Any]:
        """Return how many calls are in flight and waiting."""
        return {
            "instance": self._config.instance,
            "in_flight": self._permits.in_flight,
            "waiting": self._permits.waiting,
            "max_concurrency": self._config.max_concurrency,
            "concurrency": self._permits.capacity,
            "mean_seconds": round(self._pace.seconds, 3),
            "circuit": self._permits.gate.state,
            "minute": self._rates.described(),
            "fault": None if self._fault is None else {"kind": self._fault.kind, "calls": self._fault.left},
        }

    async def _attempt(
        self,
        message: Call | StreamCall | EmbedCall,
        call: Callable[[Any], Awaitable[AnswerT]],
        first: FirstContent | None = None,
    ) -> AnswerT:
        """Make the attempt, paid where a budget counts it."""
        if self._purse is None:
            return await self._admitted(message, call, first, UNPAID)
        with await self._purse.pay(message) as payment:
            return payment.settled(await self._admitted(message, call, first, payment))

    async def _met_by(self, fault: InjectedFault) -> None:
        """Have the call meet the fault that an operator has set."""
        if fault.left == 1:
            self._fault = None
        await fault.strike()

    async def _admitted(
        self,
        message: Call | StreamCall | EmbedCall,
        call: Callable[[Any], Awaitable[AnswerT]],
        first: FirstContent | None,
        payment: Payment,
    ) -> AnswerT:
        """Admit the attempt, make it, and report how it ended, whichever way that is."""
        model = message.target.model
        has_others = not isinstance(message, EmbedCall) and message.has_others
        lease = await self._permits.lease(model, self.clock.monotonic(), _deadline(), has_others=has_others)
        with lease, self._reserved(message, model) as share:
            started = self.clock.monotonic()
            payment.is_sent = True
            try:
                if self._fault is not None:
                    await self._met_by(self._fault)
                response = await self._keys.call(call)
            except trio.Cancelled:
                self._report(message, started, lease.epoch, self._interruption())
                raise
            except Exception as failure:
                self._report(message, started, lease.epoch, failure)
                self._heed_overload(failure, started)
                raise
            begun_at = None if first is None else first.at
            self._report(message, started, lease.epoch, None, response.usage, begun_at)
            self._learn(response.usage, started, begun_at)
            share.settle(response.usage)
            if response.rate_limit is not None:
                self._rates.corrected(model, response.rate_limit, self.clock.monotonic())
            return response

    def _learn(self, usage: Usage, started: float, begun_at: float | None) -> None:
        """Learn from an answer how long one takes, and how many the instance can take at once."""
        now = self.clock.monotonic()
        self._pace.took(now - started)
        if self._adaptive is not None:
            seconds = (now if begun_at is None else begun_at) - started
            self._adaptive.answered(Sample(started, seconds, usage, self._permits.in_flight, begun_at is None), now)
            self._permits.resize(self._adaptive.limit)

    def _heed_overload(self, failure: Exception, started: float) -> None:
        if self._adaptive is not None and is_overload(failure):
            self._adaptive.overloaded(started, self.clock.monotonic(), self._permits.in_flight)
            self._permits.resize(self._adaptive.limit)

    def _reserved(self, message: Call | StreamCall | EmbedCall, model: str) -> Reservation:
        """Reserve a share of the minute; where none is left for anybody, let those who choose targets know."""
        now = self.clock.monotonic()
        try:
            return self._rates.reserve(model, lambda: input_tokens(message), most_output_tokens(message), now)
        except TargetUnavailable:
            until = self._rates.free_at(model, now)
            if until > now:
                self._health.offer(LimitReached(instance=self._config.instance, model=model, until=until))
            raise

    def _publish_load(self) -> None:
        assert self._publish is not None
        self._publish(Load(self._permits.in_flight + self._permits.waiting, self._pace.seconds))

    def _interruption(self) -> LegionError:
        """Return why the task of the current call was cancelled."""
        ask = current_ask.get()
        if ask is not None and ask.deadline <= self.clock.monotonic():
            return DeadlineExceeded("the caller's deadline passed")
        return CancelledError("the caller gave up, or this actor ends")

    def _report(
        self,
        message: Call | StreamCall | EmbedCall,
        started: float,
        epoch: int,
        error: BaseException | None,
        usage: Usage = _NO_USAGE,
        begun_at: float | None = None,
    ) -> None:
        now = self.clock.monotonic()
        finished = AttemptFinished(
            request_id=message.request.id,
            attempt=message.attempt,
            target=message.target,
            outcome=Outcome.SUCCESS if error is None else outcome_of(error),
            usage=usage,
            latency=now - started,
            first_content=None if begun_at is None else begun_at - started,
            at=now,
            recorded_at=self.clock.time(),
            error=None if error is None else type(error).__name__,
            retry_after=error.retry_after if isinstance(error, LegionError) else None,
            epoch=epoch,
            sent=not isinstance(error, RefusedError),
            request_type="embedding" if isinstance(message, EmbedCall) else "chat",
            judged=not isinstance(message, EmbedCall) and message.judged,
            caller=message.request.caller,
            conversation_id=None if isinstance(message, EmbedCall) else message.request.conversation_id,
            rule=message.target.rule,
            streamed=isinstance(message, StreamCall),
            repeated=not isinstance(message, EmbedCall) and message.repeated,
        )
        self._health.offer(finished)
        self._metering.leave(finished)


def _adaptive(config: ConnectionConfig) -> AdaptiveLimit | None:
    return AdaptiveLimit(config.adaptive, config.max_concurrency) if config.adaptive.enabled else None


def _deadline() -> float:
    """Return the monotonic moment at which the caller of the current task gives up."""
    ask = current_ask.get()
    return math.inf if ask is None else ask.deadline


def _nobody() -> None:
    """Nobody wants to know how busy the instance is."""

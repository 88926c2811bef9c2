"""Sends attempts to workers on other machines."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from ...messages.base import Message
from ...messages.catalogue import CatalogueChanged, CatalogueState, ModelFacts
from ...messages.chat import Response
from ...messages.embedding import EmbedAnswer
from ...messages.errors import InvalidRequestError, ProviderSilent, WorkerLost
from ...messages.fleet import (
    FleetCall,
    FleetCancel,
    FleetChat,
    FleetEmbed,
    FleetError,
    FleetOffer,
    FleetReply,
    FleetResponse,
    FleetStream,
    FleetVectors,
)
from ...messages.fleet_codes import FleetCode, FleetFault
from ...runtime import ASYNCIO, Actor, Address, Sink, spawned
from ...runtime.envelope import current_ask
from ..announcer import Announcer
from .envelopes import Terms, envelope_of, operation_of, priority_of, tokens_of
from .exchange import Exchange
from .faults import error_of, is_of_the_worker
from .naming import Naming
from .port import GatewayLink, Parcel, Wire
from .roster import Roster

AnswerT = TypeVar("AnswerT", Response, EmbedAnswer)

# Seconds between two looks for workers that are gone.
_GLANCE: Final = 0.25

# Seconds after which the router is told again what it has been told: it may have been restarted meanwhile.
_REPEAT: Final = 5.0

# Seconds for which a worker is asked last that has failed, so that one of many that is ill does not make the fleet look so.
_DISTRUST: Final = 30.0

# Seconds that a stream may take where its caller has set no limit.
_LONGEST: Final = 3600.0


@attrs.frozen(kw_only=True)
class DispatcherConfig:
    """How requests are sent.

    Attributes:
        confirm_timeout: Seconds until somebody must have said that a request arrived.
        chat: Seconds that an answer may take that is not streamed.
        stream: Seconds between two frames of one that is, and until the first.
        embed: Seconds that vectors may take.
        credits: Frames that a worker may be ahead of the reader.
    """

    confirm_timeout: float = 0.5
    chat: float = 30.0
    stream: float = 30.0
    embed: float = 10.0
    credits: int = 64


@attrs.frozen(kw_only=True)
class LookRound(Message[None]):
    """It is time to look who is still there (told by the dispatcher to itself)."""


Command: TypeAlias = FleetCall | FleetStream | FleetVectors | LookRound


class Dispatcher(Actor[Command]):
    """Owns the roster of workers and the exchanges under way.

    Takes FleetCall, FleetStream and FleetVectors from the connections of the fleet's instances. Tells the router CatalogueChanged.
    The tasks of the exchanges live on this actor's loop; none is interrupted between two awaits.
    """

    home = ASYNCIO

    def __init__(
        self,
        config: DispatcherConfig,
        link: GatewayLink,
        wire: Wire,
        naming: Naming,
        *,
        router: Address,
        announcer: Announcer,
        instances: Callable[[], tuple[str, ...]],
    ) -> None:
        super().__init__()
        self._config = config
        self._link = link
        self._wire = wire
        self._naming = naming
        self._router = router
        self._announcer = announcer
        self._instances = instances
        self._roster = Roster()
        self._exchanges: dict[str, Exchange] = {}
        self._known: tuple[ModelFacts, ...] = ()
        self._told_at = -math.inf
        self._was_connected = True
        self._late = self._foreign = self._noise = self._lost = 0

    async def on_start(self) -> None:
        """Listen for replies and offers."""
        self.spawn(self._hold_link)
        await self._link.open(self._heard)
        self._announcer.announce([f"the fleet meets at {self._link.endpoint}"])
        self.on_look_round(LookRound())

    # -- what is asked

    @spawned
    async def on_fleet_call(self, message: FleetCall) -> Response:
        """Have a worker answer."""
        said = await self._carry_out(message, None)
        return self._whole(said.answer, message)

    @spawned
    async def on_fleet_stream(self, message: FleetStream, sink: Sink) -> Response:
        """Have a worker answer piece by piece."""
        said = await self._carry_out(message, sink)
        return self._whole(said.answer, message)

    @spawned
    async def on_fleet_vectors(self, message: FleetVectors) -> EmbedAnswer:
        """Have a worker make vectors."""
        said = await self._carry_out(message, None)
        return self._whole(said.vectors, message)

    def on_look_round(self, _message: LookRound) -> None:
        """Forget workers that are silent, and tell whoever waits for them."""
        self.tell_later(_GLANCE, LookRound())
        self._look_at_broker()
        now = self.clock.monotonic()
        gone = self._roster.drop_silent(now)
        for worker in gone:
            self._lost += 1
            self._announcer.announce([f"worker {worker} of the fleet is gone"])
            for exchange in self._exchanges.values():
                exchange.lost(worker)
        if gone or now - self._told_at >= _REPEAT:
            self._tell_router()

    def _look_at_broker(self) -> None:
        is_connected = self._link.is_connected
        if is_connected != self._was_connected:
            self._was_connected = is_connected
            how = "is there again" if is_connected else "cannot be reached, which is tried all the time"
            self._announcer.announce([f"the fleet's broker at {self._link.endpoint} {how}"])

    def snapshot(self) -> dict[str, Any]:
        """Return who is there, and what was heard that nobody waited for."""
        return {
            "endpoint": self._link.endpoint,
            "connected": self._link.is_connected,
            "reply_lane": self._link.reply_lane,
            "under_way": len(self._exchanges),
            "workers": {
                each.offer.worker: {
                    "models": [model.facts.name for model in each.offer.models],
                    "in_flight": each.offer.in_flight,
                    "concurrency": each.offer.concurrency,
                    "hostname": each.offer.hardware.hostname,
                }
                for each in self._roster
            },
            "late": self._late,
            "foreign": self._foreign,
            "noise": self._noise,
            "lost": self._lost,
        }

    # -- one exchange

    async def _carry_out(self, call: FleetCall | FleetStream | FleetVectors, sink: Sink | None) -> FleetResponse:
        terms = self._terms(call)
        lane, workers = self._lane_for(call)
        exchange = Exchange(self._envelope(call, terms), terms, call.target.instance)
        correlation_id = exchange.request.correlation_id
        # Before it is published: the answer may be quicker than the broker's word.
        self._exchanges[correlation_id] = exchange
        try:
            self._roster.gave(workers[0])
            await exchange.publish(
                self._link, self._parcel(call, exchange, lane, workers), self._config.confirm_timeout
            )
            if sink is None:
                return await exchange.answer()
            return await exchange.relay(sink, self._link, self._wire)
        except (ProviderSilent, WorkerLost):
            self._roster.distrust(exchange.worker or workers[0], self.clock.monotonic() + _DISTRUST)
            raise
        finally:
            del self._exchanges[correlation_id]
            if not exchange.is_over:
                self.spawn(self._cancel, exchange.worker, correlation_id)

    def _terms(self, call: FleetCall | FleetStream | FleetVectors) -> Terms:
        """Return how long a call may take: the caller's own word before ours, and its deadline before both."""
        ask = current_ask.get()
        left = math.inf if ask is None else ask.deadline - self.clock.monotonic()
        config = self._config
        if isinstance(call, FleetVectors):
            return Terms(wait=min(config.embed, left), work=min(config.embed, left))
        if isinstance(call, FleetStream):
            return Terms(wait=min(config.stream, left), work=min(left, _LONGEST))
        wait = min(call.request.timeout or config.chat, left)
        return Terms(wait=wait, work=wait)

    def _lane_for(self, call: FleetCall | FleetStream | FleetVectors) -> tuple[str, tuple[str, ...]]:
        model = call.target.model
        if not self._link.is_connected:
            raise self._refused(call, FleetCode.FLEET_UNAVAILABLE, "there is no connection to the broker")
        try:
            lanes = self._naming.wanted(operation_of(call), model, tokens_of(call), self._roster)
            found = self._roster.lane_for(lanes)
        except InvalidRequestError as error:
            raise self._refused(call, FleetCode.NO_FLEET_QUEUE, error.message) from error
        if found is None:
            raise self._refused(call, FleetCode.NO_FLEET_QUEUE, f"no worker offers {model}")
        return found

    def _envelope(self, call: FleetCall | FleetStream | FleetVectors, terms: Terms) -> FleetChat | FleetEmbed:
        envelope = envelope_of(
            call,
            reply_to=self._link.reply_lane,
            terms=terms,
            now=self.clock.time(),
            frames=self._config.credits,
        )
        return attrs.evolve(envelope, idempotency_key=self._wire.key_of(envelope))

    def _parcel(
        self,
        call: FleetCall | FleetStream | FleetVectors,
        exchange: Exchange,
        lane: str,
        workers: tuple[str, ...],
    ) -> Parcel:
        request = exchange.request
        try:
            body = self._wire.pack_request(request)
        except FleetFault as fault:
            exchange.is_over = True
            raise self._refused(call, fault.code, str(fault)) from fault
        return Parcel(
            lane=lane,
            body=body,
            message_id=request.request_id,
            correlation_id=request.correlation_id,
            reply_to=request.reply_to,
            priority=priority_of(call),
            ttl=max(0.001, request.expires_at - self.clock.time()),
            workers=workers,
        )

    async def _cancel(self, worker: str | None, correlation_id: str) -> None:
        await self._link.signal(worker, self._wire.pack(FleetCancel(correlation_id=correlation_id)))

    def _whole(self, answer: AnswerT | None, call: FleetCall | FleetStream | FleetVectors) -> AnswerT:
        if answer is None:
            raise self._refused(call, FleetCode.UNSUPPORTED_TYPE, "the worker answered something else")
        return answer

    def _refused(self, call: FleetCall | FleetStream | FleetVectors, code: FleetCode, why: str) -> Exception:
        return error_of(FleetFault(code, why), instance=call.target.instance, model=call.target.model)

    # -- what is heard; called by the link, on this actor's loop

    def _heard(self, body: bytes) -> None:
        try:
            said = self._wire.unpack_heard(body)
        except FleetFault:
            self._noise += 1
            return
        if isinstance(said, FleetOffer):
            self._offered(said)
        else:
            self._replied(said)

    def _replied(self, said: FleetReply) -> None:
        exchange = self._exchanges.get(said.correlation_id)
        if isinstance(said, FleetError) and is_of_the_worker(said):
            self._roster.distrust(said.worker, self.clock.monotonic() + _DISTRUST)
        if exchange is None:
            self._late += 1
        elif not exchange.hear(said):
            self._foreign += 1

    def _offered(self, offer: FleetOffer) -> None:
        if offer.working is not None:
            for exchange in self._exchanges.values():
                exchange.told(offer.worker, offer.working)
        is_new = offer.worker not in self._roster
        if self._roster.heard(offer, self.clock.monotonic()):
            self._tell_router()
        if is_new:
            self._announcer.announce([f"worker {offer.worker} of the fleet offers {len(offer.models)} models"])

    def _tell_router(self) -> None:
        models = self._roster.models()
        self._known = models or self._known
        self._told_at = self.clock.monotonic()
        state = CatalogueState.FRESH if models else CatalogueState.UNREACHABLE
        for instance in self._instances():
            self._router.offer(CatalogueChanged(instance=instance, models=self._known, state=state))

    async def _hold_link(self) -> None:
        """Disconnect when the actor ends; `on_stop` would not be called after a crash."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._link.aclose()

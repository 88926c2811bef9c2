"""Serves this machine's models to gateways on others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.errors import LegionError
from ...messages.fleet import (
    FleetCancel,
    FleetCredit,
    FleetOffer,
    FleetRequest,
    FleetResponse,
    Hardware,
)
from ...messages.fleet_codes import FleetCode, FleetFault
from ...messages.routing import ListModels, ListProviders
from ...runtime import ASYNCIO, Actor, Address, spawned
from .answering import Answering
from .execution import Execution
from .faults import code_of
from .job import Job
from .naming import Naming
from .offering import Offering, offering_of
from .once import Once, Stage
from .port import Delivery, Post, Wire, WorkerLink

# Seconds for which a result can be given again, and a request that was cancelled before it came is remembered.
_REMEMBERED: Final = 600.0

# Results that are kept to be given again: they are whole answers, the keys alone would be small.
_MOST_RESULTS: Final = 1000

# Seconds that the router may take to say what there is.
_PATIENCE: Final = 5.0


@attrs.frozen(kw_only=True)
class WorkerConfig:
    """How a worker works.

    Attributes:
        name: Unique in the fleet.
        concurrency: Requests at once, at most.
        backlog: Requests that may wait here beyond those.
        tiers: Of which instances are offered.
        heartbeat: Seconds between two words of what is offered.
        hardware: What it runs on.
    """

    name: str
    concurrency: int = 4
    backlog: int = 8
    tiers: frozenset[str] = frozenset({"local", "fleet"})
    heartbeat: float = 1.0
    hardware: Hardware = Hardware()


@attrs.frozen(kw_only=True)
class Announce(Message[None]):
    """It is time to say what is offered (told by the worker to itself)."""


@attrs.frozen(kw_only=True)
class Offered(Message[None]):
    """The router has said what there is (told by the worker to itself)."""

    offering: Offering


@attrs.frozen(kw_only=True)
class Take(Message[None]):
    """A request has come (told by the worker to itself).

    Attributes:
        ticket: Under which it lies.
    """

    ticket: int


@attrs.frozen(kw_only=True)
class Retire(Message[int]):
    """Take nothing more, and answer with the number of requests that are still under way."""


Command: TypeAlias = Announce | Offered | Take | Retire


class Worker(Actor[Command]):
    """Owns the jobs under way, what came of those before them, and what is offered.

    Takes Retire from whoever ends the process. Asks the router what there is, and the connections to do it; both tell the ledger as for any request.
    Its tasks share one loop; none is interrupted between two awaits.
    """

    home = ASYNCIO

    def __init__(
        self,
        config: WorkerConfig,
        link: WorkerLink,
        wire: Wire,
        naming: Naming,
        *,
        router: Address,
        connection: Callable[[str], Address],
    ) -> None:
        super().__init__()
        self._config = config
        self._link = link
        self._wire = wire
        self._naming = naming
        self._router = router
        self._execution = Execution(connection)
        self._answering = Answering(config.name, link, wire)
        self._offering = Offering()
        self._is_retired = False
        self._tickets: dict[int, Delivery] = {}
        self._last_ticket = 0
        self._jobs: dict[str, Job] = {}
        self._results: Once[FleetResponse] = Once(self.clock.monotonic, seconds=_REMEMBERED, most=_MOST_RESULTS)
        # Requests that were begun, or given up before they came: neither is begun, however often it is delivered.
        self._seen: Once[bool] = Once(self.clock.monotonic, seconds=_REMEMBERED)
        self._done = self._refused = self._noise = 0

    async def on_start(self) -> None:
        """Listen."""
        self.spawn(self._hold_link)
        await self._link.open(
            Post(
                worker=self._config.name,
                concurrency=self._config.concurrency,
                backlog=self._config.backlog,
                rank=self._config.hardware.rank,
                taken=self._taken,
                signalled=self._signalled,
            )
        )
        self.on_announce(Announce())

    # -- what is offered

    def on_announce(self, _message: Announce) -> None:
        """Ask what there is, and say so."""
        self.tell_later(self._config.heartbeat, Announce())
        self.spawn(self._look)

    async def on_offered(self, message: Offered) -> None:
        """Say what is offered; take requests for what is new, and none for what is gone."""
        before, self._offering = self._offering.lanes, message.offering
        if self._is_retired:
            return
        if message.offering.lanes != before:
            await self._link.serve(message.offering.lanes)
        await self._link.announce(self._wire.pack(self._offer()))

    async def on_retire(self, _message: Retire) -> int:
        """Offer nothing and take nothing more."""
        self._is_retired = True
        await self._link.announce(self._wire.pack(attrs.evolve(self._offer(), models=())))
        await self._link.serve(frozenset())
        return len(self._jobs) + len(self._tickets)

    def snapshot(self) -> dict[str, Any]:
        """Return what is offered and what is under way."""
        return {
            "worker": self._config.name,
            "connected": self._link.is_connected,
            "retired": self._is_retired,
            "models": [each.facts.name for each in self._offering.models],
            "under_way": len(self._jobs),
            "done": self._done,
            "refused": self._refused,
            "replayed": self._answering.replayed,
            "unheard": self._answering.unheard,
            "noise": self._noise,
        }

    async def _look(self) -> None:
        offering = self._offering
        with contextlib.suppress(LegionError):  # a router that is being restarted: what it said last still holds
            models = await self._router.ask(ListModels(), timeout=_PATIENCE)
            providers = await self._router.ask(ListProviders(), timeout=_PATIENCE)
            offering = offering_of(models, providers, self._naming, self._config.tiers)
        self.tell_later(0.0, Offered(offering=offering))

    def _offer(self) -> FleetOffer:
        return FleetOffer(
            worker=self._config.name,
            models=self._offering.models,
            concurrency=self._config.concurrency,
            in_flight=len(self._jobs),
            working=tuple(each for job in self._jobs.values() for each in job.waiting),
            interval=self._config.heartbeat,
            hardware=self._config.hardware,
        )

    # -- what comes in; called by the link, on this actor's loop

    def _taken(self, delivery: Delivery) -> None:
        self._last_ticket += 1
        self._tickets[self._last_ticket] = delivery
        self.tell_later(0.0, Take(ticket=self._last_ticket))

    def _signalled(self, body: bytes) -> None:
        try:
            said = self._wire.unpack_signal(body)
        except FleetFault:
            self._noise += 1
            return
        job = next((each for each in self._jobs.values() if said.correlation_id in each.waiting), None)
        match said:
            case FleetCredit() if job is not None:
                job.credit(said.credits)
            case FleetCancel() if job is not None:
                job.leave(said.correlation_id)
            case FleetCancel():
                self._seen.reserve(said.correlation_id)
            case _:
                pass  # credits for a stream that has just ended

    @spawned
    async def on_take(self, message: Take) -> None:
        """Do what a request asks for, once."""
        delivery = self._tickets.pop(message.ticket)
        try:
            await self._serve(delivery)
        finally:
            await delivery.settle()

    # -- one request

    async def _serve(self, delivery: Delivery) -> None:
        envelope = self._wire.peek(delivery.body)
        if envelope is None:
            self._noise += 1
            return
        try:
            request = self._admitted(delivery, envelope)
        except FleetFault as fault:
            self._refused += 1
            await self._answering.refuse(envelope, fault.code, str(fault))
            return
        if request is not None:
            await self._once(request)

    def _admitted(self, delivery: Delivery, envelope: FleetRequest) -> FleetRequest | None:
        """Return the request if it may be begun; None where there is nothing to do.

        Raises:
            FleetFault: It may not.
        """
        if delivery.is_redelivered:
            if envelope.idempotency_key in self._jobs:
                return None  # the broker lost sight of us, not we of the request
            raise FleetFault(FleetCode.WORKER_LOST, "another worker had begun it and is gone")
        if self._seen.reserve(envelope.correlation_id).stage is not Stage.NEW:
            return None
        request = self._wire.unpack_request(delivery.body)
        late = self.clock.time() - request.expires_at
        if late > 0:
            raise FleetFault(
                FleetCode.REQUEST_EXPIRED,
                f"it came {late:.1f} s after its time; if that is always so, the clocks of gateway and worker differ",
            )
        return request

    async def _once(self, request: FleetRequest) -> None:
        found = self._results.reserve(request.idempotency_key)
        if found.result is not None:
            await self._answering.replay(request, found.result)
        elif found.stage is Stage.UNDER_WAY:
            self._jobs[request.idempotency_key].join(request)
        else:
            await self._begin(request)

    async def _begin(self, request: FleetRequest) -> None:
        key = request.idempotency_key
        job = self._jobs[key] = Job(request)
        result: FleetResponse | None = None
        try:
            result = await self._result_of(job)
        finally:
            del self._jobs[key]
            if result is None:
                self._results.release(key)
            else:
                self._results.complete(key, result)

    async def _result_of(self, job: Job) -> FleetResponse | None:
        """Do it, and answer all who wait for it; None where nothing came of it."""
        request = job.request
        target = self._offering.target_for(request.model, request.provider_instance)
        if target is None:
            why = f"worker {self._config.name} does not offer {request.model}"
            await self._answering.fail(job, FleetCode.MODEL_NOT_LOADED, why)
            return None
        await self._answering.frame(job, ())
        working = asyncio.ensure_future(self._execution.run(job, target, self._answering.frame))
        giving_up = asyncio.ensure_future(job.given_up())
        try:
            await asyncio.wait((working, giving_up), return_when=asyncio.FIRST_COMPLETED)
            said = working.result() if working.done() else None
        except LegionError as error:
            await self._answering.fail(job, code_of(error), error.message, error)
            return None
        finally:
            for task in (working, giving_up):
                task.cancel()
            await asyncio.wait((working, giving_up))
        if said is None:
            # Whoever has joined in this very moment; mostly nobody.
            await self._answering.fail(job, FleetCode.CANCELLED, "it was given up by the one it was begun for")
            return None
        self._done += 1
        return await self._answering.succeed(job, said)

    async def _hold_link(self) -> None:
        """Disconnect when the actor ends; `on_stop` would not be called after a crash."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._link.aclose()

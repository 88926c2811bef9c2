"""Makes the actors that remember: the keeper of the store, the ledger, the record of requests, and conversations."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ...actors.audit.actor import Audit, Drain
from ...actors.audit.event import Scribe
from ...actors.audit.redaction import Redactor
from ...actors.audit.said import Quotation
from ...actors.conversations.actor import Conversations
from ...actors.metering.actor import Metering, MeteringConfig
from ...actors.outlet.backlog import Backlog
from ...messages.ledger import LedgerEntry
from ...messages.settings import Settings
from ...runtime import ASYNCIO, ActorSystem, ChildSpec
from ..audit.sinks import sinks_of
from ..stores.choose import Stores
from ..stores.keeper import StoreKeeper
from .addresses import telemetry_address
from .plan import Plan


def keeper_specs(stores: Stores) -> tuple[ChildSpec, ...]:
    """Return the description of the store's keeper, where there is a store to keep."""
    kept = stores.kept
    if kept is None:
        return ()
    return (ChildSpec(name="store", factory=lambda: StoreKeeper(kept), home=ASYNCIO),)


def metering_factory(plan: Plan, stores: Stores, system: ActorSystem) -> Callable[[], Metering]:
    """Return what makes the actor of the ledger; its incarnations share the rows that are not written yet."""
    settings = plan.settings
    config = MeteringConfig(keep_attempts=settings.metering.keep_attempts, patience=settings.store.timeout)
    backlog = Backlog[LedgerEntry](settings.metering.buffer)
    return lambda: Metering(config, stores.ledger, backlog, plan.prices, telemetry_address(settings, system))


def audit_factory(plan: Plan, stores: Stores, system: ActorSystem) -> Callable[[], Audit]:
    """Return what makes the actor of the record; its incarnations share the events that are not written yet."""
    settings = plan.settings
    section = settings.audit
    redactor = Redactor(section.redact)
    quotation = Quotation(max_messages=section.max_messages, max_text=section.max_text, redactor=redactor)
    scribe = Scribe(redactor=redactor, quotation=quotation if section.prompts else None)
    sinks = dict(sinks_of(settings, stores)) if section.enabled else {}
    if section.enabled and stores.told is not None:
        sinks["events"] = stores.told
    drains = tuple(Drain(name=name, sink=sink, backlog=Backlog(section.buffer)) for name, sink in sinks.items())
    store = stores.audit if "store" in sinks else None
    return lambda: Audit(
        attrs.evolve(scribe, prices=plan.prices),
        drains,
        store=store,
        patience=settings.store.timeout,
        telemetry=telemetry_address(settings, system),
    )


def conversations_factory(settings: Settings, stores: Stores, system: ActorSystem) -> Callable[[], Conversations]:
    """Return what makes the actor that remembers conversations."""
    sticky = settings.tool_sticky
    return lambda: Conversations(settings.conversation, stores.conversations, system.address("inference"), sticky)

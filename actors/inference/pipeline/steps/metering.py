"""Step metering: the answer waits for the ledger, where the settings want it so."""

from __future__ import annotations

from .....messages.ledger import Settle
from ..flow import Flow, Services


async def run(flow: Flow) -> None:
    """Wait until the rows of the request's attempts are kept (`metering.strict`)."""
    ledger = flow.services.ledger
    assert ledger is not None  # `offered` says so
    await ledger.ask(Settle())


def offered(services: Services) -> bool:
    """Whether answers wait for the ledger."""
    return services.ledger is not None

"""The request as it goes to a provider."""

from __future__ import annotations

from .....messages.ids import new_id
from ..flow import Flow


def run(flow: Flow) -> None:
    """Number the exchange with the provider that begins now."""
    flow.exchange_id = new_id("exch_")

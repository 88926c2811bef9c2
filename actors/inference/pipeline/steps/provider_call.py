"""The call itself."""

from __future__ import annotations

from ...exchange import exchange
from ..flow import Flow


async def run(flow: Flow) -> None:
    """Ask the candidates in turn until one answers.

    Raises:
        LegionError: None did.
    """
    timeline = flow.timeline
    timeline.add("provider:request_sent", "provider", exchange_id=flow.exchange_id, source="pipeline")
    started = flow.now()
    response = flow.response = await exchange(flow)
    timeline.add(
        "provider:response_received",
        "provider",
        exchange_id=flow.exchange_id,
        source=None if response.routing is None else response.routing.provider,
        target="pipeline",
        detail=response.stop_reason,
        duration_ms=(flow.now() - started) * 1000,
    )

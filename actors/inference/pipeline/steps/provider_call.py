"""The call itself."""

from __future__ import annotations

from ...cached import answer_from, remember, shared_key
from ...exchange import exchange
from ..flow import Flow


async def run(flow: Flow) -> None:
    """Ask the candidates in turn until one answers.

    Raises:
        LegionError: None did.
    """
    key = shared_key(flow)
    if key is not None and await answer_from(flow, key):
        return
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
    if key is not None:
        remember(flow, key, response)

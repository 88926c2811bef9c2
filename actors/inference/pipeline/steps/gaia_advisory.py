"""What the host's own mind advises."""

from __future__ import annotations

import attrs
import trio

from .....messages.advice import Advice
from .....messages.content import Content, TextBlock
from .....messages.errors import HostError
from ..flow import Flow, Services


def offered(services: Services) -> bool:
    """Whether there is anybody to ask, or anything that every model is told."""
    return services.advisor is not None or services.system_baseline is not None


async def run(flow: Flow) -> None:
    """Put the house's own instructions before the caller's, and take the advice of the host's mind: instructions, a tier, tools.

    Raises:
        HostError: The advisor failed, or took too long.
    """
    services, callers = flow.services, flow.request.system
    baseline = services.system_baseline or ""
    if baseline:
        flow.request = attrs.evolve(flow.request, system=_before(callers, baseline))
    advice = None if services.advisor is None else await _advice(flow)
    if advice is None:
        return
    flow.advice = advice
    if advice.system_prompt:
        ours = "\n\n".join(filter(None, (baseline, advice.system_prompt)))
        flow.request = attrs.evolve(flow.request, system=_before(callers, ours))
    flow.enrichments["gaia:advisory"] = dict(advice.data)
    flow.timeline.add("gaia:advisory", "enrichment", source="advisor", target=advice.tier)


async def _advice(flow: Flow) -> Advice | None:
    advisor, timeout = flow.services.advisor, flow.services.advice_timeout
    assert advisor is not None
    with trio.move_on_after(timeout):
        return await advisor.advise(flow.request)
    raise HostError(f"the advisor has not answered within {timeout:g} s")


def _before(callers: Content | None, ours: str) -> Content:
    """Return the caller's instructions with ours before them; the caller's blocks, and the marks for the prompt cache on them, stay as they are."""
    if not callers:
        return ours
    if isinstance(callers, str):
        return f"{ours}\n\n{callers}"
    return (TextBlock(text=f"{ours}\n\n"), *callers)

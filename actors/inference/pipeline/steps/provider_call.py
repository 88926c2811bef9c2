"""The call itself."""

from __future__ import annotations

from ...cached import answer_from, remember, shared_key
from ...tools.loop import answer
from ..flow import Flow


async def run(flow: Flow) -> None:
    """Ask the candidates in turn until one answers; where the model calls tools of ours, run them and ask again.

    Raises:
        LegionError: None answered.
        PipelineError: The model went further with its tools than the limits allow.
    """
    # What tools of ours find out is not the same the next time.
    key = None if flow.tools else shared_key(flow)
    if key is not None and await answer_from(flow, key):
        return
    response = flow.response = await answer(flow)
    if key is not None:
        remember(flow, key, response)

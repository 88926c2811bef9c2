"""The call itself."""

from __future__ import annotations

from ...exchange import exchange
from ..flow import Flow


async def run(flow: Flow) -> None:
    """Ask the candidates in turn until one answers.

    Raises:
        LegionError: None did.
    """
    flow.response = await exchange(flow)

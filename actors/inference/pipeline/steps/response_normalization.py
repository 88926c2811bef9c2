"""The provider's answer, with the ids of the request that it answers."""

from __future__ import annotations

import attrs

from ..flow import Flow


def run(flow: Flow) -> None:
    """Put the ids of request, conversation and trace into the answer."""
    assert flow.response is not None
    flow.response = attrs.evolve(
        flow.response,
        request_id=flow.request.id,
        conversation_id=flow.request.conversation_id,
        trace=flow.trace,
    )

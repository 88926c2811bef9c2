"""Those who watch answers.

The record's own event is told when the request has ended, however it ends, and not here: a request that fails never comes so far.
"""

from __future__ import annotations

from .....messages.shadow import Compare
from .....messages.terms import Level
from ..flow import Flow, Services


def offered(services: Services) -> bool:
    """Whether anybody compares answers."""
    return services.shadow is not None


def wanted(flow: Flow) -> bool:
    """Whether the request is one of those that are compared: answered anew and whole, without tools, and free to be sent elsewhere."""
    request, response = flow.request, flow.response
    return (
        flow.services.draw() < flow.services.shadow_rate
        and flow.sink is None
        and flow.answered_by is None
        and response is not None
        and not response.cached
        and not request.tools
        and not flow.bars
        and request.own_key is None
        and flow.level is not Level.RESTRICTED
    )


def run(flow: Flow) -> None:
    """Have another model asked the same, to compare the answers; nobody waits for it."""
    assert flow.response is not None
    assert flow.services.shadow is not None
    flow.services.shadow.leave(Compare(request=flow.request, response=flow.response))

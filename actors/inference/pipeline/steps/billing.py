"""What the request may cost."""

from __future__ import annotations

from typing import Final

from ...governance.estimate import too_dear
from ..flow import Flow
from ..gate import Bar

_NAME: Final = "billing"


def wanted(flow: Flow) -> bool:
    """Whether the caller has set a limit."""
    terms = flow.request.terms
    return terms is not None and terms.max_cost is not None


def run(flow: Flow) -> None:
    """Leave out the targets that would cost more than the caller allows, by an estimate that counts the answer too."""
    terms = flow.request.terms
    assert terms is not None
    assert terms.max_cost is not None
    flow.timeline.add("billing:budget_check", "audit", source="pipeline", data={"max_cost": terms.max_cost})
    flow.note("success", f"at most {terms.max_cost:g} USD")
    flow.bars.append(Bar(_NAME, too_dear(flow.request, terms.max_cost, flow.services.prices)))

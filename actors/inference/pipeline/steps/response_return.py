"""The answer as the caller gets it."""

from __future__ import annotations

import attrs

from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether the steps have anything to add to the provider's answer."""
    return bool(flow.warnings)


def run(flow: Flow) -> None:
    """Put what the steps have found out into the answer."""
    assert flow.response is not None
    flow.response = attrs.evolve(flow.response, warnings=(*flow.response.warnings, *flow.warnings))

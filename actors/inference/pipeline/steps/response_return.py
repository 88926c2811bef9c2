"""The answer as the caller gets it."""

from __future__ import annotations

from types import MappingProxyType

import attrs

from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether the steps have anything to add to the provider's answer."""
    return flow.response is not None and bool(flow.warnings or flow.enrichments)


def run(flow: Flow) -> None:
    """Put what the steps have found out into the answer: warnings and enrichments."""
    response = flow.response
    assert response is not None
    flow.response = attrs.evolve(
        response,
        warnings=(*response.warnings, *flow.warnings),
        enrichments=MappingProxyType({**response.enrichments, **flow.enrichments}),
    )

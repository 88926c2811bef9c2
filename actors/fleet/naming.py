"""Which lanes a worker serves for a model, and which ones a gateway tries for a request: two ends of one convention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ...messages.catalogue import Capability, ModelFacts
from ...messages.errors import InvalidRequestError
from ...messages.fleet import Operation
from .eligibility import Fact, fingerprint
from .lanes import RoutingStyle, offering_lane, request_lane, shared_lane
from .roster import Roster

# An estimate of tokens may be so much too low.
_MARGIN: Final = 1.15


@attrs.frozen(kw_only=True)
class Naming:
    """The convention of one fleet; gateways and workers must have the same.

    Attributes:
        style: How lanes are named.
        boundary: Name of the place that requests must not leave, or None.
        eligibility: What workers must fulfil.

    Raises:
        InvalidRequestError: A fact cannot be one.
    """

    style: RoutingStyle = "shared_lane"
    boundary: str | None = None
    eligibility: Mapping[str, Fact] = attrs.field(factory=dict)
    mark: str | None = attrs.field(init=False)

    @mark.default
    def _mark(self) -> str | None:
        return fingerprint(self.eligibility)

    def offered(self, facts: ModelFacts, instance: str, kind: str) -> tuple[str, ...]:
        """Return the lanes under which a worker takes requests for a model; () for a model whose name no lane can carry."""
        try:
            return tuple(
                self._lane(each, facts.name, facts.context_window, instance, kind) for each in _operations(facts)
            )
        except InvalidRequestError:
            return ()

    def wanted(self, operation: Operation, model: str, tokens: int, roster: Roster) -> Iterator[str]:
        """Yield the lanes under which a request may be left, best first.

        Args:
            operation: What is asked for.
            model: Of which model.
            tokens: Of prompt and answer together, about.
            roster: What workers offer.

        Raises:
            InvalidRequestError: The model's name cannot be part of a lane.
        """
        if self.style == "offering_lane":
            for instance in roster.instances_of(model):
                yield offering_lane(operation, instance, model)
            return
        if self.style == "request_lane":
            for kind in roster.kinds_of(model):
                yield request_lane(operation, kind, model)
            return
        # The smallest window that is large enough leaves the large ones to those who need them.
        fitting = [each for each in roster.windows_of(model) if each >= tokens * _MARGIN]
        largest = roster.windows_of(model)[-1:]
        for window in dict.fromkeys((*fitting, *largest, None)):
            yield self._lane(operation, model, window, "", "")

    def _lane(self, operation: Operation, model: str, window: int | None, instance: str, kind: str) -> str:
        match self.style:
            case "offering_lane":
                return offering_lane(operation, instance, model)
            case "request_lane":
                return request_lane(operation, kind, model)
            case "shared_lane":
                return shared_lane(operation, model, context=window, boundary=self.boundary, eligibility=self.mark)


def _operations(facts: ModelFacts) -> tuple[Operation, ...]:
    """Return what a model is asked for; one of which nobody says anything may do both."""
    embeds = Capability.EMBED in facts.can or not facts.can
    chats = Capability.CHAT in facts.can or (not facts.can and Capability.CHAT not in facts.cannot)
    return (*(("chat",) if chats else ()), *(("embed",) if embeds else ()))

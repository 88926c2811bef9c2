"""Shadow evaluation: what another model would have answered, and what that would have cost."""

from __future__ import annotations

import attrs

from .base import Message
from .chat import Request, Response


@attrs.frozen(kw_only=True)
class Compare(Message[None]):
    """Ask the shadow the same, and compare; nobody waits for it.

    Attributes:
        request: As it was sent to the model that answered.
        response: That model's answer.
    """

    request: Request
    response: Response


@attrs.frozen(kw_only=True)
class Comparison:
    """A model's answer beside its shadow's.

    Attributes:
        request_id: Of the request that both were asked.
        evaluated_at: Unix seconds.
        primary: "instance/model" that answered the caller.
        shadow: "instance/model" that answered for nobody; where it failed, the model that was to be asked.
        error: Class name of the shadow's failure, or None; after a failure only the fields above say anything.
        length_ratio: Characters of the shadow's text to one of the caller's; None where the caller's is empty.
        primary_tokens, shadow_tokens: Input and output together.
        primary_usd, shadow_usd: What they cost, or None where nobody knows.
        cost_savings: (primary - shadow) / primary, to four digits; 0 where the caller's was free, None where a price is not known.
    """

    request_id: str
    evaluated_at: float
    primary: str
    shadow: str
    error: str | None = None
    length_ratio: float | None = None
    primary_tokens: int = 0
    shadow_tokens: int = 0
    primary_usd: float | None = None
    shadow_usd: float | None = None
    cost_savings: float | None = None


@attrs.frozen(kw_only=True)
class ShadowReport:
    """The last comparisons, and what they come to.

    Attributes:
        evaluated: Comparisons that both models have answered.
        failed: Those where the shadow did not.
        models: The shadows that answered, in alphabetical order.
        mean_length_ratio, mean_cost_savings: Of those that have one, or None.
        comparisons: The newest first.
    """

    evaluated: int
    failed: int
    models: tuple[str, ...]
    mean_length_ratio: float | None
    mean_cost_savings: float | None
    comparisons: tuple[Comparison, ...]


@attrs.frozen(kw_only=True)
class ShadowReportWanted(Message[ShadowReport]):
    """How do the shadows do?"""

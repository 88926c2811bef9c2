"""Why the router left something out: values, which become text for whoever asks."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import attrs


class Reason(enum.StrEnum):
    """Why a rule or a target was left out."""

    # of rules
    INTENT = "intent"
    SCHEDULE = "schedule"
    BYPASSED = "bypassed"
    # of targets, and of rules all of whose targets have one
    CONSTRAINT = "constraint"
    PRIVACY = "privacy"
    EXCLUDED = "excluded"
    TIER_UNAVAILABLE = "tier_unavailable"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    NO_MODEL = "no_model"
    NOT_PULLED = "not_pulled"
    NOT_LISTED = "not_listed"
    MEMORY = "memory"
    CAPABILITY = "capability"
    CONTEXT = "context"
    PRICE = "price"
    QUALITY = "quality"
    NOT_READY = "not_ready"
    CIRCUIT_OPEN = "circuit_open"
    RATE_LIMITED = "rate_limited"


# What is said of each; the braces take the rejection's `values` in order.
TEXTS: Final[Mapping[Reason, str]] = {
    Reason.INTENT: "it is for {0}={1}, and the intent says {2}",
    Reason.SCHEDULE: "not in force now: {0}",
    Reason.BYPASSED: "bypassed: {0}",
    Reason.CONSTRAINT: "{0} forbids tier {1}",
    Reason.PRIVACY: "{0} forbids tier {1}",
    Reason.EXCLUDED: "excluded by the caller",
    Reason.TIER_UNAVAILABLE: "tier unavailable: no provider in tier {0}",
    Reason.PROVIDER_UNAVAILABLE: "provider {0} is not connected: it is switched off, or has no credential",
    Reason.NO_MODEL: "no model is named, and there is no default",
    Reason.NOT_PULLED: "not pulled",
    Reason.NOT_LISTED: "not in the provider's catalogue",
    Reason.MEMORY: "does not fit in memory: needs {0} MB, and {1} MB may be used",
    Reason.CAPABILITY: "capability missing: {0}",
    Reason.CONTEXT: "context too small: the request has about {0} tokens, and {1} fit",
    Reason.PRICE: "price unknown",
    Reason.QUALITY: "not good enough: {0}",
    Reason.NOT_READY: "{0}: {1}",
    Reason.CIRCUIT_OPEN: "{0}",
    Reason.RATE_LIMITED: "rate limited for another {0:.1f} s",
}


@attrs.frozen
class Rejection:
    """Something that was considered and left out.

    Attributes:
        subject: What: "instance/model", or the provider or tier that a rule speaks of.
        reason: Why.
        values: What `TEXTS` wants to know of it.
        until: Monotonic moment from which it may be used again, or None.
        rule: Rule that had named it, or None.
    """

    subject: str
    reason: Reason
    values: tuple[str | float, ...] = ()
    until: float | None = None
    rule: str | None = None

    @property
    def text(self) -> str:
        """Why, in words."""
        return TEXTS[self.reason].format(*self.values)

    def __str__(self) -> str:
        """Return "subject: why"."""
        return f"{self.subject}: {self.text}"

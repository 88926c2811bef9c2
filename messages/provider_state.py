"""How far a provider instance has come: what its settings and its credential are worth."""

from __future__ import annotations

import enum

import attrs

from .base import Message


class ProviderStage(enum.StrEnum):
    """A step of an instance's way into use; its health is another matter."""

    CONFIGURED = "configured"  # named, and nothing to show for it yet: no credential has been found
    USABLE = "usable"  # it has a credential, or needs none; whether that works is not known
    VERIFIED = "verified"  # the provider has accepted it
    DISABLED = "disabled"  # the provider has rejected all that we had to show

    @property
    def is_routable(self) -> bool:
        """Whether requests may be sent there."""
        return self in (ProviderStage.USABLE, ProviderStage.VERIFIED)


@attrs.frozen(kw_only=True)
class ProviderStageChanged(Message[None]):
    """An instance has come further, or has been set back.

    Attributes:
        reason: Why it stands there, for people, without any part of a secret; "" where there is nothing to say.
        credential: Where its credential comes from ("providers.openai.api_key", "OPENAI_API_KEY"), or None without one.
    """

    instance: str
    stage: ProviderStage = ProviderStage.USABLE
    reason: str = ""
    credential: str | None = None

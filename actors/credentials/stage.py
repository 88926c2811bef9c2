"""The way of a provider instance into use, as a table."""

from __future__ import annotations

import enum
from typing import Final

from ...messages.credentials import ProviderStage

CONFIGURED, USABLE = ProviderStage.CONFIGURED, ProviderStage.USABLE
VERIFIED, DISABLED = ProviderStage.VERIFIED, ProviderStage.DISABLED


class Event(enum.Enum):
    """What can happen to an instance."""

    READY = "ready"  # another credential than before is shown, or none is needed
    NOTHING = "nothing"  # a credential is needed, and no source has one
    ACCEPTED = "accepted"  # the provider has taken what was shown
    REJECTED = "rejected"  # it has refused all there is
    UNCLEAR = "unclear"  # it did not answer, or said nothing about the credential


READY, NOTHING, ACCEPTED, REJECTED, UNCLEAR = Event

# CONFIGURED ignores opinions: they are about something that is shown no more.
# UNCLEAR moves nobody: a host that is down for a while does not make a good key bad, nor a bad one good.
TRANSITIONS: Final[dict[ProviderStage, dict[Event, ProviderStage]]] = {
    CONFIGURED: {READY: USABLE, NOTHING: CONFIGURED, ACCEPTED: CONFIGURED, REJECTED: CONFIGURED, UNCLEAR: CONFIGURED},
    USABLE: {READY: USABLE, NOTHING: CONFIGURED, ACCEPTED: VERIFIED, REJECTED: DISABLED, UNCLEAR: USABLE},
    VERIFIED: {READY: USABLE, NOTHING: CONFIGURED, ACCEPTED: VERIFIED, REJECTED: DISABLED, UNCLEAR: VERIFIED},
    DISABLED: {READY: USABLE, NOTHING: CONFIGURED, ACCEPTED: VERIFIED, REJECTED: DISABLED, UNCLEAR: DISABLED},
}

"""The ports through which credentials are found, and tried."""

from __future__ import annotations

import enum
from typing import Protocol

import attrs

from ...messages.credentials import Credential


@attrs.frozen(kw_only=True)
class Found:
    """What the sources of an instance hold now.

    Attributes:
        candidates: Different credentials, in the order in which they are to be tried.
        reason: Why there is none, for people; "" where there is one.
        due: Seconds after which the sources are to be asked again, or None where nothing changes by itself.
    """

    candidates: tuple[Credential, ...] = ()
    reason: str = ""
    due: float | None = None


class Source(Protocol):
    """Where the credentials of one instance come from."""

    async def read(self, *, distrust: bool = False) -> Found:
        """Ask every source. Never raises: what cannot be had is a reason, or keeps its last value.

        Args:
            distrust: Whether the provider has just refused what was read last, so that nothing that was kept is good enough.
        """


class Verdict(enum.Enum):
    """What a provider says of a credential."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNCLEAR = "unclear"  # it answered, but not about the credential: no such list, not allowed to see it, throttled
    SILENT = "silent"  # it did not answer


@attrs.frozen(kw_only=True)
class Opinion:
    """The answer to a probe.

    Attributes:
        words: What was said, for people; may be "" when it was accepted.
    """

    verdict: Verdict
    words: str = ""


class Prober(Protocol):
    """Tries the credentials of one instance."""

    async def probe(self, credential: Credential) -> Opinion:
        """Show the credential with a cheap question. Never raises; takes as long as the caller lets it."""

    async def aclose(self) -> None:
        """Close idle connections. May be called twice."""

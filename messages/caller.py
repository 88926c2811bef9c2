"""Who is asking. Derived by the side that lets a caller in (a host, the HTTP API), never taken from what the caller says of itself."""

from __future__ import annotations

import enum
from typing import Final

import attrs


class Profile(enum.StrEnum):
    """Which of the pipeline's steps a caller's requests take."""

    EXTERNAL = "external"  # nobody vouches for the caller: every step
    HUMAN = "human"
    SERVICE = "service"
    GAIA = "gaia"  # the host's own mind
    SYSTEM = "system"  # the host's own machinery
    QUICK_REPLY = "quick_reply"
    SUBCALL = "subcall"  # a call that a step of another request makes


_PROFILES: Final = {
    "quick_reply": Profile.QUICK_REPLY,
    "human": Profile.HUMAN,
    "user": Profile.HUMAN,
    "service": Profile.SERVICE,
    "subcall": Profile.SUBCALL,
}
_GAIA: Final = "gaia:"


@attrs.frozen(kw_only=True)
class Caller:
    """Who is asking.

    Attributes:
        identity: Name of a person, a service or the holder of an API key, or None where nobody is known.
        type: quick_reply, human, user, service, system or subcall; any other word counts as external.
        credential: Name of the credential that was shown, never the credential; None without one.
    """

    identity: str | None = None
    type: str = "external"
    credential: str | None = None

    @property
    def profile(self) -> Profile:
        """The steps that its requests take; an unknown type takes them all."""
        if self.type == "system":
            is_gaia = self.identity is not None and self.identity.startswith(_GAIA)
            return Profile.GAIA if is_gaia else Profile.SYSTEM
        return _PROFILES.get(self.type, Profile.EXTERNAL)


ANONYMOUS: Final = Caller()

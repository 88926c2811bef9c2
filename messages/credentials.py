"""What is said about credentials: which one is shown, whether the provider takes it, and how far an instance has come."""

from __future__ import annotations

import enum

import attrs

from .base import Message
from .secret import Secret


@attrs.frozen(kw_only=True)
class Credential:
    """One way to show a provider who we are.

    Attributes:
        value: A key or a token; of a signing pair, the id of the access key.
        secret: Of a signing pair (AWS), the secret access key; None for anything else.
        session: Of a temporary signing pair, its session token, or None.
        is_token: Whether the settings say that it is a token, to be shown as a bearer, where the vendor takes keys, too.
        source: Where it comes from, in words that may be shown ("OPENAI_API_KEY", "providers.openai.api_key").
    """

    value: Secret
    secret: Secret | None = None
    session: Secret | None = None
    is_token: bool = False
    source: str = attrs.field(default="", eq=False)


@attrs.frozen(kw_only=True)
class CredentialChanged(Message[None]):
    """From now on an instance is shown this.

    Attributes:
        version: Grows with every change.
        credential: What is shown, or None: nothing.
    """

    instance: str
    version: int
    credential: Credential | None


@attrs.frozen(kw_only=True)
class CredentialWanted(Message[CredentialChanged | None]):
    """Which credential is shown to an instance? Answered when all its sources have been asked once; None for an unknown instance."""

    instance: str


@attrs.frozen(kw_only=True)
class CredentialRejected(Message[CredentialChanged | None]):
    """A provider has refused a credential: is there another one? Asks the sources anew, and answers with None where they have no other.

    Attributes:
        version: Of the credential that was refused.
    """

    instance: str
    version: int


@attrs.frozen(kw_only=True)
class InstanceSeen(Message[None]):
    """An instance has answered a question of discovery's, or refused to.

    Attributes:
        accepted: Whether it took the credential that it was shown, or none if it asks for none.
        reason: Why not, in words.
    """

    instance: str
    accepted: bool
    reason: str = ""


class ProviderStage(enum.StrEnum):
    """How far an instance has come on its way into use; its health is another matter."""

    CONFIGURED = "configured"  # named, and nothing to show for it yet: no credential was found
    USABLE = "usable"  # it has a credential, or needs none; whether that works is not known
    VERIFIED = "verified"  # the provider has taken it
    DISABLED = "disabled"  # the provider has refused whatever we had to show

    @property
    def is_routable(self) -> bool:
        """Whether requests may be sent there."""
        return self in (ProviderStage.USABLE, ProviderStage.VERIFIED)


@attrs.frozen(kw_only=True)
class StageChanged(Message[None]):
    """An instance has come further, or was set back.

    Attributes:
        reason: Why it stands there, for people, without any part of a secret; "" where there is nothing to say.
        credential: Where its credential comes from, or None without one.
    """

    instance: str
    stage: ProviderStage = ProviderStage.USABLE
    reason: str = ""
    credential: str | None = None


@attrs.frozen(kw_only=True)
class StagesWanted(Message[None]):
    """The router has just started and has not heard yet: tell it every stage again."""


@attrs.frozen(kw_only=True)
class Verify(Message[tuple[StageChanged, ...]]):
    """Ask all sources for their credentials, and the providers whether they take them; answers when that is done.

    Attributes:
        instance: Name of the instance, or None for all.
    """

    instance: str | None = None

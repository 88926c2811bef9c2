"""The ports through which discovery looks at the world, and speaks to people."""

from __future__ import annotations

from typing import Protocol

import attrs

from ...messages.catalogue import ModelFacts
from ...messages.credentials import Credential


class Scout(Protocol):
    """Looks at one provider instance, on the trio loop. Cancelling a look closes the sockets that it uses."""

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; it is not to look before."""

    def use(self, credential: Credential) -> None:
        """Show this credential from now on."""

    async def look(self) -> tuple[ModelFacts, ...]:
        """Return the models that the instance has, with what it says of them; () when it has none.

        Raises:
            LegionError: It does not answer, or nothing that is understood.
        """

    async def aclose(self) -> None:
        """Close idle connections. May be called twice."""


class Sentry(Protocol):
    """Looks at one engine of this machine from outside."""

    async def exposure(self) -> str | None:
        """Return the address at which it answers anyone who can reach this machine, or None."""


@attrs.frozen(kw_only=True)
class Memory:
    """The memory of this machine, or the share of it that this process may use.

    Attributes:
        total_bytes: There is.
        available_bytes: Could be had without swapping.
    """

    total_bytes: int
    available_bytes: int


class Machine(Protocol):
    """The machine we run on."""

    async def memory(self) -> Memory | None:
        """Return its memory, or None when nobody knows."""

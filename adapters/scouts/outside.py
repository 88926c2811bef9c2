"""Looking at an engine of this machine from outside: does it answer others, too?"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

import httpx

from ...messages.errors import LegionError
from ..dialects.protocol import ProviderDialect
from ..providers.endpoint import Endpoint
from ..transport import TransportLimits, choose_transport
from .inquiry import Inquiry

# Addresses that are kept for documentation: a datagram socket that is pointed there picks the way out and sends nothing.
_ELSEWHERE: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORT: Final = 9


class OutsideSentry:
    """Asks an engine at this machine's own outward addresses, without a credential; implements `actors.discovery.port.Sentry`.

    Args:
        inside: Where the engine is asked for its models, with the time limits of one question.
        dialect: Which dialect it speaks.
        addresses: Returns the addresses by which other machines reach this one.
    """

    def __init__(
        self, inside: Endpoint, dialect: ProviderDialect, addresses: Callable[[], tuple[str, ...]] | None = None
    ) -> None:
        self._inside = inside
        self._dialect = dialect
        self._addresses = addresses or outward_addresses

    async def exposure(self) -> str | None:
        """Return the first address at which it lists its models to anyone, or None; see the port."""
        for address in self._addresses():
            if await self._answers(address):
                return f"{_bracketed(address)}:{self._inside.root.port or _PORTS[self._inside.root.scheme]}"
        return None

    async def _answers(self, address: str) -> bool:
        root = self._inside.root.copy_with(host=address)
        # A certificate, where there is one, is for another name; what matters is whether somebody answers.
        outside = Endpoint(name=self._inside.name, root_url=str(root), timeouts=self._inside.timeouts)
        inquiry = Inquiry(outside, self._dialect, choose_transport("legion", limits=TransportLimits()))
        try:
            await inquiry.get(self._dialect.models_path, self._dialect.parse_models)
        except LegionError:
            return False
        finally:
            await inquiry.aclose()
        return True


_PORTS: Final = {"http": 80, "https": 443}


def is_loopback(base_url: str) -> bool:
    """Whether an address is this machine's own, by its name."""
    return httpx.URL(base_url).host in _LOOPBACK


def outward_addresses() -> tuple[str, ...]:
    """Return the addresses that this machine uses towards others, at most one of each family."""
    found = (_outward(family, host) for family, host in _ELSEWHERE)
    return tuple([each for each in found if each is not None and each not in _LOOPBACK])


def _outward(family: socket.AddressFamily, host: str) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, _PORT))
            return str(probe.getsockname()[0])
    except OSError:
        return None  # no way out


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address

"""Small questions to a provider's API, beside the calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import httpx

from ..dialects.protocol import ProviderDialect
from ..providers.endpoint import Endpoint
from ..providers.exchange import Exchange
from ..providers.faults import Stage
from ..providers.pages import refuse_html

T = TypeVar("T")

# The longest catalogue known (a gateway's, of some hundred models) has under 1 MiB; what is longer would keep the loop busy.
MAX_BODY_BYTES: Final = 4 * 1024 * 1024


class Inquiry:
    """Asks one instance, on connections of its own: neither do calls wait for it, nor does it wait for calls.

    Args:
        endpoint: Where the instance lives, with the time limits of one question.
        dialect: How its errors are read.
        transport: Carries the questions; belongs to the inquiry from now on.
    """

    def __init__(self, endpoint: Endpoint, dialect: ProviderDialect, transport: httpx.AsyncBaseTransport) -> None:
        self.endpoint = endpoint
        self.dialect = dialect
        self._transport = transport

    def __repr__(self) -> str:
        """Without headers: they carry the credential."""
        return f"<Inquiry {self.endpoint.name}>"

    async def get(self, path: str, parse: Callable[[bytes], T]) -> T:
        """Return what `parse` makes of the answer to a GET below the root.

        Raises:
            LegionError: There is no answer, an error, or one that is not understood.
        """
        return await self._read(self.endpoint.get(path), parse)

    async def post(self, path: str, body: bytes, parse: Callable[[bytes], T]) -> T:
        """Return what `parse` makes of the answer to a POST below the root; errors as for `get`."""
        return await self._read(self.endpoint.post(path, body, stream=False), parse)

    async def aclose(self) -> None:
        """Close idle connections. May be called twice."""
        await self._transport.aclose()

    async def _read(self, request: httpx.Request, parse: Callable[[bytes], T]) -> T:
        exchange = Exchange(
            provider=self.endpoint.name, model=None, limits=self.endpoint.timeouts, dialect=self.dialect
        )

        async def read(response: httpx.Response) -> T:
            body = await exchange.read_whole(response, MAX_BODY_BYTES)
            refuse_html(body)
            return parse(body)

        return await exchange.run(self._transport, request, read, Stage.ANSWERING)

"""One attempt: a request out, an answer in, under time limits, with every failure as one typed error."""

from __future__ import annotations

import contextlib
import enum
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

import httpx
import trio
from httptools import HttpParserError

from ...messages.errors import LegionError, ProviderError, ProviderSilent, UpstreamError
from ...messages.settings import TimeoutSettings
from ..dialects.protocol import ProviderDialect
from ..transport.body import ResponseBody
from .faults import HTTPX_ERRORS, Stage, translate
from .pieces import Pieces, decoded

T = TypeVar("T")

ERROR_BODY_BYTES: Final = 64 * 1024
ERROR_BODY_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 1.0

# What a slow uplink must carry at least, so that a large request is not taken for a silent provider.
_UPLOAD_BYTES_PER_SECOND: Final = 64 * 1024


class Phase(enum.StrEnum):
    """What an attempt is waiting for; the value names the time limit in force (a field of `TimeoutSettings`)."""

    CONNECT = "connect"
    FIRST_BYTE = "first_byte"
    FIRST_CONTENT = "first_content"
    GAP = "gap"


_SILENCE: Final = {
    Phase.CONNECT: "did not accept a connection within",
    Phase.FIRST_BYTE: "sent nothing for",
    Phase.FIRST_CONTENT: "sent no content for",
    Phase.GAP: "fell silent in the middle of its answer for",
}


class Exchange:
    """One attempt at a provider. Use each once.

    There is one cancel scope, whose deadline moves from limit to limit as the answer comes in. `connect` is the
    transport's to keep, because nobody else sees the connection. Our own transport says when the request has gone, and
    `first_byte` counts from there; for another one the scope has a net for both, wide enough for any upload.

    Attributes:
        phase: What is waited for.
    """

    __slots__ = (
        "_asked_at",
        "_dialect",
        "_limits",
        "_model",
        "_pieces",
        "_provider",
        "_reading",
        "_scope",
        "_stage",
        "phase",
    )

    def __init__(self, *, provider: str, model: str | None, limits: TimeoutSettings, dialect: ProviderDialect) -> None:
        self._provider = provider
        self._model = model
        self._limits = limits
        self._dialect = dialect
        self._scope = trio.CancelScope()
        self._stage = self._reading = Stage.ASKED
        self._asked_at = 0.0
        self._pieces: AsyncIterator[bytes] | None = None
        self.phase = Phase.FIRST_BYTE

    @property
    def provider(self) -> str:
        """Name of the instance."""
        return self._provider

    async def run(
        self,
        transport: httpx.AsyncBaseTransport,
        request: httpx.Request,
        consume: Callable[[httpx.Response], Awaitable[T]],
        stage: Stage,
    ) -> T:
        """Send `request`, have `consume` read the answer, and return what it makes of it.

        Args:
            transport: Who sends it.
            request: Its body must be in memory.
            consume: Reads the answer through `body` or `read_whole`; is called for a status below 300 only.
            stage: What is being read, for the errors: ANSWERING or STREAMING.

        Raises:
            LegionError: Whatever went wrong; an UpstreamError carries provider and model. The connection is closed, or
                back in the pool if the answer was read to its end.
        """
        self._reading = stage
        self._asked_at = trio.current_time()
        # Made with its deadline: to set one afterwards costs as much as the scope itself.
        self._scope = trio.CancelScope(deadline=self._asked_at + self._patience(len(request.content)))
        request.extensions["legion_sent"] = self._sent
        try:
            with self._scope:
                return await self._run(transport, request, consume)
        except HTTPX_ERRORS as error:
            raise self._translated(error) from error
        except UpstreamError as error:
            self._sign(error)
            raise
        raise self._silent(self.phase)

    def expect(self, phase: Phase) -> None:
        """Wait for the next thing: move the deadline to its limit."""
        self.phase = phase
        start = self._asked_at if phase is Phase.FIRST_CONTENT else trio.current_time()
        self._scope.deadline = start + self._limit(phase)

    def rest(self) -> None:
        """Stop the clock: now it is not the provider who is waited for."""
        self._scope.deadline = math.inf

    def body(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Return the pieces of the answer, decompressed, as they arrive. Only once.

        Raises:
            ProviderError: It is compressed in a way nobody asked for.
        """
        self._pieces = _stream_of(response).__aiter__()
        return decoded(response, self._pieces)

    async def read_whole(self, response: httpx.Response, most_bytes: int) -> bytes:
        """Return the whole body, decompressed.

        Raises:
            ProviderError: It has more than `most_bytes`.
            httpx.TransportError: As the transport raises.
        """
        whole = _whole_of(response)
        if whole is not None:
            if len(whole) > most_bytes:
                raise _too_long(most_bytes)
            return whole
        self.expect(Phase.GAP)
        pieces = []
        left = most_bytes
        async for data in self.body(response):
            left -= len(data)
            if left < 0:
                raise _too_long(most_bytes)
            pieces.append(data)
            self.expect(Phase.GAP)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _run(
        self,
        transport: httpx.AsyncBaseTransport,
        request: httpx.Request,
        consume: Callable[[httpx.Response], Awaitable[T]],
    ) -> T:
        response = await transport.handle_async_request(request)
        self._stage = self._reading
        try:
            if response.status_code >= httpx.codes.MULTIPLE_CHOICES:
                raise await self._refusal(response)  # noqa: TRY301 - the connection is closed here, and nowhere else
            result = await consume(response)
        except BaseException:
            await self._abandon(response)
            raise
        await _stream_of(response).aclose()
        return result

    def _sent(self) -> None:
        self.expect(Phase.FIRST_BYTE)

    def _patience(self, body_bytes: int) -> float:
        limits = self._limits
        return limits.connect + limits.first_byte + body_bytes / _UPLOAD_BYTES_PER_SECOND

    async def _refusal(self, response: httpx.Response) -> UpstreamError:
        """Return what an error status means. A body that does not come changes nothing: the status has been said."""
        body = b""
        self.rest()
        with trio.move_on_after(ERROR_BODY_SECONDS), contextlib.suppress(*HTTPX_ERRORS, ProviderError):
            async for data in self.body(response):
                body += data
                if len(body) >= ERROR_BODY_BYTES:
                    break
        return self._dialect.classify_error(response.status_code, response.headers, body[:ERROR_BODY_BYTES])

    async def _abandon(self, response: httpx.Response) -> None:
        """Close the connection, also when cancelled: what was not read to its end is of no use to the next request."""
        if self._pieces is not None:
            # httpx's streams are generators within generators, which closing from outside leaves to the garbage collector,
            # and trio complains about that. Read on in a scope that is cancelled, and they end from the inside.
            with trio.CancelScope(shield=True) as scope, contextlib.suppress(*HTTPX_ERRORS):
                scope.cancel()
                async for _ in Pieces(self._pieces):
                    pass
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_SECONDS):
            await _stream_of(response).aclose()

    def _limit(self, phase: Phase) -> float:
        limit: float = getattr(self._limits, phase.value)
        return limit

    def _translated(self, error: Exception) -> LegionError:
        if isinstance(error, httpx.ReadTimeout):
            return self._silent(self.phase)
        if isinstance(error, httpx.ConnectTimeout):
            return self._silent(Phase.CONNECT)
        # Nonsense that is read together with the head is nonsense in the answer: it must not depend on how TCP cut it.
        nonsense = isinstance(error, httpx.RemoteProtocolError) and isinstance(error.__cause__, HttpParserError)
        stage = self._reading if nonsense else self._stage
        return translate(error, stage=stage, provider=self._provider, model=self._model)

    def _sign(self, error: UpstreamError) -> None:
        """Write provider and model into an error that was made without knowing them."""
        error.provider = error.provider or self._provider
        error.model = error.model or self._model

    def _silent(self, phase: Phase) -> ProviderSilent:
        message = f"{self._provider} {_SILENCE[phase]} {self._limit(phase)} s (time limit {phase.value})"
        return ProviderSilent(message, limit=phase.value, provider=self._provider, model=self._model)


def _too_long(most_bytes: int) -> ProviderError:
    return ProviderError(f"the answer has more than the {most_bytes} bytes allowed")


def _whole_of(response: httpx.Response) -> bytes | None:
    """Return a plain body that came along with the head: there is nothing to wait for."""
    stream = response.stream
    if isinstance(stream, ResponseBody) and stream.header(b"content-encoding") is None:
        return stream.take_whole()
    return None


def _stream_of(response: httpx.Response) -> httpx.AsyncByteStream:
    # The stream itself is closed, and not the response: that does nothing more, but slowly.
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return response.stream

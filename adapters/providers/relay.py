"""A streamed answer: bytes into chunks, chunks into the sink, and the whole of it collected on the side."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Final

import attrs
import httpx
import trio

from ...actors.connection.port import ChunkSink
from ...messages.chat import Chunk
from ...messages.content import ThinkingBlock
from ...messages.errors import ProviderError, UpstreamError
from ...messages.unstreamed import chunks_of
from ..dialects.protocol import ProviderDialect, StreamParser
from .exchange import Exchange, Phase
from .faults import HTTPX_ERRORS
from .pages import refuse_html
from .response_builder import ResponseBuilder

DRAIN_SECONDS: Final = 1.0


class Relay:
    """Reads one streamed answer. Use each once.

    While the sink makes us wait, the provider's clock stands still: a slow reader is no silent provider.

    Attributes:
        builder: What has gone by.
    """

    __slots__ = ("_begun", "_dialect", "_exchange", "_head", "_most", "_sink", "builder")

    def __init__(self, exchange: Exchange, dialect: ProviderDialect, sink: ChunkSink, most: int) -> None:
        """Prepare to relay one answer to `sink`.

        Args:
            exchange: The attempt it is part of.
            dialect: What is spoken.
            sink: Where the chunks go.
            most: Most characters of content, and most bytes before the first chunk.
        """
        self._exchange = exchange
        self._dialect = dialect
        self._sink = sink
        self._most = most
        self._begun = False
        self._head = b""
        self.builder = ResponseBuilder()

    async def read(self, response: httpx.Response) -> None:
        """Relay the answer to its end.

        Raises:
            UpstreamError: It broke off, was an error, or was none of what the dialect knows.
            httpx.TransportError: As the transport raises.
        """
        parser = self._dialect.stream_parser()
        self._exchange.expect(Phase.FIRST_CONTENT)
        pieces = self._exchange.body(response)
        async for data in pieces:
            if not self._begun:
                self._keep(data)
            await self._pass_on(await self._parsed(parser, data))
            if parser.finished:
                await self._drain(pieces)
                return
        await self._ended_early(parser)

    async def _parsed(self, parser: StreamParser, data: bytes) -> list[Chunk]:
        """Return the chunks; before an error, pass on those that came before it in the same bytes."""
        try:
            return parser.feed(data)
        except UpstreamError:
            await self._pass_on(parser.take())
            raise

    def _keep(self, data: bytes) -> None:
        """Keep what comes before the first chunk: it may turn out not to be a stream at all."""
        self._head += data
        self._check_size(len(self._head))
        refuse_html(self._head)

    async def _pass_on(self, chunks: Iterable[Chunk]) -> None:
        if not chunks:
            return
        exchange, builder, sink = self._exchange, self.builder, self._sink
        exchange.rest()
        self._begun = True
        for chunk in chunks:
            # What is signed goes back only to where it was made: note where that is.
            noted = chunk if chunk.signature is None and chunk.content is None else _noted(chunk, exchange.provider)
            builder.add(noted)
            await sink.send(noted)
        self._check_size(builder.size)
        exchange.expect(Phase.GAP if builder.has_content else Phase.FIRST_CONTENT)

    def _check_size(self, size: int) -> None:
        if size > self._most:
            raise ProviderError(f"the answer is longer than the {self._most} allowed")

    async def _drain(self, pieces: AsyncIterator[bytes]) -> None:
        """Read what follows the terminal frame, so that the connection can be used again.

        The answer is complete: nothing that happens here is an error.
        """
        self._exchange.rest()
        with trio.move_on_after(DRAIN_SECONDS), contextlib.suppress(*HTTPX_ERRORS):
            async for _ in pieces:
                pass

    async def _ended_early(self, parser: StreamParser) -> None:
        """No terminal frame came. Some servers know no streams and send one JSON document; that is an answer too."""
        if self._begun or not self._head.lstrip().startswith(b"{"):
            parser.close()
            return
        await self._pass_on(chunks_of(self._dialect.parse_response(self._head)))


def _noted(chunk: Chunk, origin: str) -> Chunk:
    whole = chunk.content
    if isinstance(whole, ThinkingBlock):
        return attrs.evolve(chunk, origin=origin, content=attrs.evolve(whole, origin=origin))
    return attrs.evolve(chunk, origin=origin)

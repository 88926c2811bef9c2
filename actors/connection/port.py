"""The port through which a connection reaches its provider."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ...messages.chat import Chunk, Request, Response
from ...messages.credentials import Credential
from ...messages.embedding import EmbedAnswer, EmbedBatch


class ChunkSink(Protocol):
    """Where the chunks of a streamed answer go."""

    async def send(self, chunk: Chunk, /) -> None:
        """Hand over one chunk; waits while the reader is behind.

        Raises:
            CancelledError: The reader is gone.
        """


class Provider(Protocol):
    """One provider instance, spoken to on the trio loop.

    Both calls take one attempt: they do not retry, and they raise exactly one typed error (`messages.errors`). Cancelling the task that awaits
    them closes the socket they use.
    """

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer.

        Raises:
            LegionError: Why there is none.
        """

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer to `sink` as they arrive and return the whole of it at the end.

        Raises:
            LegionError: Why the answer is not complete. What was sent before stays sent.
        """

    async def aclose(self) -> None:
        """Close idle connections. May be called twice."""


@runtime_checkable
class CountingProvider(Protocol):
    """A provider that counts tokens, without a charge. For one that lacks this method they are estimated."""

    async def count_tokens(self, request: Request, model: str) -> int:
        """Return how many tokens the prompt has for the model.

        Raises:
            UnsupportedCapability: It cannot count this.
            LegionError: Why there is no count.
        """


@runtime_checkable
class Authenticated(Protocol):
    """A provider that shows a credential, which may be exchanged while calls are under way: those go on with the one they began with."""

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet."""

    def use(self, credential: Credential) -> None:
        """Show this from now on."""


@runtime_checkable
class EmbeddingProvider(Protocol):
    """A provider that makes vectors, too. One that lacks this method is never asked for any."""

    async def embed(self, batch: EmbedBatch, model: str) -> EmbedAnswer:
        """Return one vector per input, in their order.

        Raises:
            ContextOverflow: An input is too long; it is then cut and asked for again.
            LegionError: Why there are no vectors.
        """

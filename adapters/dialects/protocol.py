"""What a dialect is: a vendor's wire format, both ways, as pure functions over bytes and our types.

A dialect knows no socket, no credential and no origin. Nothing else in the program knows a vendor's field name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, runtime_checkable

import attrs

from ...messages.catalogue import ModelFacts
from ...messages.chat import Chunk, Request, Response
from ...messages.embedding import EmbedAnswer, EmbedBatch, EmbedRequest, EmbedResponse
from ...messages.errors import LegionError, UpstreamError


@attrs.frozen(kw_only=True)
class WireRequest:
    """An HTTP request without origin and credentials.

    Attributes:
        path: Path below the provider's root, with a leading slash ("/chat/completions").
        body: JSON bytes.
        warnings: What the dialect could not carry, in words for people; they come back on the response.
        is_beside: Whether the path begins beside the version of the API ("/tokenize" beside "/v1"), and not below it.
    """

    path: str
    body: bytes
    warnings: tuple[str, ...] = ()
    is_beside: bool = False


@attrs.frozen(kw_only=True)
class DialectOptions:
    """What an instance's settings add to each of its requests.

    Attributes:
        extra_body: Top-level fields merged over the rendered body.
        enable_thinking: vLLM's chat template switch, None to leave it to the server.
        continue_body: Top-level fields of a request whose last message is an answer that the model shall go on with (`Request.continues`).
        origin: Name of the instance ("anthropic/eu"), which signed reasoning must have come from to go back there.
    """

    extra_body: Mapping[str, Any] = attrs.field(factory=dict)
    enable_thinking: bool | None = None
    continue_body: Mapping[str, Any] = attrs.field(factory=dict)
    origin: str | None = None


class StreamParser(Protocol):
    """Turns the bytes of a streamed answer into chunks."""

    def feed(self, data: bytes) -> list[Chunk]:
        """Return the chunks that `data` completes, in order; [] while an event is incomplete.

        Raises:
            UpstreamError: The provider sent an error as an event, or something unreadable.
        """

    def take(self) -> list[Chunk]:
        """Return, after `feed` has raised, the chunks of the same bytes that came before the error.

        They were said, and must not depend on how the network cut the bytes.
        """

    @property
    def finished(self) -> bool:
        """Whether the terminal frame has been read."""

    def close(self) -> None:
        """Say that no more bytes come.

        Raises:
            StreamBrokenError: The terminal frame never came.
        """


class ProviderDialect(Protocol):
    """The client's half: we speak it to a provider."""

    @property
    def name(self) -> str:
        """Name of the dialect ("openai.chat")."""

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        """Return the request as the provider reads it.

        Raises:
            UnsupportedCapability: The dialect cannot say what the request needs.
        """

    def parse_response(self, body: bytes) -> Response:
        """Return the answer.

        Raises:
            ProviderError: The body is not what the provider documents.
            UpstreamError: The body is an error in disguise (an error object under status 200).
        """

    def stream_parser(self) -> StreamParser:
        """Return a fresh parser for one streamed answer."""

    def classify_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Return what an answer with an error status (>= 300) means; never raises, whatever the body holds."""

    def parse_models(self, body: bytes) -> tuple[ModelFacts, ...]:
        """Return the models of the provider's catalogue answer, with what it says of each; that of a wrong type is unknown.

        Raises:
            ProviderError: The body is not a catalogue.
        """

    @property
    def models_path(self) -> str:
        """Path of the catalogue below the provider's root ("/models")."""


class CountingDialect(Protocol):
    """The client's half of an API that counts tokens."""

    def render_count_call(self, request: Request, model: str, options: DialectOptions) -> WireRequest:
        """Return the question how long a prompt is.

        Raises:
            UnsupportedCapability: The dialect cannot say what the request needs.
        """

    def parse_count_answer(self, body: bytes) -> int:
        """Return the number of tokens.

        Raises:
            ProviderError: The body is no count.
            UpstreamError: The body is an error in disguise.
        """


class EmbeddingDialect(Protocol):
    """The client's half of an API for embeddings: we speak it to a provider."""

    @property
    def name(self) -> str:
        """Name of the dialect ("openai.embeddings")."""

    def render_embed(self, batch: EmbedBatch, model: str, options: DialectOptions) -> WireRequest:
        """Return the request as the provider reads it.

        Raises:
            UnsupportedCapability: The dialect cannot say what the batch needs.
        """

    def parse_embed(self, body: bytes) -> EmbedAnswer:
        """Return the vectors, one per input and in their order.

        Raises:
            ProviderError: The body is not what the provider documents.
            UpstreamError: The body is an error in disguise (an error object under status 200).
        """


class ErrorDialect(Protocol):
    """What every served API can do: say what went wrong."""

    def render_error(self, error: LegionError) -> bytes:
        """Return the error as a JSON body; its status stands in `messages.error_table`."""


class ServedEmbeddings(ErrorDialect, Protocol):
    """The server's half of an API for embeddings: clients speak it to us."""

    def parse_embed_request(self, body: bytes) -> EmbedRequest:
        """Return what the client wants embedded.

        Raises:
            InvalidRequestError: The body is malformed; `param` names the field.
        """

    def render_embed_response(self, response: EmbedResponse, request: EmbedRequest) -> bytes:
        """Return the answer as JSON bytes.

        Raises:
            EmbeddingUnavailableError: An input has no vector, and the dialect cannot say so.
        """


@attrs.frozen
class Framing:
    """How the pieces of a streamed answer are told apart.

    Attributes:
        content_type: For the header.
        keep_alive: What may be sent between two pieces to show that the stream lives, and means nothing; b"" where nothing may.
    """

    content_type: bytes
    keep_alive: bytes = b""


EVENT_STREAM: Final = Framing(b"text/event-stream; charset=utf-8", b": keep-alive\n\n")


class StreamRenderer(Protocol):
    """Turns chunks into the bytes of a streamed answer, for one client."""

    @property
    def framing(self) -> Framing:
        """How its pieces are told apart."""

    def render(self, chunk: Chunk) -> bytes:
        """Return the event for one chunk; b"" when this dialect has none for it."""

    def end(self, response: Response) -> bytes:
        """Return the closing events of a stream that finished."""

    def fail(self, error: LegionError) -> bytes:
        """Return the closing events of a stream that failed, in the dialect's own words."""


@runtime_checkable
class TokenCounting(Protocol):
    """A served dialect whose clients ask how long a prompt is before they send it."""

    def parse_count_request(self, body: bytes) -> Request:
        """Return what would be sent.

        Raises:
            InvalidRequestError: The body is malformed; `param` names the field.
        """

    def render_count(self, tokens: int) -> bytes:
        """Return the number of tokens as a JSON body."""


class ServedDialect(ErrorDialect, Protocol):
    """The server's half: clients speak it to us."""

    @property
    def name(self) -> str:
        """Name of the dialect."""

    def parse_request(self, body: bytes) -> Request:
        """Return what the client wants; fields we have no name for are kept in `extra`.

        Raises:
            InvalidRequestError: The body is malformed; `param` names the field.
        """

    def render_response(self, response: Response, request: Request | None = None) -> bytes:
        """Return the whole answer as JSON bytes; some dialects repeat in it what `request` asked for."""

    def stream_renderer(self, request: Request) -> StreamRenderer:
        """Return a fresh renderer for one streamed answer."""

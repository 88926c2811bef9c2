"""A provider behind HTTP: a dialect, an origin and credentials."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs
import httpx

from ...actors.connection.port import ChunkSink
from ...messages.chat import ChatMessage, Request, Response, Usage
from ...messages.content import ThinkingBlock
from ...messages.credentials import Credential
from ...messages.embedding import EmbedAnswer, EmbedBatch
from ...messages.errors import AccessDeniedError, UnsupportedCapability
from ...messages.limits import RateLimits
from ...messages.tokens import estimated_embedding_tokens, estimated_input_tokens, estimated_message_tokens
from ...messages.tracing import traceparent_of
from ..dialects.extras import marked
from ..dialects.protocol import CountingDialect, DialectOptions, EmbeddingDialect, ProviderDialect, WireRequest
from ..dialects.unsaid import unsaid
from .allowances import rate_limits_of
from .cache_marks import CacheMarks
from .endpoint import Endpoint
from .exchange import Exchange
from .faults import Stage
from .native_schema import Shaper, without_fence
from .pages import refuse_html
from .relay import Relay

T = TypeVar("T")

MAX_BODY_BYTES: Final = 32 * 1024 * 1024


@attrs.frozen(kw_only=True)
class Skills:
    """What a provider can do beside chats.

    Attributes:
        embeddings: What is spoken there about embeddings, or None where there are none.
        counting: What is spoken there about the length of prompts, or None where nobody counts.
        marks: Marks what stays the same for the prompt cache; None: nothing is marked.
        shaper: Knows which models keep to a schema; None: all do.
    """

    embeddings: EmbeddingDialect | None = None
    counting: CountingDialect | None = None
    marks: CacheMarks | None = None
    shaper: Shaper | None = None


class HttpProvider:
    """Implements `actors.connection.port.Provider` over an httpx transport.

    Requests are built straight for the transport; `httpx.AsyncClient` would cost several times as much as all the rest.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        dialect: ProviderDialect,
        transport: httpx.AsyncBaseTransport,
        skills: Skills | None = None,
        options: DialectOptions | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Join the parts.

        Args:
            endpoint: Where it lives.
            dialect: What is spoken there.
            transport: Carries the requests; belongs to the provider from now on.
            skills: What it can do beside chats; None: nothing.
            options: What the settings add to each request.
            max_body_bytes: Most bytes of a whole answer, and most characters of a streamed one.
            wall_clock: Returns Unix seconds, for answers that do not tell when they were made.
        """
        self.name = endpoint.name
        self._endpoint = endpoint
        self._dialect = dialect
        self._skills = skills or Skills()
        self._transport = transport
        self._options = options or DialectOptions()
        self._max_body_bytes = max_body_bytes
        self._wall_clock = wall_clock

    def __repr__(self) -> str:
        """Without headers: they carry the credential."""
        return f"<HttpProvider {self.name}: {self._dialect.name} at {self._endpoint.root}>"

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._endpoint.lacks_credential

    def use(self, credential: Credential) -> None:
        """Show this credential from now on; see the port."""
        self._endpoint.use(credential)

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer; see the port."""
        wire, is_told = self._rendered(request, model, stream=False)
        post = self._post(request, wire, stream=False)
        response, limits = await self._read(post, model, self._dialect.parse_response)
        return self._completed(without_fence(response) if is_told else response, request, wire, model, limits)

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer as they arrive, and return the whole of it; see the port."""
        wire, _ = self._rendered(request, model, stream=True)
        post = self._post(request, wire, stream=True)
        exchange = self._exchange(model)
        relay = Relay(exchange, self._dialect, sink, self._max_body_bytes)
        limits: RateLimits | None = None

        async def read(answer: httpx.Response) -> None:
            nonlocal limits
            limits = rate_limits_of(answer, self._wall_clock())
            await relay.read(answer)

        await exchange.run(self._transport, post, read, Stage.STREAMING)
        response = relay.builder.build(
            model=model,
            created=int(self._wall_clock()),
            origin=self.name,
            dialect=self._dialect.name,
            warnings=wire.warnings,
        )
        changes = _amendments(request, response)
        if limits is not None:
            changes["rate_limit"] = limits
        return attrs.evolve(response, **changes) if changes else response

    async def embed(self, batch: EmbedBatch, model: str) -> EmbedAnswer:
        """Return one vector per input; see the port."""
        dialect = self._skills.embeddings
        if dialect is None:
            raise UnsupportedCapability(f"{self.name} makes no embeddings", capability="embeddings")
        wire = dialect.render_embed(batch, model, self._options)
        post = self._endpoint.post(wire.path, wire.body, stream=False)
        answer, limits = await self._read(post, model, dialect.parse_embed)
        if answer.usage.source == "partial":
            # Some do not tell; what is charged for must be counted all the same.
            estimate = Usage(uncached_input=estimated_embedding_tokens(batch.inputs), source="estimated")
            answer = attrs.evolve(answer, usage=estimate)
        return attrs.evolve(answer, warnings=wire.warnings, rate_limit=limits) if wire.warnings or limits else answer

    async def count_tokens(self, request: Request, model: str) -> int:
        """Return the length of a prompt; see the port."""
        dialect = self._skills.counting
        if dialect is None:
            raise UnsupportedCapability(f"{self.name} does not count tokens", capability="count_tokens")
        wire = dialect.render_count_call(request, model, self._options)
        post = self._posted(request, wire, stream=False)
        count, _limits = await self._read(post, model, dialect.parse_count_answer)
        return count

    async def get(self, path: str, parse: Callable[[bytes], T]) -> T:
        """Return what `parse` makes of the answer to a small question below the root; errors as for `chat`."""
        value, _limits = await self._read(self._endpoint.get(path), None, parse)
        return value

    async def post(self, path: str, body: bytes, parse: Callable[[bytes], T]) -> T:
        """Return what `parse` makes of the answer to a small question with a body; errors as for `chat`."""
        value, _limits = await self._read(self._endpoint.post(path, body, stream=False), None, parse)
        return value

    async def aclose(self) -> None:
        """Close the transport. May be called twice."""
        await self._transport.aclose()

    def _rendered(self, request: Request, model: str, *, stream: bool) -> tuple[WireRequest, bool]:
        """Return the request on the wire, and whether the model had to be told in words which shape its answer shall have."""
        told: tuple[str, ...] = ()
        shaper = self._skills.shaper
        if request.response_format is not None and shaper is not None:
            request, told = shaper.shaped(request, model)
        if self._skills.marks is not None:
            request = self._skills.marks.put(request, model)
        wire = self._dialect.render_request(request, model, stream=stream, options=self._options)
        return (attrs.evolve(wire, warnings=(*told, *wire.warnings)), True) if told else (wire, False)

    def _post(self, request: Request, wire: WireRequest, *, stream: bool) -> httpx.Request:
        post = self._posted(request, wire, stream=stream)
        if request.trace is not None:
            post.headers["traceparent"] = traceparent_of(request.trace)
        return post

    def _posted(self, request: Request, wire: WireRequest, *, stream: bool) -> httpx.Request:
        if request.own_key is not None:
            # Wherever the request has come to: a caller's key goes to the one host that the settings name, and ours is not for such a caller.
            raise AccessDeniedError(f"{self.name} is not shown callers' own keys")
        if wire.is_beside:
            return self._endpoint.post_beside(wire.path, wire.body)
        return self._endpoint.post(wire.path, wire.body, stream=stream)

    def _exchange(self, model: str | None) -> Exchange:
        return Exchange(provider=self.name, model=model, limits=self._endpoint.timeouts, dialect=self._dialect)

    async def _read(
        self, request: httpx.Request, model: str | None, parse: Callable[[bytes], T]
    ) -> tuple[T, RateLimits | None]:
        exchange = self._exchange(model)

        async def read(response: httpx.Response) -> tuple[T, RateLimits | None]:
            limits = rate_limits_of(response, self._wall_clock())
            body = await exchange.read_whole(response, self._max_body_bytes)
            refuse_html(body)
            return parse(body), limits

        return await exchange.run(self._transport, request, read, Stage.ANSWERING)

    def _completed(
        self, response: Response, request: Request, wire: WireRequest, model: str, limits: RateLimits | None
    ) -> Response:
        """Fill in what the provider did not say, and what the dialect could not know."""
        changes = _amendments(request, response)
        if limits is not None:
            changes["rate_limit"] = limits
        if wire.warnings:
            changes["warnings"] = (*wire.warnings, *changes.get("warnings", response.warnings))
        if not response.model:
            changes["model"] = model
        if not response.created:
            changes["created"] = int(self._wall_clock())
        message = marked(response.message, self._dialect.name)
        if _has_thinking(message):
            message = _with_origin(message, self.name)
        if message is not response.message:
            changes["message"] = message
        return attrs.evolve(response, **changes) if changes else response


def _amendments(request: Request, response: Response) -> dict[str, Any]:
    """Return what must be added to an answer: what its client's dialect cannot say of it, and about how many tokens it took where nobody tells."""
    changes: dict[str, Any] = {}
    if request.dialect is not None and (lost := unsaid(response.message, request.dialect)):
        changes["warnings"] = (*response.warnings, *lost)
    usage = response.usage
    if usage.source == "partial" and not usage.total_tokens:
        # Some do not tell; what is charged for must be counted all the same.
        prompt, answer = estimated_input_tokens(request), estimated_message_tokens(response.message)
        changes["usage"] = Usage(uncached_input=prompt, visible_output=answer, source="estimated")
    return changes


def _has_thinking(message: ChatMessage) -> bool:
    return not isinstance(message.content, str) and any(type(block) is ThinkingBlock for block in message.content)


def _with_origin(message: ChatMessage, origin: str) -> ChatMessage:
    """Signed reasoning goes back only to where it was made: note where that is."""
    blocks = [
        attrs.evolve(block, origin=origin) if isinstance(block, ThinkingBlock) else block for block in message.blocks
    ]
    return attrs.evolve(message, content=tuple(blocks))

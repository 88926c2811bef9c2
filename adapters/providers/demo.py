"""A model inside this process: it needs no key, no network and no GPU, and says the same thing every time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import attrs
import trio

from ...actors.connection.port import ChunkSink
from ...messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, Usage
from ...messages.content import ContentBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ...messages.embedding import EmbedAnswer, EmbedBatch
from ...messages.errors import (
    AccountError,
    AuthError,
    ContentRefusedError,
    ContextOverflow,
    ProviderDown,
    ProviderError,
    RateLimitError,
    RequestRejectedError,
    StreamBrokenError,
    UpstreamError,
)
from ...messages.settings import DemoSettings
from .demo_reply import Reply, ReplyBlock, reply_to
from .demo_vectors import DEMO_DIMENSIONS, MAX_DIMENSIONS, demo_vector, tokens_of_input

BROKEN_STREAM: Final = "broken_stream"
SLOW_TOKENS_PER_SECOND: Final = 10.0

FAILURES: Final[Mapping[str, tuple[type[UpstreamError], int | None, str]]] = MappingProxyType(
    {
        "rate_limit": (RateLimitError, 429, "too many requests"),
        "provider_error": (ProviderError, 500, "internal error"),
        "down": (ProviderDown, None, "connection refused"),
        "auth": (AuthError, 401, "this key is not known"),
        "account": (AccountError, 402, "no credit left"),
        "overflow": (ContextOverflow, 400, "the prompt exceeds the context window"),
        "refused": (ContentRefusedError, 400, "the content filter refused"),
        "rejected": (RequestRejectedError, 400, "the request is wrong"),
        BROKEN_STREAM: (StreamBrokenError, None, "the answer broke off in the middle"),
    }
)
RATE_LIMIT_SECONDS: Final = 1.0

MODELS: Final = ("demo", "demo-slow", "demo-hang", *[f"demo-fail-{kind.replace('_', '-')}" for kind in FAILURES])


@attrs.frozen(kw_only=True)
class _Behaviour:
    delay: float
    tokens_per_second: float | None
    fail: str | None


class DemoProvider:
    """Implements `actors.connection.port.Provider` without a provider.

    What it answers, first rule that fits:

    - The last message holds a tool's result: "The tool says: <result>".
    - A tool is forced by the tool choice, or the last user text says "call <tool>" and that tool is offered: a call of
      it, whose arguments are the smallest that its schema allows (required properties only).
    - A response format is asked for: the smallest instance of the schema, or {"reply": "<what it would have said>"}.
    - Otherwise: "Hello, I am the demo model. You said: <last user text>".

    With thinking on, a thinking block comes first. A token is a word with the blanks before it: a stream has one DELTA
    for each, usage counts them, `max_tokens` and stop sequences cut the answer as they would elsewhere. The same
    conversation gives the same answer, ids included.

    Its embeddings are made of the words of a text: texts that share words lie near each other.

    The model's name changes how it behaves: "demo" as the settings say, "demo-slow" 10 tokens a second, "demo-hang"
    never answers, "demo-fail-<kind>" fails: rate-limit (with a Retry-After of 1 s), provider-error, down, auth, account,
    overflow, refused, rejected, or broken-stream (half of the answer, then a StreamBrokenError; unstreamed nothing but
    the error). Other names are refused as unknown.
    """

    def __init__(
        self, *, name: str = "demo", settings: DemoSettings | None = None, wall_clock: Callable[[], float] = time.time
    ) -> None:
        """Make one; `settings` say how the model "demo" behaves, `wall_clock` returns Unix seconds."""
        self.name = name
        self._settings = settings or DemoSettings()
        self._wall_clock = wall_clock

    def __repr__(self) -> str:
        return f"<DemoProvider {self.name}>"

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer, after as long as a stream of it would take; see the port."""
        behaviour = await self._begin(model)
        reply = reply_to(request)
        pace = behaviour.tokens_per_second
        await trio.sleep(reply.token_count / pace if pace else 0)
        if behaviour.fail == BROKEN_STREAM:
            raise self._failure(BROKEN_STREAM, model)
        return self._response(reply, model)

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer at the pace that is set, and return the whole of it; see the port."""
        behaviour = await self._begin(model)
        reply = reply_to(request)
        breaks = behaviour.fail == BROKEN_STREAM
        pause = 1 / behaviour.tokens_per_second if behaviour.tokens_per_second else 0.0
        chunks = list(_chunks(reply, model))
        for chunk in chunks[: len(chunks) // 2] if breaks else chunks:
            if pause and chunk.kind is ChunkKind.DELTA:
                await trio.sleep(pause)
            await sink.send(chunk)
        if breaks:
            raise self._failure(BROKEN_STREAM, model)
        return self._response(reply, model)

    async def embed(self, batch: EmbedBatch, model: str) -> EmbedAnswer:
        """Return a vector per input, 1024 numbers long or as long as is asked for; see the port."""
        behaviour = await self._begin(model)
        if behaviour.fail == BROKEN_STREAM:
            raise self._failure(BROKEN_STREAM, model)
        dimensions = batch.dimensions or DEMO_DIMENSIONS
        if dimensions > MAX_DIMENSIONS:
            too_long = f"{self.name}: vectors have {MAX_DIMENSIONS} numbers at most, not {dimensions}"
            raise RequestRejectedError(too_long, provider=self.name, model=model, status=400)
        return EmbedAnswer(
            vectors=tuple([demo_vector(content, dimensions) for content in batch.inputs]),
            model=model,
            usage=Usage(uncached_input=sum([len(tokens_of_input(content)) for content in batch.inputs])),
        )

    async def count_tokens(self, request: Request, model: str) -> int:
        """Return how many words the prompt has; see the port."""
        await self._begin(model)
        return reply_to(request).usage.input_tokens

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""

    async def _begin(self, model: str) -> _Behaviour:
        """Wait as long as is set, and fail if that is set; return the behaviour of this call."""
        behaviour = self._behaviour(model)
        await trio.sleep(behaviour.delay)
        if behaviour.fail is not None and behaviour.fail != BROKEN_STREAM:
            raise self._failure(behaviour.fail, model)
        return behaviour

    def _behaviour(self, model: str) -> _Behaviour:
        set_ = self._settings
        plain = _Behaviour(delay=set_.delay_seconds, tokens_per_second=set_.tokens_per_second, fail=set_.fail)
        if model == "demo":
            return plain
        if model == "demo-slow":
            return attrs.evolve(plain, tokens_per_second=SLOW_TOKENS_PER_SECOND)
        if model == "demo-hang":
            return attrs.evolve(plain, delay=math.inf)
        kind = model.removeprefix("demo-fail-").replace("-", "_")
        if model not in MODELS or kind not in FAILURES:
            unknown = f"{self.name}: there is no model {model!r}; there are {', '.join(MODELS)}"
            raise RequestRejectedError(unknown, provider=self.name, model=model, status=404)
        return attrs.evolve(plain, fail=kind)

    def _failure(self, kind: str, model: str) -> UpstreamError:
        cls, status, words = FAILURES[kind]
        wait = RATE_LIMIT_SECONDS if cls is RateLimitError else None
        message = f"{self.name}: {words} (as it was told to)"
        return cls(message, provider=self.name, model=model, status=status, retry_after=wait)

    def _response(self, reply: Reply, model: str) -> Response:
        blocks = [_block(block, self.name) for block in reply.blocks if block.tokens or block.kind == "tool_use"]
        return Response(
            message=ChatMessage(role="assistant", content=tuple(blocks)),
            id=reply.id,
            model=model,
            created=int(self._wall_clock()),
            stop_reason=reply.stop_reason,
            stop_sequence=reply.stop_sequence,
            usage=reply.usage,
        )


def _block(block: ReplyBlock, origin: str) -> ContentBlock:
    if block.kind == "thinking":
        return ThinkingBlock(text=block.text, origin=origin)
    if block.kind == "tool_use":
        assert block.tool_id is not None
        assert block.tool_name is not None
        return ToolUseBlock(id=block.tool_id, name=block.tool_name, arguments=block.text)
    return TextBlock(text=block.text)


def _chunks(reply: Reply, model: str) -> Iterator[Chunk]:
    yield Chunk(kind=ChunkKind.START, id=reply.id, model=model)
    for number, block in enumerate(reply.blocks):
        kind = block.kind
        yield Chunk(
            kind=ChunkKind.BLOCK_START,
            block=number,
            block_kind=kind,
            tool_id=block.tool_id,
            tool_name=block.tool_name,
        )
        for token in block.tokens:
            yield Chunk(kind=ChunkKind.DELTA, block=number, block_kind=kind, delta=token)
        yield Chunk(kind=ChunkKind.BLOCK_STOP, block=number, block_kind=kind)
    yield Chunk(kind=ChunkKind.USAGE, usage=reply.usage)
    yield Chunk(kind=ChunkKind.END, stop_reason=reply.stop_reason, stop_sequence=reply.stop_sequence)

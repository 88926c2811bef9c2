"""What a gateway expects of a provider, check by check."""

from __future__ import annotations

from typing import Any, Final

import attrs
import trio

from ....actors.connection.port import CountingProvider, EmbeddingProvider
from ....messages.catalogue import ModelFacts
from ....messages.chat import ChatMessage, Chunk, Generation, Request, ToolDefinition
from ....messages.content import ImageBlock, TextBlock, ToolResultBlock, ToolUseBlock
from ....messages.embedding import EmbedAnswer, EmbedBatch
from ....messages.errors import CancelledError, LegionError, UnsupportedCapability
from ..loading import built
from .answers import StreamRules, check_answer
from .subject import Check, Subject, expect

_HELLO: Final = Request(
    messages=(ChatMessage(content="Say hello in a few words."),), generation=Generation(max_tokens=200)
)
_AT_ONCE: Final = 3
_NO_MODEL: Final = "legion-there-is-no-such-model"
_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_WEATHER: Final = ToolDefinition(
    name="weather",
    description="Tells the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}},
)
_HISTORY: Final = (
    ChatMessage(content="What is the weather in Vienna?"),
    ChatMessage(role="assistant", content=(ToolUseBlock(id="call_1", name="weather", arguments='{"city": "Vienna"}'),)),
    ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="call_1", content="sunny", name="weather"),)),
)
_PICTURE: Final = ChatMessage(
    content=(TextBlock(text="What is this?"), ImageBlock(source="base64", data=_PIXEL, media_type="image/png"))
)


async def _builds(subject: Subject) -> None:
    first, second = built(subject.loaded, subject.context), built(subject.loaded, subject.context)
    expect("every build makes a provider of its own", unless=first is not second)
    await first.aclose()
    await second.aclose()


async def _answers(subject: Subject) -> None:
    async with subject.provider() as provider:
        check_answer(await provider.chat(_HELLO, subject.model), subject.context.name)


async def _streams(subject: Subject) -> None:
    rules = StreamRules()
    async with subject.provider() as provider:
        response = await provider.stream(_HELLO, subject.model, rules)
    check_answer(response, subject.context.name)
    rules.check_end(response)


@attrs.define
class _SlowReader:
    """Takes its time with every chunk."""

    busy: bool = False
    hurried: bool = False

    async def send(self, _chunk: Chunk, /) -> None:
        self.hurried = self.hurried or self.busy
        self.busy = True
        await trio.sleep(0.001)
        self.busy = False


async def _waits(subject: Subject) -> None:
    reader = _SlowReader()
    async with subject.provider() as provider:
        await provider.stream(_HELLO, subject.model, reader)
    expect("a stream awaits one `send` before it begins the next", unless=not reader.hurried)


@attrs.define
class _GoneReader:
    """Is gone when the first chunk comes."""

    asked: int = 0

    async def send(self, _chunk: Chunk, /) -> None:
        self.asked += 1
        raise CancelledError("the reader is gone")


async def _ends_without_reader(subject: Subject) -> None:
    reader = _GoneReader()
    async with subject.provider() as provider:
        try:
            await provider.stream(_HELLO, subject.model, reader)
        except CancelledError:
            pass
        else:
            expect("what `send` raises ends the stream, and is raised on", unless=False)
    expect("no chunk is sent to a reader that is gone", unless=reader.asked == 1)


@attrs.define
class _StuckReader:
    """Never takes the first chunk."""

    reached: trio.Event = attrs.field(factory=trio.Event)

    async def send(self, _chunk: Chunk, /) -> None:
        self.reached.set()
        await trio.sleep_forever()


async def _can_be_cancelled(subject: Subject) -> None:
    reader = _StuckReader()
    async with subject.provider() as provider:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(provider.stream, _HELLO, subject.model, reader)
            await reader.reached.wait()
            nursery.cancel_scope.cancel()
        check_answer(await provider.chat(_HELLO, subject.model), subject.context.name)


async def _answers_many(subject: Subject) -> None:
    answers: list[Any] = []
    async with subject.provider() as provider:

        async def ask() -> None:
            answers.append(await provider.chat(_HELLO, subject.model))

        async with trio.open_nursery() as nursery:
            for _ in range(_AT_ONCE):
                nursery.start_soon(ask)
    for answer in answers:
        check_answer(answer, subject.context.name)


async def _understands_or_refuses(subject: Subject, request: Request, model: str | None = None) -> None:
    """Ask what may be beyond a provider: it answers, or refuses with an error of the gateway's."""
    async with subject.provider() as provider:
        try:
            response = await provider.chat(request, model or subject.model)
        except LegionError:
            return
        check_answer(response, subject.context.name)


async def _takes_tools(subject: Subject) -> None:
    await _understands_or_refuses(
        subject, attrs.evolve(_HELLO, messages=_HISTORY, system="Be brief.", tools=(_WEATHER,))
    )


async def _takes_pictures(subject: Subject) -> None:
    await _understands_or_refuses(subject, attrs.evolve(_HELLO, messages=(_PICTURE,)))


async def _refuses_unknown_models(subject: Subject) -> None:
    await _understands_or_refuses(subject, _HELLO, _NO_MODEL)


async def _counts(subject: Subject) -> None:
    async with subject.provider() as provider:
        if not isinstance(provider, CountingProvider):
            return
        try:
            tokens = await provider.count_tokens(_HELLO, subject.model)
        except UnsupportedCapability:
            return
    expect(f"a prompt has at least one token, and not {tokens!r}", unless=type(tokens) is int and tokens > 0)


async def _embeds(subject: Subject) -> None:
    if subject.embedding_model is None:
        return
    async with subject.provider() as provider:
        expect("who has an embedding model has `async def embed`", unless=isinstance(provider, EmbeddingProvider))
        assert isinstance(provider, EmbeddingProvider)
        answer = await provider.embed(EmbedBatch(inputs=("one", "another", "one")), subject.embedding_model)
    expect(f"vectors come as an EmbedAnswer, not a {type(answer).__name__}", unless=isinstance(answer, EmbedAnswer))
    lengths = {len(vector) for vector in answer.vectors}
    expect("there is one vector for every input", unless=len(answer.vectors) == len(("one", "another", "one")))
    expect(
        f"all vectors of a model have one length, not {sorted(lengths)}", unless=len(lengths) == 1 and 0 not in lengths
    )


async def _lists(subject: Subject) -> None:
    models: Any = getattr(subject.loaded, "models", None)
    if models is None:
        return
    listed = tuple(await models(subject.context))
    expect("models are listed as ModelFacts", unless=all(isinstance(each, ModelFacts) for each in listed))
    names = [each.name for each in listed]
    expect(f"every model is listed once: {names}", unless=len(names) == len(set(names)))
    expect(f"the model that answers is listed: {subject.model!r} among {names}", unless=subject.model in names)


async def _closes_twice(subject: Subject) -> None:
    async with subject.provider() as provider:
        await provider.chat(_HELLO, subject.model)
        await provider.aclose()


CHECKS: Final = (
    Check("builds a provider for every instance", _builds),
    Check("answers", _answers),
    Check("streams an answer", _streams),
    Check("waits for a slow reader", _waits),
    Check("ends a stream whose reader is gone", _ends_without_reader),
    Check("can be cancelled, and goes on afterwards", _can_be_cancelled),
    Check("answers several at once", _answers_many),
    Check("takes a conversation with tools, or refuses it", _takes_tools),
    Check("takes a picture, or refuses it", _takes_pictures),
    Check("refuses a model that it does not have, or answers anyway", _refuses_unknown_models),
    Check("counts tokens, if it can", _counts),
    Check("makes vectors, if it can", _embeds),
    Check("lists its models, if it can", _lists),
    Check("can be closed twice", _closes_twice),
)

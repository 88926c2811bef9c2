"""What a dialect writes it reads back the same: requests of its own clients on their way to its own providers, and answers on their way back."""

from __future__ import annotations

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.gemini import Gemini, GeminiCall
from legion_llm.adapters.dialects.ollama import Ollama, OllamaChat
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import (
    ChatMessage,
    Chunk,
    ChunkKind,
    Generation,
    Request,
    Response,
    StopReason,
    ToolDefinition,
    Usage,
)
from legion_llm.messages.content import ImageBlock, TextBlock, ThinkingBlock, ToolResultBlock, ToolUseBlock

OPENAI, RESPONSES, ANTHROPIC = (
    OpenAIChat(max_tokens_field="max_completion_tokens"),
    OpenAIResponses(),
    AnthropicMessages(),
)
# name -> the provider's half, the server's half
HALVES = {
    "openai.chat": (OPENAI, OPENAI),
    "openai.responses": (RESPONSES, RESPONSES),
    "anthropic.messages": (ANTHROPIC, ANTHROPIC),
    "gemini.generate": (Gemini(), GeminiCall("m")),
    "ollama.chat": (Ollama(), OllamaChat()),
}
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z_][a-z0-9_-]{0,10}", fullmatch=True)
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True) | WORDS
ARGUMENTS = st.dictionaries(NAMES, st.none() | st.booleans() | st.integers(-9, 9) | WORDS, max_size=2)
PICTURES = st.just(ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png"))
TOOLS = st.builds(
    ToolDefinition,
    name=NAMES,
    description=WORDS,
    parameters=st.just({"type": "object", "properties": {"a": {"type": "string"}}}),
)


@st.composite
def rounds(draw):
    """A question, calls, their results, and an answer."""
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    calls = tuple([ToolUseBlock(id=each, name=draw(NAMES), arguments=_json(draw(ARGUMENTS))) for each in ids])
    said = draw(st.lists(WORDS, max_size=1).map(lambda texts: tuple([TextBlock(text=text) for text in texts])))
    results = [ToolResultBlock(tool_use_id=each, content=draw(WORDS)) for each in ids]
    question = draw(WORDS | st.tuples(st.builds(TextBlock, text=WORDS), PICTURES))
    return (
        ChatMessage(content=question),
        ChatMessage(role="assistant", content=(*said, *calls)),
        *[ChatMessage(role="tool", content=(result,)) for result in results],
        ChatMessage(role="assistant", content=draw(WORDS)),
        ChatMessage(content=draw(WORDS)),
    )


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


REQUESTS = st.builds(
    Request,
    messages=rounds(),
    system=st.none() | WORDS,
    model=st.just("m"),
    tools=st.none() | st.lists(TOOLS, min_size=1, max_size=2, unique_by=lambda tool: tool.name).map(tuple),
    generation=st.builds(
        Generation, temperature=st.none() | st.sampled_from([0.0, 0.5, 1.0]), max_tokens=st.integers(1, 10_000)
    ),
)


def meaning(request):
    """What a request says, however its dialect groups it into messages."""
    said = [("system", request.system)] if request.system else []
    for message in request.messages:
        for block in message.blocks:
            if isinstance(block, ToolUseBlock):
                said.append(("call", block.id, block.name, block.input))
            elif isinstance(block, ToolResultBlock):
                said.append(("result", block.tool_use_id, block.content))
            elif isinstance(block, TextBlock):
                said.append((message.role, block.text))
            else:
                said.append((message.role, block.data))
    tools = [(tool.name, tool.description, tool.parameters) for tool in request.tools or ()]
    return said, tools, request.generation


def written(name, request):
    options = DialectOptions(origin="here")
    return HALVES[name][0].render_request(attrs.evolve(request, dialect=None), "m", stream=False, options=options).body


@pytest.mark.parametrize("name", HALVES)
def test_a_request_that_is_written_is_read_back_the_same(name):
    served = HALVES[name][1]

    @settings(max_examples=20, deadline=None)
    @given(REQUESTS)
    def attempt(request):
        body = written(name, request)
        read = served.parse_request(body)

        assert meaning(read) == meaning(request)

        # What was read goes out again as it came, byte for byte as far as JSON means it.
        wire = HALVES[name][0].render_request(read, "m", stream=False, options=DialectOptions(origin="here"))
        assert (json.loads(wire.body), wire.warnings) == (json.loads(body), ())

    attempt()


@st.composite
def answers(draw):
    """An answer: thoughts, then a text, then calls; every dialect has this order."""
    thoughts = draw(st.lists(st.builds(ThinkingBlock, text=WORDS), max_size=1))
    texts = draw(st.lists(st.builds(TextBlock, text=WORDS), min_size=1, max_size=1))
    ids = draw(st.lists(IDS, max_size=3, unique=True))
    calls = [ToolUseBlock(id=each, name=draw(NAMES), arguments=_json(draw(ARGUMENTS))) for each in ids]
    ends = [StopReason.TOOL_USE] if calls else [StopReason.END_TURN, StopReason.MAX_TOKENS]
    return Response(
        message=ChatMessage(role="assistant", content=(*thoughts, *texts, *calls)),
        model="m",
        created=1_700_000_000,
        stop_reason=draw(st.sampled_from(ends)),
        usage=Usage(uncached_input=draw(st.integers(1, 99)), visible_output=draw(st.integers(1, 99))),
    )


def said(response):
    blocks = [
        (block.type, getattr(block, "text", None), getattr(block, "id", None), getattr(block, "name", None))
        for block in response.message.blocks
    ]
    arguments = [call.input for call in response.tool_calls]
    return blocks, arguments, response.stop_reason, response.usage, response.model


@pytest.mark.parametrize("name", HALVES)
def test_an_answer_that_is_written_is_read_back_the_same(name):
    provider, served = HALVES[name]

    @settings(max_examples=20, deadline=None)
    @given(answers())
    def attempt(response):
        body = served.render_response(response, Request(messages=()))

        assert said(provider.parse_response(body)) == said(response)

    attempt()


def chunks_of(response):
    """An answer in pieces, as a parser says it."""
    yield Chunk(kind=ChunkKind.START, id="x", model=response.model)
    for number, block in enumerate(response.message.blocks):
        common = {"block": number, "block_kind": block.type}
        is_call = isinstance(block, ToolUseBlock)
        names = {"tool_id": block.id, "tool_name": block.name} if is_call else {}
        yield Chunk(kind=ChunkKind.BLOCK_START, **common, **names)
        text = block.arguments if is_call else block.text
        yield from [Chunk(kind=ChunkKind.DELTA, delta=piece, **common) for piece in (text[:2], text[2:]) if piece]
        yield Chunk(kind=ChunkKind.BLOCK_STOP, **common)
    yield Chunk(kind=ChunkKind.USAGE, usage=response.usage)
    yield Chunk(kind=ChunkKind.END, stop_reason=response.stop_reason)


@pytest.mark.parametrize("name", HALVES)
def test_a_stream_that_is_written_is_read_back_the_same(name):
    provider, served = HALVES[name]

    @settings(max_examples=20, deadline=None)
    @given(answers())
    def attempt(response):
        renderer = served.stream_renderer(Request(messages=(), stream=True, include_usage=True))
        events = b"".join([renderer.render(chunk) for chunk in chunks_of(response)]) + renderer.end(response)

        parser, builder = provider.stream_parser(), ResponseBuilder()
        for chunk in parser.feed(events):
            builder.add(chunk)
        parser.close()

        assert said(builder.build(model="m", created=0)) == said(response)

    attempt()

"""Models that call tools as written down, and tools that do as they are told."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.inference.pipeline.flow import Flow, Services
from legion_llm.actors.inference.tools import loop
from legion_llm.actors.inference.tools.limits import ToolLimits
from legion_llm.actors.inference.tools.pauses import Pauses
from legion_llm.messages.chat import (
    ChatMessage,
    Chunk,
    ChunkKind,
    Request,
    Response,
    RoutingInfo,
    StopReason,
    ToolDefinition,
    Usage,
)
from legion_llm.messages.content import TextBlock, ToolUseBlock
from legion_llm.messages.routing import Resolution, Target
from legion_llm.messages.settings import ToolLoopSettings
from legion_llm.messages.tools import Tool, ToolOutcome
from legion_llm.messages.unstreamed import chunks_of

A, B = (Target(instance=name, model="m", tier="cloud") for name in "ab")


class StillClock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def time(self):
        return self.now


@pytest.fixture
def still_clock():
    return StillClock()


def tool_of(name, **fields):
    return Tool(definition=ToolDefinition(name=name, source="host"), key=name, **fields)


def call_of(name, arguments="{}", call_id=None):
    return ToolUseBlock(id=f"id_{name}" if call_id is None else call_id, name=name, arguments=arguments)


def says(*blocks, **usage):
    """A model's message; text or calls."""
    content = tuple(TextBlock(text=block) if isinstance(block, str) else block for block in blocks)
    calls = any(isinstance(block, ToolUseBlock) for block in content)
    return Response(
        message=ChatMessage(role="assistant", content=content),
        usage=Usage(**usage or {"uncached_input": 10, "visible_output": 1}),
        stop_reason=StopReason.TOOL_USE if calls else StopReason.END_TURN,
        routing=RoutingInfo(provider="b", model="m", tier="cloud"),
    )


class Toolbox:
    """Runs each tool as the test says, and remembers what was run and how many at once."""

    def __init__(self):
        self.tools = {}
        self.ran = []
        self.now = 0
        self.most = 0

    async def ask(self, message):
        self.ran.append((message.tool.name, dict(message.arguments)))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await trio.lowlevel.checkpoint()
            does = self.tools.get(message.tool.name, "done")
            if isinstance(does, Exception):
                raise does
            value = await does(message) if callable(does) else does
        finally:
            self.now -= 1
        return value if isinstance(value, ToolOutcome) else ToolOutcome(content=value)


class Model:
    """Answers each exchange with the next message; streams it where there is a sink."""

    def __init__(self):
        self.script = []
        self.asked = []
        self.candidates = []
        self.is_chunky = False

    async def exchange(self, flow):
        await trio.lowlevel.checkpoint()
        self.asked.append(flow.request)
        self.candidates.append(flow.resolution.candidates)
        response = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(response, Exception):
            raise response
        if flow.sink is not None:
            for chunk in self._chunks(response):
                await flow.sink.send(attrs.evolve(chunk, raw=b"raw", raw_dialect="x"))
        return response

    def _chunks(self, response):
        for chunk in chunks_of(response):
            if self.is_chunky and chunk.kind is ChunkKind.DELTA:
                for letter in chunk.delta:
                    yield attrs.evolve(chunk, delta=letter)
            else:
                yield chunk
        yield Chunk(kind=ChunkKind.USAGE, usage=response.usage)


class Reader:
    """Reads a stream and puts its blocks together again."""

    def __init__(self):
        self.chunks = []

    async def send(self, chunk, /):
        await trio.lowlevel.checkpoint()
        self.chunks.append(chunk)

    @property
    def kinds(self):
        return [str(chunk.kind) for chunk in self.chunks]

    @property
    def blocks(self):
        """(number, kind or tool's name, text) of each block, in order of opening."""
        blocks = {}
        for chunk in self.chunks:
            if chunk.kind is ChunkKind.BLOCK_START:
                assert chunk.block not in blocks
                blocks[chunk.block] = [chunk.tool_name or chunk.block_kind, ""]
            elif chunk.kind is ChunkKind.DELTA:
                blocks[chunk.block][1] += chunk.delta
        return [(number, kind, text) for number, (kind, text) in blocks.items()]


class Talk:
    """One request with tools, the model that answers it, and the tools."""

    def __init__(self, clock, monkeypatch):
        self.model, self.toolbox, self.clock = Model(), Toolbox(), clock
        self.pauses = Pauses(clock.monotonic, seconds=60.0, most=10)
        self.limits = ToolLimits()
        monkeypatch.setattr(loop, "exchange", self.model.exchange)

    def limit(self, *, max_rounds=200, **fields):
        self.limits = ToolLimits(max_rounds=max_rounds, loop=ToolLoopSettings(**fields))

    def flow(self, *tools, client=(), messages=None, sink=None, **fields):
        services = Services(
            router=None,
            connection=None,
            clock=self.clock,
            attempts=None,
            toolbox=self.toolbox,
            tool_limits=self.limits,
            pauses=self.pauses,
        )
        ours = [tool if isinstance(tool, Tool) else tool_of(tool) for tool in tools]
        definitions = (*(ToolDefinition(name=name) for name in client), *(tool.definition for tool in ours))
        request = Request(
            messages=messages or (ChatMessage(content="hi"),),
            id="req_1",
            tools=definitions,
            stream=sink is not None,
            **fields,
        )
        flow = Flow(request, services, sink=sink)
        flow.tools = {tool.name: tool for tool in ours}
        flow.resolution = Resolution(candidates=(A, B), strategy="auto")
        flow.exchange_id = "exch_1"
        return flow

    def run(self, flow):
        return trio.run(loop.answer, flow)


@pytest.fixture
def talk(still_clock, monkeypatch):
    return Talk(still_clock, monkeypatch)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def words():
    """The small words of these tests: tools, calls, messages."""

    class Words:
        tool = staticmethod(tool_of)
        call = staticmethod(call_of)
        says = staticmethod(says)

    return Words

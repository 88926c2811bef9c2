"""A model that exists only here, and requests to it."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.embedder.run import Run
from legion_llm.messages.chat import Usage
from legion_llm.messages.embedding import EmbedAnswer, EmbedRequest
from legion_llm.messages.errors import ContextOverflow
from legion_llm.messages.routing import Target
from legion_llm.messages.settings import EmbeddingSettings


@attrs.define
class ModelDouble:
    """Makes of a text the vector (its length, 1, 0, ...), scaled by nothing.

    Attributes:
        limit: Characters (or tokens) that it reads; more is a `ContextOverflow`.
        fails: Errors by text.
        name: What it calls itself, by number of the call.
    """

    length: int = 4
    limit: int | None = None
    fails: dict = attrs.field(factory=dict)
    names: list = attrs.field(factory=list)
    batches: list = attrs.field(factory=list)
    running: int = 0
    most_running: int = 0

    async def ask(self, batch):
        self.batches.append(batch)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await trio.lowlevel.checkpoint()
        finally:
            self.running -= 1
        for content in batch.inputs:
            if content in self.fails:
                raise self.fails[content]
            if self.limit is not None and len(content) > self.limit:
                raise ContextOverflow("the input length exceeds the context length", status=400)
        size = batch.dimensions or self.length
        name = self.names[len(self.batches) - 1] if self.names else ""
        vectors = tuple([(float(len(content)), 1.0, *[0.0] * (size - 2)) for content in batch.inputs])
        return EmbedAnswer(vectors=vectors, model=name, usage=Usage(uncached_input=len(batch.inputs)))

    @property
    def texts(self):
        return [content for batch in self.batches for content in batch.inputs]


@pytest.fixture
def model():
    return ModelDouble()


@pytest.fixture
def run(model):
    """Embed inputs with the double: run("a", "b", name="bge-large", dimensions=2, settings={...})."""

    def embed(*inputs, name="some-embed", settings=None, **fields):
        fields = {"is_plain": True, **fields}
        request = EmbedRequest(inputs=tuple(inputs), **fields)
        target = Target(instance="up", model=name, tier="local")
        return trio.run(Run(request, target, EmbeddingSettings(**settings or {}), model.ask).embed)

    return embed

from __future__ import annotations

import attrs
import pytest
from legion_llm.messages.chat import Chunk


@attrs.define
class ListSink:
    """Keeps every chunk it is sent."""

    chunks: list[Chunk] = attrs.field(factory=list)

    async def send(self, chunk: Chunk, /) -> None:
        self.chunks.append(chunk)

    @property
    def text(self) -> str:
        return "".join([chunk.text for chunk in self.chunks])


@pytest.fixture
def sink() -> ListSink:
    return ListSink()

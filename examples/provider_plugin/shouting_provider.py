"""A provider that a package brings: it repeats what it is told, loudly. The module itself is the plug-in."""

from __future__ import annotations

from legion_llm.actors.connection.port import ChunkSink
from legion_llm.adapters.plugins import PluginContext
from legion_llm.messages.catalogue import Capability, ModelFacts
from legion_llm.messages.chat import ChatMessage, Request, Response, StopReason, Usage
from legion_llm.messages.errors import ModelUnavailableError
from legion_llm.messages.unstreamed import chunks_of

protocol = 1
MODEL = "loud"


class ShoutingProvider:
    """Speaks for one instance.

    Args:
        name: Of the instance.
        mark: What it ends with.
    """

    def __init__(self, name: str, mark: str) -> None:
        self._name = name
        self._mark = mark

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer, or raise one of the gateway's errors."""
        if model != MODEL:
            raise ModelUnavailableError(f"{self._name} has no model {model!r}", provider=self._name, model=model)
        heard = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
        said = f"{heard.upper()}{self._mark}"
        return Response(
            message=ChatMessage(role="assistant", content=said),
            model=model,
            stop_reason=StopReason.END_TURN,
            usage=Usage(uncached_input=len(heard.split()), visible_output=len(said.split())),
        )

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the answer piece by piece, one after the other, and return the whole of it."""
        response = await self.chat(request, model)
        for chunk in chunks_of(response):
            await sink.send(chunk)
        return response

    async def aclose(self) -> None:
        """There is nothing to close."""


def build(context: PluginContext) -> ShoutingProvider:
    """Return a provider for one instance; `options` are what its settings say to the plug-in alone."""
    return ShoutingProvider(context.name, str(context.options.get("mark", "!")))


async def models(_context: PluginContext) -> tuple[ModelFacts, ...]:
    """Tell discovery which models there are."""
    return (ModelFacts(name=MODEL, can=frozenset({Capability.CHAT, Capability.STREAM})),)

"""Ollama as its clients speak it: chats, and answers to one prompt."""

from __future__ import annotations

from typing import Protocol

from ....messages.chat import Request, Response
from ....messages.errors import LegionError
from ..protocol import ServedDialect
from .errors import render_error
from .request_parsing import parse_chat, parse_generate
from .response_rendering import render_chat, render_generate, render_loaded
from .stream_rendering import OllamaStreamRenderer, Shape
from .words import NAME


class Loading(ServedDialect, Protocol):
    """A served dialect whose clients load a model before they ask it, with a request that says nothing."""

    def render_loaded(self, request: Request) -> bytes:
        """Return the answer to a request without messages."""


class _Ollama:
    """What both shapes of answers have in common."""

    name = NAME
    _shape: Shape

    def stream_renderer(self, request: Request) -> OllamaStreamRenderer:
        """See `ServedDialect`."""
        return OllamaStreamRenderer(request, self._shape)

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedDialect`."""
        return render_error(error)


class OllamaChat(_Ollama):
    """The server's half of `/api/chat`; implements `ServedDialect` and `Loading`."""

    _shape = "chat"

    def parse_request(self, body: bytes) -> Request:
        """See `ServedDialect`."""
        return parse_chat(body)

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedDialect`."""
        return render_chat(response)

    def render_loaded(self, request: Request) -> bytes:
        """See `Loading`."""
        return render_loaded(request, {"message": {"role": "assistant", "content": ""}})


class OllamaGenerate(_Ollama):
    """The server's half of `/api/generate`; implements `ServedDialect` and `Loading`. To providers its requests are chats."""

    _shape = "generate"

    def parse_request(self, body: bytes) -> Request:
        """See `ServedDialect`."""
        return parse_generate(body)

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedDialect`."""
        return render_generate(response)

    def render_loaded(self, request: Request) -> bytes:
        """See `Loading`."""
        return render_loaded(request, {"response": ""})

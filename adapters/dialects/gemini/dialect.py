"""Gemini: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

from ....messages.chat import Request, Response
from ....messages.errors import LegionError
from ..json_text import write_json
from ..protocol import Framing
from ..speaking import Speaking
from .errors import render_error
from .models import parse_models
from .request_parsing import parse_count_request, parse_request
from .request_rendering import render_count_call, render_request
from .response import parse_count_answer, parse_response, render_response
from .stream_parsing import GenerateStreamParser
from .stream_rendering import ARRAY, EVENTS, GenerateStreamRenderer
from .words import MODELS_PATH, NAME


class Gemini(Speaking):
    """The provider's half; implements `ProviderDialect` and `CountingDialect`. The server's half, of which the path is a part, is `GeminiCall`.

    What is lost on the way from other dialects, each with a warning: marks for the prompt cache, names of messages, metadata, strict tools, a limit
    of one tool call a turn, reasoning that Google did not sign.
    """

    name = NAME
    models_path = MODELS_PATH

    render_request = staticmethod(render_request)
    parse_response = staticmethod(parse_response)
    stream_parser = staticmethod(GenerateStreamParser)
    parse_models = staticmethod(parse_models)
    render_count_call = staticmethod(render_count_call)
    parse_count_answer = staticmethod(parse_count_answer)


class GeminiCall:
    """The server's half for one call; implements `ServedDialect` and `TokenCounting`. Which model, and whether as a stream, the path says.

    Args:
        model: What the path names; None or "auto" for whatever the router chooses.
        stream: Whether the client wants a stream.
        as_events: Whether that shall be server-sent events (`alt=sse`), and not a JSON array.
    """

    name = NAME

    def __init__(self, model: str | None = None, *, stream: bool = False, as_events: bool = True) -> None:
        self._model = model
        self._stream = stream
        self._framing: Framing = EVENTS if as_events else ARRAY

    def parse_request(self, body: bytes) -> Request:
        """See `ServedDialect`."""
        return parse_request(body, model=self._model, stream=self._stream)

    def parse_count_request(self, body: bytes) -> Request:
        """See `TokenCounting`."""
        return parse_count_request(body, model=self._model)

    def render_count(self, tokens: int) -> bytes:
        """See `TokenCounting`."""
        return write_json({"totalTokens": tokens})

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedDialect`."""
        return render_response(response)

    def stream_renderer(self, request: Request) -> GenerateStreamRenderer:
        """See `ServedDialect`."""
        return GenerateStreamRenderer(request, self._framing)

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedDialect`."""
        return render_error(error)

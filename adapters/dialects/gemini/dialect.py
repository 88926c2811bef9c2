"""Gemini: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ....messages.catalogue import ModelFacts
from ....messages.chat import Request, Response
from ....messages.errors import LegionError, UpstreamError
from ..classify import classify_error
from ..json_text import write_json
from ..protocol import DialectOptions, Framing, WireRequest
from .errors import render_error
from .models import parse_models
from .request_parsing import parse_count_request, parse_request
from .request_rendering import render_count_call, render_request
from .response import parse_count_answer, parse_response, render_response
from .stream_parsing import GenerateStreamParser
from .stream_rendering import ARRAY, EVENTS, GenerateStreamRenderer
from .words import MODELS_PATH, NAME


class Gemini:
    """The provider's half; implements `ProviderDialect` and `CountingDialect`. The server's half, of which the path is a part, is `GeminiCall`.

    What is lost on the way from other dialects, each with a warning: marks for the prompt cache, names of messages, metadata, strict tools, a limit
    of one tool call a turn, reasoning that Google did not sign.
    """

    name = NAME
    models_path = MODELS_PATH

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        """Make one; `wall_clock` returns Unix seconds, for a Retry-After that is a date."""
        self._wall_clock = wall_clock

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        """See `ProviderDialect`."""
        return render_request(request, model, stream=stream, options=options)

    def parse_response(self, body: bytes) -> Response:
        """See `ProviderDialect`."""
        return parse_response(body)

    def stream_parser(self) -> GenerateStreamParser:
        """See `ProviderDialect`."""
        return GenerateStreamParser()

    def classify_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """See `ProviderDialect`."""
        return classify_error(status, headers, body, now=self._wall_clock())

    def parse_models(self, body: bytes) -> tuple[ModelFacts, ...]:
        """See `ProviderDialect`."""
        return parse_models(body)

    def render_count_call(self, request: Request, model: str, options: DialectOptions) -> WireRequest:
        """See `CountingDialect`."""
        return render_count_call(request, model, options)

    def parse_count_answer(self, body: bytes) -> int:
        """See `CountingDialect`."""
        return parse_count_answer(body)


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

"""Anthropic's messages: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ....messages.catalogue import ModelFacts
from ....messages.chat import Request, Response
from ....messages.errors import LegionError, UpstreamError
from ..classify import classify_error
from ..json_text import write_json
from ..protocol import DialectOptions, WireRequest
from .errors import render_error
from .models import parse_models
from .request_parsing import parse_count_request, parse_request
from .request_rendering import render_count_call, render_request
from .response import parse_count_answer, parse_response, render_response
from .stream_parsing import MessagesStreamParser
from .stream_rendering import MessagesStreamRenderer
from .words import MODELS_PATH, NAME


class AnthropicMessages:
    """Both halves of the dialect; implements `ProviderDialect`, `CountingDialect` and `ServedDialect`.

    What is lost on the way from other dialects, each with a warning: seed and penalties, a temperature above 1, json_object,
    names of messages, instructions between the turns (they become the user's words), reasoning that Anthropic did not sign.
    """

    name = NAME
    models_path = MODELS_PATH

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        """Make one; `wall_clock` returns Unix seconds, for a Retry-After that is a date."""
        self._wall_clock = wall_clock

    # -- the provider's half --

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        """See `ProviderDialect`."""
        return render_request(request, model, stream=stream, options=options)

    def parse_response(self, body: bytes) -> Response:
        """See `ProviderDialect`."""
        return parse_response(body)

    def stream_parser(self) -> MessagesStreamParser:
        """See `ProviderDialect`."""
        return MessagesStreamParser()

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

    # -- the server's half --

    def parse_request(self, body: bytes) -> Request:
        """See `ServedDialect`."""
        return parse_request(body)

    def parse_count_request(self, body: bytes) -> Request:
        """See `TokenCounting`."""
        return parse_count_request(body)

    def render_count(self, tokens: int) -> bytes:
        """See `TokenCounting`."""
        return write_json({"input_tokens": tokens})

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedDialect`."""
        return render_response(response)

    def stream_renderer(self, request: Request) -> MessagesStreamRenderer:
        """See `ServedDialect`."""
        return MessagesStreamRenderer(request)

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedDialect`."""
        return render_error(error)

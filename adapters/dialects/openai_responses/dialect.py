"""OpenAI's responses: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ....messages.catalogue import ModelFacts
from ....messages.chat import Request, Response
from ....messages.errors import LegionError, UpstreamError
from ..classify import classify_error
from ..openai_chat.errors import render_error
from ..openai_chat.models import parse_models
from ..openai_chat.words import MODELS_PATH
from ..protocol import DialectOptions, WireRequest
from .request_parsing import parse_request
from .request_rendering import render_count_call, render_request
from .response import render_response
from .response_parsing import parse_count_answer, parse_response
from .stream_parsing import ResponsesStreamParser
from .stream_rendering import ResponsesStreamRenderer
from .words import NAME


class OpenAIResponses:
    """Both halves of the dialect; implements `ProviderDialect`, `CountingDialect` and `ServedDialect`.

    A provider is told to keep nothing: the whole conversation goes to it with every turn, and its reasoning comes and goes in encrypted form.
    """

    name = NAME
    models_path = MODELS_PATH

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        """Make one; `wall_clock` returns Unix seconds: when a stream began, and for a Retry-After that is a date."""
        self._wall_clock = wall_clock

    # -- the provider's half --

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        """See `ProviderDialect`."""
        return render_request(request, model, stream=stream, options=options)

    def parse_response(self, body: bytes) -> Response:
        """See `ProviderDialect`."""
        return parse_response(body)

    def stream_parser(self) -> ResponsesStreamParser:
        """See `ProviderDialect`."""
        return ResponsesStreamParser()

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

    def render_response(self, response: Response, request: Request | None = None) -> bytes:
        """See `ServedDialect`."""
        return render_response(response, request)

    def stream_renderer(self, request: Request) -> ResponsesStreamRenderer:
        """See `ServedDialect`."""
        return ResponsesStreamRenderer(request, int(self._wall_clock()))

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedDialect`."""
        return render_error(error)

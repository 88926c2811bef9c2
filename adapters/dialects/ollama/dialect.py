"""Ollama's chat API: the provider's half."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ....messages.catalogue import ModelFacts
from ....messages.chat import Request, Response
from ....messages.errors import UpstreamError
from ..classify import classify_error
from ..protocol import DialectOptions, WireRequest
from .catalogue import parse_pulled
from .request import render_request
from .response import parse_response
from .stream import OllamaStreamParser
from .words import MODELS_PATH, NAME


class Ollama:
    """Implements `ProviderDialect`.

    What is lost on the way, each with a warning: marks for the prompt cache, names of messages, metadata, that a tool failed, strict tools, tool
    choice, budgets for thinking.
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

    def stream_parser(self) -> OllamaStreamParser:
        """See `ProviderDialect`."""
        return OllamaStreamParser()

    def classify_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """See `ProviderDialect`."""
        return classify_error(status, headers, body, now=self._wall_clock())

    def parse_models(self, body: bytes) -> tuple[ModelFacts, ...]:
        """See `ProviderDialect`."""
        return tuple([each.facts for each in parse_pulled(body)])

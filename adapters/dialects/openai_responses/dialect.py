"""OpenAI's responses: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

import time
from collections.abc import Callable

from ....messages.chat import Request
from ..openai_chat.errors import render_error
from ..openai_chat.models import parse_models
from ..openai_chat.words import MODELS_PATH
from ..protocol import DialectOptions, WireRequest
from ..speaking import Speaking
from .request_parsing import parse_request
from .request_rendering import render_count_call, render_request
from .response import render_response
from .response_parsing import parse_count_answer, parse_response
from .stream_parsing import ResponsesStreamParser
from .stream_rendering import ResponsesStreamRenderer
from .words import NAME


class OpenAIResponses(Speaking):
    """Both halves of the dialect; implements `ProviderDialect`, `CountingDialect` and `ServedDialect`.

    A provider is told to keep nothing: the whole conversation goes to it with every turn, and its reasoning comes and goes in encrypted form.
    """

    name = NAME
    models_path = MODELS_PATH

    def __init__(self, *, is_imitation: bool = False, wall_clock: Callable[[], float] = time.time) -> None:
        """Choose a flavour.

        Args:
            is_imitation: Whether the server only imitates OpenAI: most such servers encrypt nothing, and read reasoning as it is.
            wall_clock: Returns Unix seconds: when a stream began, and for a Retry-After that is a date.
        """
        super().__init__(wall_clock=wall_clock)
        self._is_imitation = is_imitation

    # -- the provider's half --

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        """See `ProviderDialect`."""
        return render_request(request, model, stream=stream, options=options, is_imitation=self._is_imitation)

    parse_response = staticmethod(parse_response)
    stream_parser = staticmethod(ResponsesStreamParser)
    parse_models = staticmethod(parse_models)
    render_count_call = staticmethod(render_count_call)
    parse_count_answer = staticmethod(parse_count_answer)

    # -- the server's half --

    parse_request = staticmethod(parse_request)
    render_response = staticmethod(render_response)
    render_error = staticmethod(render_error)

    def stream_renderer(self, request: Request) -> ResponsesStreamRenderer:
        """See `ServedDialect`."""
        return ResponsesStreamRenderer(request, int(self._wall_clock()))

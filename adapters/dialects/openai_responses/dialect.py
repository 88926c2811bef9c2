"""OpenAI's responses: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

from ....messages.chat import Request
from ..openai_chat.errors import render_error
from ..openai_chat.models import parse_models
from ..openai_chat.words import MODELS_PATH
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

    # -- the provider's half --

    render_request = staticmethod(render_request)
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

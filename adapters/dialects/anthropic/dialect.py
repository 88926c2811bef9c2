"""Anthropic's messages: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

from ....messages.chat import Request, Response
from ..json_text import write_json
from ..speaking import Speaking
from .errors import render_error
from .models import parse_models
from .request_parsing import parse_count_request, parse_request
from .request_rendering import render_count_call, render_request
from .response import parse_count_answer, parse_response, render_response
from .stream_parsing import MessagesStreamParser
from .stream_rendering import MessagesStreamRenderer
from .words import MODELS_PATH, NAME


class AnthropicMessages(Speaking):
    """Both halves of the dialect; implements `ProviderDialect`, `CountingDialect` and `ServedDialect`.

    What is lost on the way from other dialects, each with a warning: seed and penalties, a temperature above 1, json_object,
    names of messages, instructions between the turns (they become the user's words), reasoning that Anthropic did not sign.
    """

    name = NAME
    models_path = MODELS_PATH

    # -- the provider's half --

    render_request = staticmethod(render_request)
    parse_response = staticmethod(parse_response)
    stream_parser = staticmethod(MessagesStreamParser)
    parse_models = staticmethod(parse_models)
    render_count_call = staticmethod(render_count_call)
    parse_count_answer = staticmethod(parse_count_answer)

    # -- the server's half --

    parse_request = staticmethod(parse_request)
    parse_count_request = staticmethod(parse_count_request)
    render_error = staticmethod(render_error)

    def render_count(self, tokens: int) -> bytes:
        """See `TokenCounting`."""
        return write_json({"input_tokens": tokens})

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedDialect`."""
        return render_response(response)

    def stream_renderer(self, request: Request) -> MessagesStreamRenderer:
        """See `ServedDialect`."""
        return MessagesStreamRenderer(request)

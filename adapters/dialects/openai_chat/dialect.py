"""OpenAI's chat completions: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from ....messages.chat import Request, Response
from ..protocol import DialectOptions, WireRequest
from ..speaking import Speaking
from .errors import render_error
from .models import parse_models
from .request_parsing import parse_request
from .request_rendering import render_request
from .response import parse_response, render_response
from .stream_parsing import ChatStreamParser
from .stream_rendering import ChatStreamRenderer
from .words import MODELS_PATH, NAME


class OpenAIChat(Speaking):
    """Both halves of the dialect; implements `ProviderDialect` and `ServedDialect`.

    What does not survive a request's round trip: `system` comes back as the first message; several results in one tool
    message come back as several messages; a single plain text block comes back as a string; a tool choice without tools
    is lost; () tools come back as None. Lost with a warning are `is_error` of a result, and signed or encrypted reasoning.
    """

    name = NAME
    models_path = MODELS_PATH

    def __init__(
        self,
        *,
        max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Choose a flavour.

        Args:
            max_tokens_field: Name of the limit of tokens where the client did not choose one. "max_completion_tokens" is
                OpenAI itself, which refuses `top_k` and earlier reasoning; those who imitate it know them, and "max_tokens".
            wall_clock: Returns Unix seconds: when a stream began, and for a Retry-After that is a date.
        """
        self._max_tokens_field = max_tokens_field
        super().__init__(wall_clock=wall_clock)

    # -- the provider's half --

    def render_request(self, request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
        """See `ProviderDialect`."""
        return render_request(request, model, stream=stream, options=options, max_tokens_field=self._max_tokens_field)

    parse_response = staticmethod(parse_response)
    stream_parser = staticmethod(ChatStreamParser)
    parse_models = staticmethod(parse_models)

    # -- the server's half --

    parse_request = staticmethod(parse_request)
    render_error = staticmethod(render_error)

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedDialect`."""
        return render_response(response)

    def stream_renderer(self, request: Request) -> ChatStreamRenderer:
        """See `ServedDialect`."""
        return ChatStreamRenderer(request, int(self._wall_clock()))

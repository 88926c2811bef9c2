"""OpenAI's responses: the server's half."""

from __future__ import annotations

import time
from collections.abc import Callable

from ....messages.chat import Request, Response
from ....messages.errors import LegionError
from ..openai_chat.errors import render_error
from .request_parsing import parse_request
from .response import render_response
from .stream_rendering import ResponsesStreamRenderer
from .words import NAME


class OpenAIResponses:
    """Implements `ServedDialect`."""

    name = NAME

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        """Make one; `wall_clock` returns Unix seconds: when a stream began."""
        self._wall_clock = wall_clock

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

"""POST /api/llm/inference: streamed where the client says so twice, in the body and in its Accept header."""

from __future__ import annotations

from typing import Final

from ....messages.chat import Request
from ..identity import Headers
from .chat import ChatEndpoint

_EVENTS: Final = b"text/event-stream"


class InferenceEndpoint(ChatEndpoint):
    """A client that asks for a stream but cannot read events gets the whole answer."""

    def wants_stream(self, request: Request, headers: Headers) -> bool:
        """Whether the client wants the answer piece by piece."""
        return request.stream and any(name == b"accept" and _EVENTS in value for name, value in headers)

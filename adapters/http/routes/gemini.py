"""POST /v1beta/models/{model}:generateContent and its like: Gemini's clients say in the path which model and what they want of it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ....messages.errors import NotFoundError
from ...dialects.gemini import GeminiCall, GeminiEmbedCall
from ..config import HttpApiConfig
from ..gateway import Gateway
from .chat import ChatEndpoint
from .embeddings import EmbeddingsRoute
from .tokens import TokenCount

VERSIONS: Final = ("v1beta", "v1", "v1alpha")

_OWN: Final = re.compile(r"/v1(?:beta|alpha)/|/v1/(?:models|tunedModels)/.+:[a-z][A-Za-z]+$")


class GenerateEndpoint:
    """Answers questions; an ASGI application, as `ChatEndpoint` is, which it makes one of for each call.

    Args:
        gateway: Who answers.
        config: Limits.
        stream: Whether answers are streams: events with `alt=sse`, else a JSON array.
    """

    def __init__(self, gateway: Gateway, config: HttpApiConfig, *, stream: bool) -> None:
        self._gateway = gateway
        self._config = config
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        as_events = b"sse" in parse_qs(scope["query_string"]).get(b"alt", ())
        call = GeminiCall(scope["path_params"]["model"], stream=self._stream, as_events=as_events)
        await ChatEndpoint(self._gateway, call, self._config)(scope, receive, send)


class CountEndpoint:
    """Counts the tokens of a prompt.

    Args:
        gateway: Who counts.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, config: HttpApiConfig) -> None:
        self._gateway = gateway
        self._config = config

    async def count(self, request: Request) -> Response:
        """Answer with the number of tokens."""
        return await TokenCount(self._gateway, GeminiCall(request.path_params["model"]), self._config).count(request)


class EmbedEndpoint:
    """Turns texts into vectors.

    Args:
        gateway: Who answers.
        config: Limits.
        is_batch: Whether a body holds many texts.
    """

    def __init__(self, gateway: Gateway, config: HttpApiConfig, *, is_batch: bool) -> None:
        self._gateway = gateway
        self._config = config
        self._is_batch = is_batch

    async def embed(self, request: Request) -> Response:
        """Answer with the vectors."""
        call = GeminiEmbedCall(request.path_params["model"], is_batch=self._is_batch)
        return await EmbeddingsRoute(self._gateway, call, self._config).embed(request)


async def nothing_here(request: Request) -> Response:
    """Refuse what Gemini's API has and this one has not, in Google's words.

    Raises:
        NotFoundError: Always.
    """
    raise NotFoundError(f"there is no {request.method} {request.url.path} here")


def key_in_query(scope: Scope) -> bytes | None:
    """Return the key that some of Gemini's clients put into the query, on the paths that are theirs alone; or None."""
    if not scope["query_string"] or not _OWN.match(scope["path"]):
        return None
    shown = parse_qs(scope["query_string"]).get(b"key")
    return shown[0] if shown else None

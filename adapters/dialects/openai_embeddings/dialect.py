"""OpenAI's embeddings: what a provider is asked in, and what clients speak to us."""

from __future__ import annotations

from typing import Literal

from ....messages.embedding import EmbedAnswer, EmbedBatch, EmbedRequest, EmbedResponse
from ....messages.errors import LegionError
from ..openai_chat.errors import render_error
from ..protocol import DialectOptions, WireRequest
from .request import parse_request, render_request
from .response import parse_response, render_response
from .words import NAME


class OpenAIEmbeddings:
    """Both halves; implements `EmbeddingDialect` and `ServedEmbeddings`."""

    name = NAME

    def __init__(self, *, encoding: Literal["base64"] | None = None) -> None:
        """Choose a flavour: "base64" asks for vectors in that form, as OpenAI's own clients do; None for servers that may not know it."""
        self._encoding = encoding

    # -- the provider's half --

    def render_embed(self, batch: EmbedBatch, model: str, options: DialectOptions) -> WireRequest:  # noqa: ARG002 - the protocol has it
        """See `EmbeddingDialect`. What the settings add to bodies is about chats."""
        return render_request(batch, model, encoding=self._encoding)

    def parse_embed(self, body: bytes) -> EmbedAnswer:
        """See `EmbeddingDialect`."""
        return parse_response(body)

    # -- the server's half --

    def parse_embed_request(self, body: bytes) -> EmbedRequest:
        """See `ServedEmbeddings`."""
        return parse_request(body)

    def render_embed_response(self, response: EmbedResponse, request: EmbedRequest) -> bytes:
        """See `ServedEmbeddings`."""
        return render_response(response, request)

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedEmbeddings`."""
        return render_error(error)

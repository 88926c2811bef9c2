"""A provider to whom callers may show keys of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from ...actors.connection.port import ChunkSink
from ...messages.chat import Request, Response
from ...messages.credentials import Credential
from ...messages.errors import (
    AccessDeniedError,
    AccountError,
    AuthError,
    CallerLimitError,
    RateLimitError,
    UnsupportedCapability,
)
from ..dialects.protocol import WireRequest
from .endpoint import Endpoint
from .http import HttpProvider


class PassThroughProvider(HttpProvider):
    """Sends a request that brings a key of its caller's with that key and no other.

    What becomes of such a key - refused, out of credit, out of its minute - is its caller's matter: it says nothing of the provider to anybody else.

    Args:
        bare: The endpoint without any credential.
        **more: As for `HttpProvider`.
    """

    def __init__(self, *, bare: Endpoint, **more: Any) -> None:
        super().__init__(**more)
        self._bare = bare

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer; see the port."""
        if request.own_key is None:
            return await super().chat(request, model)
        with _as_the_callers_matter():
            return await super().chat(request, model)

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer as they arrive; see the port."""
        if request.own_key is None:
            return await super().stream(request, model, sink)
        with _as_the_callers_matter():
            return await super().stream(request, model, sink)

    async def count_tokens(self, request: Request, model: str) -> int:
        """Return the length of a prompt; see the port."""
        if request.own_key is None:
            return await super().count_tokens(request, model)
        with _as_the_callers_matter():
            return await super().count_tokens(request, model)

    def _posted(self, request: Request, wire: WireRequest, *, stream: bool) -> httpx.Request:
        if request.own_key is None:
            return super()._posted(request, wire, stream=stream)
        if wire.is_beside:
            raise UnsupportedCapability(f"{self.name} counts tokens with our own key alone", capability="count_tokens")
        return self._bare.post_as(Credential(value=request.own_key), wire.path, wire.body, stream=stream)


@contextmanager
def _as_the_callers_matter() -> Iterator[None]:
    """Turn what the provider says of the caller's key into errors that only its caller hears of."""
    try:
        yield
    except (AuthError, AccountError) as error:
        raise AccessDeniedError(f"the key that you have shown is not taken: {error}") from error
    except RateLimitError as error:
        raise CallerLimitError(f"the key that you have shown: {error}", retry_after=error.retry_after) from error

"""The port of the HTTP API: what it needs of the gateway behind it."""

from __future__ import annotations

from typing import Protocol

from ...messages.chat import Chunk, ModelInfo, ProviderInfo, Request, Response
from ...messages.counting import TokenCount
from ...messages.embedding import EmbedRequest, EmbedResponse
from ...messages.explanation import Explanation
from ...messages.routing import Route
from ...runtime import Reply, Stream
from ..host.conversation import ConversationHandle


class Gateway(Protocol):
    """Takes requests and answers at once with a future; cancelling that stops the work down to the upstream socket."""

    def submit(self, request: Request) -> Reply[Response]:
        """Answer a request.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def submit_stream(self, request: Request) -> Stream[Chunk, Response]:
        """Answer a request piece by piece.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def embed(self, request: EmbedRequest) -> Reply[EmbedResponse]:
        """Turn texts into vectors.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def count_tokens(self, request: Request) -> Reply[TokenCount]:
        """Say how long a prompt is.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def explain(self, route: Route) -> Reply[Explanation]:
        """Say where a request would go, and why.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def models(self) -> Reply[tuple[ModelInfo, ...]]:
        """List the models that can be asked for.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def providers(self) -> Reply[tuple[ProviderInfo, ...]]:
        """List the provider instances and how they are.

        Raises:
            SystemNotRunning: Nothing is taken now.
        """

    def conversation(self, conversation_id: str | None, asker: str | None = None) -> ConversationHandle:
        """Return a conversation, on behalf of a caller; None: of nobody in particular.

        Raises:
            InvalidRequestError: The id is no id.
        """

    def store_fault(self) -> str | None:
        """Return in a word why the store cannot be used, or None."""

    def readiness(self) -> tuple[bool, str]:
        """Return whether requests are taken, and the state in one word or the reason why not."""

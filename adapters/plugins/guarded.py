"""A plug-in's provider, in a connection: whatever goes wrong in foreign code is an error of that provider, and of nobody else."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import attrs

from ...actors.connection.port import ChunkSink, CountingProvider, EmbeddingProvider, Provider
from ...messages.chat import Request, Response
from ...messages.credentials import Credential
from ...messages.embedding import EmbedAnswer, EmbedBatch
from ...messages.errors import LegionError, ProviderError, UnsupportedCapability
from ...messages.settings import InstanceSettings
from .loading import built, plugin_of
from .plugin import PluginContext

T = TypeVar("T")


class GuardedProvider:
    """Implements the ports of a connection over what a plug-in builds.

    Args:
        instance: Whom the plug-in speaks to.
        environ: The environment, for the plug-in.
        credential: What it shows at first, or None.
        wall_clock: Returns Unix seconds, for answers that do not tell when they were made.

    Raises:
        SettingsError: The plug-in cannot be used.
    """

    def __init__(
        self,
        instance: InstanceSettings,
        environ: Mapping[str, str],
        credential: Credential | None,
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._wall_clock = wall_clock
        self._plugin = plugin_of(instance)
        self._context = PluginContext(instance=instance, credential=credential, environ=environ)
        self._provider = built(self._plugin, self._context)
        self._retired: list[Provider] = []

    def __repr__(self) -> str:
        return f"<GuardedProvider {self._context.name}: plug-in {self._context.instance.plugin}>"

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._context.instance.wants_credential and self._context.credential is None

    def use(self, credential: Credential) -> None:
        """Have a provider built that shows this; calls that are under way go on with the old one. See the port."""
        context = attrs.evolve(self._context, credential=credential)
        provider = built(self._plugin, context)
        self._retired.append(self._provider)
        self._context, self._provider = context, provider

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer; see the port."""
        return self._completed(await self._guarded(self._provider.chat(request, model), Response), model)

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer, and return the whole of it; see the port."""
        return self._completed(await self._guarded(self._provider.stream(request, model, sink), Response), model)

    async def embed(self, batch: EmbedBatch, model: str) -> EmbedAnswer:
        """Return one vector per input; see the port."""
        provider: Any = self._provider
        if not isinstance(provider, EmbeddingProvider):
            raise UnsupportedCapability(f"{self._context.name} makes no embeddings", capability="embeddings")
        return await self._guarded(provider.embed(batch, model), EmbedAnswer)

    async def count_tokens(self, request: Request, model: str) -> int:
        """Return the length of a prompt; see the port."""
        provider: Any = self._provider
        if not isinstance(provider, CountingProvider):
            raise UnsupportedCapability(f"{self._context.name} does not count tokens", capability="count_tokens")
        return await self._guarded(provider.count_tokens(request, model), int)

    async def aclose(self) -> None:
        """Close idle connections, those of earlier credentials too. May be called twice."""
        for provider in (*self._retired, self._provider):
            await self._guarded(provider.aclose(), type(None))

    def _completed(self, response: Response, model: str) -> Response:
        """Fill in what a plug-in need not say."""
        if response.created and response.model:
            return response
        return attrs.evolve(
            response, created=response.created or int(self._wall_clock()), model=response.model or model
        )

    async def _guarded(self, call: Awaitable[Any], kind: type[T]) -> T:
        """Return what a call gives, if that is what it ought to be.

        Raises:
            LegionError: As the plug-in raises it, or a ProviderError for anything else that it raises or returns.
        """
        name = f"plug-in {self._context.instance.plugin!r} of {self._context.name}"
        try:
            result = await call
        except LegionError:
            raise
        except Exception as error:  # foreign code; a bug in it is a fault of this provider, which others make good
            raise ProviderError(
                f"{name} raised {type(error).__name__}: {error}", provider=self._context.name
            ) from error
        if not isinstance(result, kind):
            raise ProviderError(
                f"{name} has returned a {type(result).__name__}, not a {kind.__name__}", provider=self._context.name
            )
        return result

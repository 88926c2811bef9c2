"""Shows a provider the credential of its instance, and another one when that is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...messages.credentials import CredentialChanged, CredentialRejected, CredentialWanted
from ...messages.errors import AuthError, RuntimeFault, TargetUnavailable
from ...runtime import Address
from .port import Authenticated, Provider

T = TypeVar("T")


class Keyholder:
    """Keeps the provider's credential up to date; touches nothing of the actor it serves.

    A refused credential (the answer is an HTTP status, so nothing was done and nothing shown to the caller) is exchanged and the call made once more
    if its sources have another one by now: keys are rotated without a restart, and without a failed call. That is part of showing who one is, and
    no retry: the attempt remains one, and with the same credential nothing is ever sent twice.

    Args:
        instance: Name of the instance.
        provider: Who is shown the credential.
        credentials: Who has it; None: nobody, the provider came with all that it needs.
    """

    def __init__(self, instance: str, provider: Provider, credentials: Address | None) -> None:
        self._instance = instance
        self._provider = provider if isinstance(provider, Authenticated) else None
        self._credentials = credentials
        self._version = 0

    def take(self, news: CredentialChanged) -> None:
        """Show what the news brings, unless it is older than what is shown."""
        if self._provider is not None and news.credential is not None and news.version > self._version:
            self._version = news.version
            self._provider.use(news.credential)

    async def fetch_first(self) -> None:
        """Ask for what is shown now: after a crash of the connection, news that was told before is not told again."""
        if self._provider is None or self._credentials is None:
            return
        try:
            news = await self._credentials.ask(CredentialWanted(instance=self._instance))
        except RuntimeFault:
            return  # gone, or starting anew: then it tells everybody itself
        if news is not None:
            self.take(news)

    async def call(self, make: Callable[[], Awaitable[T]]) -> T:
        """Make a call, with another credential if this one is refused.

        Raises:
            TargetUnavailable: There is no credential (yet), so nothing was sent.
            LegionError: As the call does.
        """
        provider = self._provider
        if provider is None or self._credentials is None:
            return await make()
        if provider.lacks_credential:
            await self._wait_for_first(provider)
        version = self._version
        try:
            return await make()
        except AuthError as refusal:
            # An error in the middle of a stream has no status: the caller may have seen something.
            if refusal.status is None or not await self._exchanged(version):
                raise
        return await make()

    async def _wait_for_first(self, provider: Authenticated) -> None:
        await self.fetch_first()
        if provider.lacks_credential:
            raise TargetUnavailable(f"{self._instance} has no credential: none of its sources has one")

    async def _exchanged(self, version: int) -> bool:
        """Return whether there is another credential by now."""
        assert self._credentials is not None
        if self._version == version:
            try:
                news = await self._credentials.ask(CredentialRejected(instance=self._instance, version=version))
            except RuntimeFault:
                return False
            if news is not None:
                self.take(news)
        return self._version != version

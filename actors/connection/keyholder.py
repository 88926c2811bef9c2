"""Holds the provider behind a connection: shows it the credential of its instance, and another one when that is refused; and closes it in the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import trio

from ...messages.credentials import CredentialChanged, CredentialRejected, CredentialWanted
from ...messages.errors import AuthError, RuntimeFault, TargetUnavailable
from ...runtime import Address
from .port import Authenticated, Provider

T = TypeVar("T")

# Seconds that closing idle sockets may take.
_CLOSE_TIMEOUT: Final = 1.0

# Seconds for which a call waits for the first credential of a provider that has just taken another's place.
_NEWS_TIMEOUT: Final = 5.0


class Keyholder:
    """Keeps the provider's credential up to date; touches nothing of the actor it serves.

    A refused credential (the answer is an HTTP status, so nothing was done and nothing shown to the caller) is exchanged and the call made once more
    if its sources have another one by now: keys are rotated without a restart, and without a failed call. That is part of showing who one is, and
    no retry: the attempt remains one, and with the same credential nothing is ever sent twice.

    Args:
        instance: Name of the instance.
        provider: Who is shown the credential.
        credentials: Who has it; None: nobody, the provider came with all that it needs.
        older_than: What has no higher version belongs to the provider before this one, and is not shown to this one: it may be another host.
    """

    def __init__(self, instance: str, provider: Provider, credentials: Address | None, *, older_than: int = 0) -> None:
        self._instance = instance
        self._held = provider
        self._provider = provider if isinstance(provider, Authenticated) else None
        self._credentials = credentials
        self._version = older_than
        self._follows = older_than > 0
        self._first = trio.Event()
        self._calls = 0
        self._retired = trio.Event()
        self._unused: trio.Event | None = None

    def take(self, news: CredentialChanged) -> None:
        """Show what the news brings, unless it is older than what is shown."""
        if self._provider is not None and news.credential is not None and news.version > self._version:
            self._version = news.version
            self._provider.use(news.credential)
            self._first.set()

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

    async def hold(self) -> None:
        """Close the provider when the actor ends (`on_stop` would not be called after a crash), or when it is retired and its last call has ended."""
        try:
            await self._retired.wait()
            while self._calls:
                self._unused = trio.Event()
                await self._unused.wait()
        finally:
            with trio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await self._held.aclose()

    def retire(self) -> None:
        """Let the calls under way end; there will be no others."""
        self._retired.set()

    async def call(self, make: Callable[[Any], Awaitable[T]]) -> T:
        """Make a call, with another credential if this one is refused.

        Args:
            make: Makes it, at the provider that it is given.

        Raises:
            TargetUnavailable: There is no credential (yet), so nothing was sent.
            LegionError: As the call does.
        """
        self._calls += 1
        try:
            provider = self._provider
            if provider is None or self._credentials is None:
                return await make(self._held)
            if provider.lacks_credential:
                await self._wait_for_first(provider)
            version = self._version
            try:
                return await make(provider)
            except AuthError as refusal:
                # An error in the middle of a stream has no status: the caller may have seen something.
                if refusal.status is None or not await self._exchanged(version):
                    raise
            return await make(provider)
        finally:
            self._calls -= 1
            if self._unused is not None and not self._calls:
                self._unused.set()

    async def _wait_for_first(self, provider: Authenticated) -> None:
        await self.fetch_first()
        if provider.lacks_credential and self._follows:
            # The settings have just been changed, and whoever keeps the credentials hears of it now, too.
            with trio.move_on_after(_NEWS_TIMEOUT):
                await self._first.wait()
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

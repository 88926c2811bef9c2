"""Decides which credential each provider instance is shown; nobody's start and no request waits for a host that does not answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs
import trio

from ...messages.credentials import (
    CredentialChanged,
    CredentialRejected,
    CredentialWanted,
    InstanceSeen,
    ProviderStage,
    StageChanged,
    StagesWanted,
    Verify,
)
from ...messages.errors import UnknownProviderError
from ...messages.health import AccountRestored, OwnSignal, SignalReported
from ...runtime import Actor, Address, spawned
from ..announcer import Announcer
from .port import Opinion, Prober, Source, Verdict
from .wallet import Wallet

_SIGNALS: Final = {Verdict.ACCEPTED: OwnSignal.SUCCESS, Verdict.SILENT: OwnSignal.ERROR}

# Seconds that closing idle sockets may take.
_CLOSE_TIMEOUT: Final = 1.0


@attrs.frozen(kw_only=True)
class CredentialsConfig:
    """What credentials are kept by.

    Attributes:
        deadline: Seconds that trying all candidates of an instance may take.
        recheck: Seconds after which an instance that has not been verified is tried again.
    """

    deadline: float
    recheck: float


@attrs.frozen(kw_only=True)
class Holder:
    """An instance that is shown something.

    Attributes:
        source: Where its credentials come from.
        prober: Tries them; None: nobody does.
        needed: Whether the instance is useless without one.
    """

    source: Source
    prober: Prober | None = None
    needed: bool = True


Command: TypeAlias = CredentialWanted | CredentialRejected | InstanceSeen | StagesWanted | Verify


class Credentials(Actor[Command]):
    """Keeps a wallet for every instance that may be shown a credential.

    Takes CredentialWanted and CredentialRejected from connections, InstanceSeen from discovery, Verify from hosts. Tells CredentialChanged to whoever
    `listeners` names, StageChanged to the router, and to health when an account works again. Each wallet has a task that keeps it up to date.
    """

    def __init__(
        self,
        config: CredentialsConfig,
        holders: Mapping[str, Holder],
        *,
        router: Address,
        health: Address,
        listeners: Callable[[str], Iterable[Address]],
        announcer: Announcer,
    ) -> None:
        super().__init__()
        self._config = config
        self._router = router
        self._health = health
        self._listeners = listeners
        self._announcer = announcer
        # The versions that were taken last: news of an account only if it is another one.
        self._taken: dict[str, int] = {}
        self._wallets = {name: self._wallet(name, holder) for name, holder in holders.items()}

    async def on_start(self) -> None:
        """Begin to keep every wallet; do not wait for what is found."""
        for wallet in self._wallets.values():
            self.spawn(self._keep, wallet)

    @spawned
    async def on_credential_wanted(self, message: CredentialWanted) -> CredentialChanged | None:
        """Answer once the sources of the instance have been asked."""
        wallet = self._wallets.get(message.instance)
        return None if wallet is None else await wallet.current()

    @spawned
    async def on_credential_rejected(self, message: CredentialRejected) -> CredentialChanged | None:
        """Look for another one."""
        wallet = self._wallets.get(message.instance)
        return None if wallet is None else await wallet.replace(message.version)

    def on_instance_seen(self, message: InstanceSeen) -> None:
        """Take it for an opinion on what is shown."""
        wallet = self._wallets.get(message.instance)
        if wallet is None:
            return
        wallet.seen(accepted=message.accepted, reason=message.reason)
        if not message.accepted and wallet.candidates:
            self.spawn(self._replace, wallet)

    def on_stages_wanted(self, _message: StagesWanted) -> None:
        """Tell again what was told last."""
        for wallet in self._wallets.values():
            if wallet.is_known:
                self._router.offer(wallet.stage)

    @spawned
    async def on_verify(self, message: Verify) -> tuple[StageChanged, ...]:
        """Ask everybody anew, all at once.

        Raises:
            UnknownProviderError: No instance of that name.
        """
        wallets = [each for name, each in self._wallets.items() if message.instance in (None, name)]
        if message.instance is not None and not wallets:
            names = ", ".join(self._wallets) or "none"
            raise UnknownProviderError(
                f"no provider instance {message.instance!r}; there are: {names}", provider=message.instance
            )
        async with trio.open_nursery() as nursery:
            for wallet in wallets:
                nursery.start_soon(self._renew_afresh, wallet)
        return tuple([wallet.stage for wallet in wallets])

    def snapshot(self) -> dict[str, Any]:
        """Return where each instance stands, without credentials."""
        return {
            name: {
                "stage": wallet.stage.stage,
                "reason": wallet.stage.reason,
                "credential": wallet.stage.credential,
                "candidates": wallet.candidates,
                "version": wallet.news.version,
                "said": wallet.opinion.verdict if wallet.opinion is not None else None,
            }
            for name, wallet in self._wallets.items()
        }

    # -- tasks beside the mailbox; a wallet lets them in one after the other

    async def _keep(self, wallet: Wallet) -> None:
        """Ask and try now, and again whenever something may have changed."""
        told: Opinion | None = None
        try:
            while True:
                await wallet.renew()
                if wallet.opinion is not told:
                    told = wallet.opinion
                    self._report(wallet.instance, wallet.opinion)
                due = math.inf if wallet.due is None else wallet.due
                await trio.sleep(min(due, math.inf if wallet.is_settled else self._config.recheck))
        finally:
            with trio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await wallet.aclose()

    async def _replace(self, wallet: Wallet) -> None:
        await wallet.replace(wallet.news.version)

    async def _renew_afresh(self, wallet: Wallet) -> None:
        await wallet.renew(afresh=True)

    # -- news

    def _wallet(self, name: str, holder: Holder) -> Wallet:
        return Wallet(
            name,
            holder.source,
            holder.prober,
            needed=holder.needed,
            deadline=self._config.deadline,
            # Versions of an earlier life of this actor must not be taken for ours: start where no earlier one can have come to.
            version=int(self.clock.monotonic() * 1000),
            shown=self._shown,
            moved=self._moved,
        )

    def _shown(self, news: CredentialChanged) -> None:
        for listener in self._listeners(news.instance):
            listener.offer(news)

    def _report(self, instance: str, opinion: Opinion | None) -> None:
        """Let health know what a probe says about the host."""
        signal = None if opinion is None else _SIGNALS.get(opinion.verdict)
        if signal is not None:
            self._health.offer(SignalReported(name=signal, instance=instance))

    def _moved(self, news: StageChanged) -> None:
        self._router.offer(news)
        version = self._wallets[news.instance].news.version
        if news.stage is ProviderStage.VERIFIED and self._taken.get(news.instance) != version:
            self._taken[news.instance] = version
            self._health.offer(AccountRestored(instance=news.instance))
        if news.stage is ProviderStage.DISABLED:
            where = f" ({news.credential})" if news.credential else ""
            self._announcer.announce(
                [f"NOT USED ANY MORE: {news.instance}: its credential{where} is refused: {news.reason}"]
            )

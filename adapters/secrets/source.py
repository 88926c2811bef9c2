"""Every place where the credential of one instance may be."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

import attrs
import trio

from ...actors.credentials.port import Found
from ...messages.credentials import Credential
from ...messages.secret import Secret, split_reference
from ...messages.settings import InstanceSettings
from ..settings.candidates import candidates_for
from ..settings.credentials import ENVIRONMENT_ALONE, VAULT_SCHEMES, Absent, Resolver, Resolvers, all_absent
from .codex import expiry_of

# Seconds: who expires in this very moment is asked again after it.
_SOONEST: Final = 1.0


@attrs.frozen(kw_only=True)
class Reading:
    """What a reference yields now.

    Attributes:
        value: The secret, or why there is none.
        due: Seconds after which it is to be looked up again.
    """

    value: Secret | Absent
    due: float


class Remote(Protocol):
    """Someone who looks up "vault://path#field", which takes time."""

    async def read(self, target: str, *, distrust: bool = False) -> Reading:
        """Return what the reference yields; never raises."""


class InstanceSource:
    """Reads the settings' references, the family's variables and what other programs keep, all anew each time.

    Implements `actors.credentials.port.Source`. Two places that hold the same credential count once. When a token expires that says so, all are
    asked again.

    Args:
        instance: Whose credential.
        environ: Where "env://" is looked up; read anew, so a host may change it.
        resolvers: Who knows other kinds of references at once.
        vault: Who looks up "vault://", or None.
        wall_clock: Returns Unix seconds.
    """

    def __init__(
        self,
        instance: InstanceSettings,
        environ: Mapping[str, str],
        resolvers: Resolvers = ENVIRONMENT_ALONE,
        *,
        vault: Remote | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._instance = instance
        self._environ = environ
        self._resolvers = resolvers
        self._vault = vault
        self._targets = vault_targets(instance) if vault is not None else ()
        self._wall_clock = wall_clock

    async def read(self, *, distrust: bool = False) -> Found:
        """Ask every place; see the port."""
        read = await self._remote(distrust=distrust)
        resolvers = {**self._resolvers, **dict.fromkeys(VAULT_SCHEMES, _read_before(read))} if read else self._resolvers
        if resolvers:
            # Files may be large, and homes far away.
            places = await trio.to_thread.run_sync(candidates_for, self._instance, self._environ, resolvers)
        else:
            places = candidates_for(self._instance, self._environ)
        found = found_in(places, self._wall_clock())
        dues = [found.due, *[each.due for each in read.values()]]
        return attrs.evolve(found, due=min([due for due in dues if due is not None and due < math.inf], default=None))

    async def _remote(self, *, distrust: bool) -> dict[str, Reading]:
        """Return what Vault's references yield, by their targets."""
        read: dict[str, Reading] = {}
        vault = self._vault
        if vault is None:
            return read

        async def ask(target: str) -> None:
            read[target] = await vault.read(target, distrust=distrust)

        async with trio.open_nursery() as nursery:
            for target in self._targets:
                nursery.start_soon(ask, target)
        return read


def vault_targets(instance: InstanceSettings) -> tuple[str, ...]:
    """Return what follows "vault://" in the references to the instance's credential, each once."""
    stated = (instance.api_key, instance.secret_key, instance.session_token, instance.bearer_token)
    texts = [each.reveal() for reference in stated if reference is not None for each in reference.candidates]
    split = [reference for reference in map(split_reference, texts) if reference is not None]
    return tuple(dict.fromkeys([target for scheme, target in split if scheme in VAULT_SCHEMES]))


def _read_before(read: Mapping[str, Reading]) -> Resolver:
    return lambda target: read[target].value


def found_in(places: Iterable[Credential | Absent], now: float) -> Found:
    """Return what several places hold, each credential once.

    Args:
        places: What each holds.
        now: Unix seconds.
    """
    candidates: list[Credential] = []
    missing: list[Absent] = []
    for each in places:
        if isinstance(each, Absent):
            missing.append(each)
        elif each not in candidates:
            candidates.append(each)
    expiries = [expiry_of(each.value.reveal()) for each in candidates]
    waits = [moment - now for moment in expiries if moment is not None and moment > now]
    return Found(
        candidates=tuple(candidates),
        reason="" if candidates else all_absent(missing).reason,
        due=max(_SOONEST, min(waits)) if waits else None,
    )

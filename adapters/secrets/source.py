"""Every place where the credential of one instance may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import trio

from ...actors.credentials.port import Found
from ...messages.credentials import Credential
from ...messages.settings import InstanceSettings
from ..settings.candidates import candidates_for
from ..settings.credentials import ENVIRONMENT_ALONE, Absent, Resolvers, all_absent
from .codex import expiry_of

# Seconds: who expires in this very moment is asked again after it.
_SOONEST: Final = 1.0


class InstanceSource:
    """Reads the settings' references, the family's variables and what other programs keep, all anew each time.

    Implements `actors.credentials.port.Source`. Two places that hold the same credential count once. When a token expires that says so, all are
    asked again.

    Args:
        instance: Whose credential.
        environ: Where "env://" is looked up; read anew, so a host may change it.
        resolvers: Who knows other kinds of references.
        wall_clock: Returns Unix seconds.
    """

    def __init__(
        self,
        instance: InstanceSettings,
        environ: Mapping[str, str],
        resolvers: Resolvers = ENVIRONMENT_ALONE,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._instance = instance
        self._environ = environ
        self._resolvers = resolvers
        self._wall_clock = wall_clock

    async def read(self) -> Found:
        """Ask every place; see the port."""
        if self._resolvers:
            # Files may be large, and homes far away.
            places = await trio.to_thread.run_sync(candidates_for, self._instance, self._environ, self._resolvers)
        else:
            places = candidates_for(self._instance, self._environ)
        return found_in(places, self._wall_clock())


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

"""Every place where the credential of one instance may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...actors.credentials.port import Found
from ...messages.credentials import Credential
from ...messages.settings import InstanceSettings
from ..settings.candidates import candidates_for
from ..settings.credentials import ENVIRONMENT_ALONE, Absent, Resolvers, all_absent


class InstanceSource:
    """Reads the settings' references, the family's variables and what other programs keep, all anew each time.

    Implements `actors.credentials.port.Source`. Two places that hold the same credential count once.

    Args:
        instance: Whose credential.
        environ: Where "env://" is looked up; read anew, so a host may change it.
        resolvers: Who knows other kinds of references.
    """

    def __init__(
        self, instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
    ) -> None:
        self._instance = instance
        self._environ = environ
        self._resolvers = resolvers

    async def read(self) -> Found:
        """Ask every place; see the port."""
        return found_in(candidates_for(self._instance, self._environ, self._resolvers))


def found_in(places: Iterable[Credential | Absent], due: float | None = None) -> Found:
    """Return what several places hold, each credential once.

    Args:
        places: What each holds.
        due: Seconds after which they are to be asked again.
    """
    candidates: list[Credential] = []
    missing: list[Absent] = []
    for each in places:
        if isinstance(each, Absent):
            missing.append(each)
        elif each not in candidates:
            candidates.append(each)
    return Found(candidates=tuple(candidates), reason="" if candidates else all_absent(missing).reason, due=due)

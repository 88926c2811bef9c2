"""Whether a caller may use the gateway: the port, and the allow-list of the settings."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import attrs

from ....messages.caller import Caller
from ....messages.routing import Target

if TYPE_CHECKING:
    from ....messages.settings import AllowSettings


@attrs.frozen(kw_only=True)
class Verdict:
    """What an access check says.

    Attributes:
        is_allowed: Whether the caller may.
        reason: Why not, for the caller to read; "" for yes.
        models: Patterns of the models it may use ("gpt-4o*", "ollama/*"), or None for all.
    """

    is_allowed: bool
    reason: str = ""
    models: tuple[str, ...] | None = None


class Access(Protocol):
    """Decides whether callers may do what they want (port).

    The allow-list of the settings is one; a host may bring its own.
    """

    async def decide(self, caller: Caller, action: str, resource: str) -> Verdict:
        """Say whether `caller` may do `action` ("use") with `resource` ("llm/pipeline").

        Raises:
            Exception: Nobody can tell now; what follows from that, the setting `rbac.fail_open` says.
        """


class AllowList:
    """Allows what its entries grant, and nothing else.

    Args:
        entries: The settings `rbac.allow`.
    """

    def __init__(self, entries: Iterable[AllowSettings]) -> None:
        self._entries = tuple((_matcher(entry.identity), entry.models) for entry in entries)

    async def decide(self, caller: Caller, action: str, resource: str) -> Verdict:  # noqa: ARG002 - it grants one action on one thing
        """Say whether some entry speaks of the caller, and which models all that do grant together."""
        identity = caller.identity or ""
        granted = [models for matcher, models in self._entries if matcher.fullmatch(identity)]
        if not granted:
            who = repr(caller.identity) if caller.identity else "a caller without an identity"
            return Verdict(is_allowed=False, reason=f"no entry of the allow-list speaks of {who}")
        models = tuple(dict.fromkeys(model for each in granted for model in each))
        return Verdict(is_allowed=True, models=None if "*" in models else models)


def is_granted(models: Iterable[str], target: Target) -> bool:
    """Return whether a target is among the models granted."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in models for name in (target.model, str(target)))


def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))

"""What governs the requests of one system."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

from ....messages.routing import Target
from ....messages.settings import RoleSettings
from ....messages.terms import Level
from .access import Access
from .scan import Scanner

# A tier, an intent, and why; the last is None where nothing is wished for.
Wish: TypeAlias = tuple[str | None, Mapping[str, str], str | None]

_NO_INTENT: Final[Mapping[str, str]] = MappingProxyType({})
_NO_WISH: Final[Wish] = (None, _NO_INTENT, None)


def _no_objection(_target: Target) -> str | None:
    return None


@attrs.frozen(kw_only=True)
class Governance:
    """What governs the requests of one system: the settings `rbac`, `compliance` and `tier_assignment`, as the steps need them.

    Attributes:
        is_access_checked: Whether callers are checked at all.
        access: Who decides about them; None: nobody can.
        fails_open: Whether a caller is let through where nobody can tell.
        scanner: Looks for personal and medical data; None: nobody looks.
        default_level: Level of a request that declares none.
        restricts_to_local: Whether a restricted request stays on this machine.
        cloud: Tells why a restricted request may not go to a target.
        blocks_cloud: Whether that is strict.
        redacts: Whether what is found is replaced.
        roles: Which tier suits whom; the first that fits counts.
    """

    is_access_checked: bool = False
    access: Access | None = None
    fails_open: bool = True
    scanner: Scanner | None = None
    default_level: Level = Level.PUBLIC
    restricts_to_local: bool = True
    cloud: Callable[[Target], str | None] = _no_objection
    blocks_cloud: bool = False
    redacts: bool = False
    roles: tuple[RoleSettings, ...] = ()

    def wish_of(self, identity: str | None) -> Wish:
        """Return what suits a caller."""
        if identity is None:
            return _NO_WISH
        for role in self.roles:
            if fnmatch.fnmatchcase(identity, role.identity):
                return role.tier, role.intent, f"caller {role.identity}"
        return _NO_WISH

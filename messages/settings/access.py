"""Who may use the gateway, and for what."""

from __future__ import annotations

import attrs

from .checks import not_blank, not_blank_entries


@attrs.frozen(kw_only=True)
class AllowSettings:
    """One entry of the allow-list. Names are patterns: "*" stands for any signs, "?" for one.

    Attributes:
        identity: Callers it speaks of, by their identity ("alice", "team-*"); "*" is everybody, known or not.
        models: Models they may use, as "model" or "instance/model". Default ("*",): all.
    """

    identity: str = attrs.field(validator=not_blank)
    models: tuple[str, ...] = attrs.field(default=("*",), validator=not_blank_entries)


@attrs.frozen(kw_only=True)
class RbacSettings:
    """Who may use the gateway.

    Attributes:
        enabled: Whether callers are checked. False: whoever the host or the API's keys let in may use it. Default False.
        fail_open: Whether a caller is let through, with a warning, where nobody can tell whether it may: there is no allow-list, or the host's own
            check failed. Callers of the fleet (identities that begin with "fleet:") are refused then in any case. Default True.
        allow: The allow-list; a caller may use what any of its entries grants, and nothing without one. Default none.
    """

    enabled: bool = False
    fail_open: bool = True
    allow: tuple[AllowSettings, ...] = ()

"""What a host brings along when it starts a gateway."""

from __future__ import annotations

import attrs

from ...actors.inference.governance.access import Access


@attrs.frozen(kw_only=True)
class Host:
    """What a host brings along. Each is an object with the methods that its port names, plain or `async def`.

    Plain methods run in a worker thread. Coroutines run on the event loop in which `start` is called; where none runs, on one of the gateway's own.

    Attributes:
        access: Decides whether callers may use the gateway, in the place of the allow-list `rbac.allow`. See `Access`.
    """

    access: Access | None = None


NO_HOST = Host()

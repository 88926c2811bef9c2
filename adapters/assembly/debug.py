"""Makes the debug port."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from ...messages.errors import SettingsError
from ...runtime import ASYNCIO, ActorSystem, ChildSpec
from ..debug.actor import DebugPort
from ..debug.looking import Looking
from ..debug.operations import Operations
from ..settings.credentials import Absent, resolve
from .plan import Plan


def debug_specs(plan: Plan, environ: Mapping[str, str], system: ActorSystem) -> tuple[ChildSpec, ...]:
    """Return the description of the debug port, where it is switched on.

    Raises:
        SettingsError: Its key cannot be looked up.
    """
    settings = plan.settings
    section = settings.debug
    if section.address is None and section.events is None:
        return ()
    key = None if section.secret_key is None else resolve(section.secret_key, environ)
    if isinstance(key, Absent):
        raise SettingsError(f"debug.secret_key: {key.reason}", path="debug.secret_key")

    def drain() -> None:
        # Stopping waits for the actors' loops, one of which this is.
        threading.Thread(
            target=system.shutdown, args=(settings.runtime.drain_timeout,), name="legion-drain", daemon=True
        ).start()

    def port() -> DebugPort:
        return DebugPort(section, key, Operations(system, lambda: plan.settings, drain), Looking(system).look)

    return (ChildSpec(name="debug port", factory=port, home=ASYNCIO),)

"""Starts gateways: `legion_llm.start()`, and what the command line starts them by."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..runtime import ActorSystem, ChildSpec
from .facade import Legion
from .host.desk import Desk
from .host.host import NO_HOST, Host
from .host.notices import NoticeBoard
from .host.reloading import Reloading

if TYPE_CHECKING:
    from ..messages.settings import Settings


def start(
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    name: str = "legion",
    host: Host = NO_HOST,
) -> Legion:
    """Start the gateway in this process and return when it is ready.

    Args:
        settings: Ready-made settings, or a dict laid over defaults, settings file and environment; with or without the root key `llm`.
        config: Settings file, JSON or TOML; None looks where `LEGION_LLM_CONFIG` says, else in `~/.legionio/settings/llm.json`.
        environ: Environment for settings and credentials; None takes the process's.
        name: Shown in thread names and logs. Any number of gateways may live side by side.
        host: What the host brings along: its own access check and the like.

    Raises:
        SettingsError: The configuration is wrong; the message names the path.
        StartFailed: An actor could not start.
    """

    def read() -> Settings:
        return settings_from(settings, config=config, environ=environ)

    read_already = read()
    reloading = Reloading(read_already, None if read_already is settings else read)
    return launch(read_already, environ=environ, name=name, host=host, reloading=reloading)


def settings_from(
    settings: Settings | Mapping[str, Any] | None,
    *,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return ready-made settings as they are; anything else is loaded.

    Raises:
        SettingsError: The configuration is wrong.
    """
    from ..messages.settings import Settings  # noqa: PLC0415 - a third of `import legion_llm`, which a host need not wait for

    if isinstance(settings, Settings):
        return settings
    from .settings import load_settings  # noqa: PLC0415 - keeps `import legion_llm` light

    return load_settings(config=config, overrides=settings, environ=os.environ if environ is None else environ)


def launch(
    settings: Settings,
    *,
    environ: Mapping[str, str] | None = None,
    name: str = "legion",
    system: ActorSystem | None = None,
    edge: tuple[ChildSpec, ...] = (),
    demo_if_empty: bool = False,
    host: Host = NO_HOST,
    reloading: Reloading | None = None,
) -> Legion:
    """Start a gateway with settings that are loaded already.

    Args:
        settings: The settings.
        environ: Environment for credentials; None takes the process's.
        name: Name of the system, where none is given.
        system: A system to run in, for callers that need its addresses first.
        edge: Actors that let others in.
        demo_if_empty: Answer with the built-in demo model if no provider is configured or found.
        host: What the host brings along.
        reloading: Holds the settings; None: they stay as they are unless `Legion.reload` is given others.

    Raises:
        SettingsError, StartFailed: As for `start`.
    """
    # Imported here and not above: they bring httpx and its like along, which an importing host should not wait for.
    from .assembly import Plan, Reloader, tree_of  # noqa: PLC0415
    from .host.bound import bind_host  # noqa: PLC0415
    from .prices import load_soon  # noqa: PLC0415
    from .providers.choose import choose_instances  # noqa: PLC0415
    from .stores.choose import stores_of  # noqa: PLC0415

    environ = os.environ if environ is None else environ
    chosen = choose_instances(settings, environ, demo_if_empty=demo_if_empty)
    settings = attrs.evolve(settings, default_model=chosen.default_model)
    system = system or ActorSystem(name, dead_letters_kept=settings.runtime.dead_letters_kept)
    stores = stores_of(settings, environ)
    bound = bind_host(host, system, environ, settings.skills)
    desk = Desk(board=NoticeBoard((*chosen.notes, *bound.notes)), host=bound)
    plan = Plan.drawn(settings, chosen.instances, environ, system)
    system.start(tree_of(settings, chosen.instances, environ, system, edge=edge, stores=stores, desk=desk, plan=plan))
    load_soon()
    desk.board.announce(stores.notes())
    reloading = reloading or Reloading(settings)
    reloading.begin(settings, Reloader(system, plan, environ, reloading.keys_of, demo_if_empty=demo_if_empty))
    legion = Legion(system, settings, desk, reloading)
    legion.gateway.kept = stores.kept
    return legion

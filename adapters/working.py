"""A worker of the fleet: the same system, serving its own providers to gateways. What `legion-llm worker` starts."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import attrs
import trio

from ..actors.fleet.lanes import slug
from ..actors.fleet.worker import Retire, WorkerConfig
from ..messages.errors import LegionError, SettingsError
from ..messages.fleet import Hardware
from ..messages.ids import random_hex
from ..messages.settings import Settings
from ..messages.settings.root import kind_of
from ..runtime import ActorSystem
from .assembly.addresses import worker_address
from .assembly.fleet import worker_spec
from .facade import Legion
from .launch import launch
from .machine.this_machine import ThisMachine

# Seconds between two looks whether what is under way has ended.
_GLANCE: Final = 0.05

_NOTHING_TO_SERVE: Final = (
    "there is nothing to serve to the fleet: name a provider of the tier local in the settings, "
    "or start Ollama or vLLM on this machine"
)


class FleetWorker:
    """A worker that runs.

    Attributes:
        name: Its name in the fleet.
        legion: Its own gateway, to which nobody but the fleet speaks.
    """

    def __init__(self, name: str, legion: Legion, system: ActorSystem) -> None:
        self.name = name
        self.legion = legion
        self._worker = worker_address(system)

    def shutdown(self, drain: float | None = None, *, told: Callable[[str], None] | None = None) -> None:
        """Take nothing more, let what is under way finish for `drain` seconds (None: the setting), and stop. May be called twice.

        Args:
            drain: Seconds.
            told: Called with the name of every part that has stopped.
        """
        seconds = self.legion.settings.runtime.drain_timeout if drain is None else drain
        until = time.monotonic() + seconds
        try:
            while self._worker.request(Retire(), timeout=seconds).get(timeout=seconds) and time.monotonic() < until:
                time.sleep(_GLANCE)
        except LegionError:
            pass  # it has stopped already, or has no time left
        self.legion.shutdown(max(0.0, until - time.monotonic()), told=told)


def start_worker(
    settings: Settings, *, environ: Mapping[str, str] | None = None, name: str = "legion-worker"
) -> FleetWorker:
    """Start a worker, and return when it is ready; it serves as soon as it has found its gateways.

    Providers of kind "fleet" are left out: what came from the fleet would go there again.

    Args:
        settings: The settings, the same as a gateway's.
        environ: Environment for credentials; None takes the process's.
        name: Name of the system.

    Raises:
        SettingsError: The configuration is wrong, or there is no provider to serve.
        StartFailed: An actor could not start.
    """
    environ = os.environ if environ is None else environ
    own = {name: block for name, block in settings.providers.items() if kind_of(name, block) != "fleet"}
    settings = attrs.evolve(settings, providers=own)
    config = _config(settings)
    system = ActorSystem(name, dead_letters_kept=settings.runtime.dead_letters_kept)
    edge = (worker_spec(settings, config, environ, system),)
    legion = launch(settings, environ=environ, system=system, edge=edge)
    if not any(each.stage.is_routable and each.tier in config.tiers for each in legion.providers().get()):
        legion.shutdown(0.0)
        raise SettingsError(_NOTHING_TO_SERVE, path="providers")
    return FleetWorker(config.name, legion, system)


def _config(settings: Settings) -> WorkerConfig:
    section = settings.fleet.worker
    hostname = socket.gethostname()
    return WorkerConfig(
        name=section.name or f"{slug(hostname) or 'worker'}-{random_hex(6)}",
        concurrency=section.concurrency,
        backlog=section.backlog,
        tiers=frozenset(section.tiers),
        heartbeat=section.heartbeat,
        hardware=Hardware(hostname=hostname, memory_bytes=_memory_bytes(), rank=section.rank),
    )


def _memory_bytes() -> int | None:
    """Ask the machine from a thread of its own: the host's may be running a loop already."""
    found: list[int] = []

    def look() -> None:
        memory = trio.run(ThisMachine().memory)
        if memory is not None:
            found.append(memory.total_bytes)

    thread = threading.Thread(target=look, name="legion-memory")
    thread.start()
    thread.join()
    return found[0] if found else None

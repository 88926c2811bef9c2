"""`legion-llm worker`: this machine's models, for gateways on others."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ... import __version__
from .collector import spare_the_collector
from .foreground import log_json_option, log_level_option, log_to_stderr, print_notes, stay, stop_signals_interrupt
from .options import config_option

if TYPE_CHECKING:
    from ..working import FleetWorker


@click.command(
    epilog="""\b
Examples:
  legion-llm worker                                      a gateway on this machine, Ollama or vLLM beside it
  legion-llm worker --gateway tcp://10.0.0.1:4570        needs fleet.secret_key and fleet.gateway_key in the settings
  legion-llm worker --config llm.toml --concurrency 8

\b
The gateway needs a provider of kind "fleet"; on one machine that is all:
  echo '{"providers": {"fleet": {}}}' > gateway.json
  legion-llm serve --config gateway.json
  curl http://127.0.0.1:4567/v1/models                   lists what the workers offer
"""
)
@config_option
@click.option(
    "--gateway",
    "gateways",
    multiple=True,
    metavar="ADDRESS",
    help="Where a gateway waits for workers; several times for several. Default: the setting fleet.gateways, tcp://127.0.0.1:4570.",
)
@click.option("--name", metavar="NAME", help="Unique in the fleet. Default: the machine's name and some hex digits.")
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    metavar="N",
    help="Requests at once. Default: the setting fleet.worker.concurrency, 4.",
)
@log_level_option
@log_json_option
def worker(
    config: Path | None,
    gateways: tuple[str, ...],
    name: str | None,
    concurrency: int | None,
    log_level: str,
    log_json: bool,
) -> None:
    """Serve this machine's models to the fleet.

    Serves the providers that the settings name, or Ollama and vLLM if they run on this machine, to all gateways at once. It may be started
    before them, and finds them again when they were away. Its own ledger lies in ~/.legionio/data/legion-llm-worker.db; a second worker on
    one machine needs another file (store.path).

    Ctrl-C and SIGTERM take nothing more and let running requests finish; a second Ctrl-C does not wait for them.
    """
    from ..settings import load_settings  # noqa: PLC0415 - `--help` need not wait for it
    from ..stores.paths import USUAL_OF_WORKER, durable  # noqa: PLC0415 - likewise
    from ..working import start_worker  # noqa: PLC0415 - likewise

    log_to_stderr(log_level, as_json=log_json)
    settings = load_settings(config=config, overrides=_overrides(gateways, name, concurrency), environ=os.environ)
    running = start_worker(durable(settings, os.environ, USUAL_OF_WORKER))
    spare_the_collector()
    with stop_signals_interrupt():
        stay(running.legion, lambda: _announce(running), running.shutdown, threading.Event())


def _overrides(gateways: tuple[str, ...], name: str | None, concurrency: int | None) -> dict[str, Any]:
    stated = {"name": name, "concurrency": concurrency}
    fleet: dict[str, Any] = {"worker": {key: value for key, value in stated.items() if value is not None}}
    if gateways:
        fleet["gateways"] = list(gateways)
    return {"fleet": fleet}


def _announce(running: FleetWorker) -> int:
    """Say who it is and what it serves; return the number of notes that were printed."""
    fleet = running.legion.settings.fleet
    where = "the fleet at RabbitMQ" if fleet.broker == "rabbitmq" else ", ".join(fleet.gateways)
    click.echo(f"Legion LLM {__version__} works as {running.name} for {where}")
    shown = print_notes(running.legion, 0)
    click.echo("press Ctrl-C to stop")
    return shown

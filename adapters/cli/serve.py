"""`legion-llm serve`: the gateway as a process of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ... import __version__
from .collector import spare_the_collector
from .foreground import (
    log_json_option,
    log_level_option,
    log_to_stderr,
    print_notes,
    reload_signal,
    stay,
    stop_signals_interrupt,
)
from .options import config_option

if TYPE_CHECKING:
    from ...messages.settings import Settings
    from ..facade import Legion

_CURL: Final = """\
  curl {url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{"model": "auto", "messages": [{{"role": "user", "content": "Hello!"}}]}}'"""


@click.command(
    epilog="""\b
Examples:
  legion-llm serve
  legion-llm serve --port 8080
  legion-llm serve --config llm.toml
  legion-llm serve --host 0.0.0.0     for other machines, too: set api.keys first
"""
)
@config_option
@click.option("--host", metavar="HOST", help="Address to listen on. Default: the setting api.host, 127.0.0.1.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="TCP port, 0 for any that is free. Default: the setting api.port, 4567.",
)
@log_level_option
@log_json_option
def serve(config: Path | None, host: str | None, port: int | None, log_level: str, log_json: bool) -> None:
    """Serve an OpenAI-compatible API.

    Ctrl-C and SIGTERM let running requests finish first; a second Ctrl-C does not wait for them. SIGHUP reads the settings anew.
    """
    from ..secrets.resolvers import personal  # noqa: PLC0415 - likewise
    from ..serving import start_gateway  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings  # noqa: PLC0415 - likewise
    from ..stores.paths import durable  # noqa: PLC0415 - likewise

    log_to_stderr(log_level, as_json=log_json)
    api = {name: value for name, value in (("host", host), ("port", port)) if value is not None}

    def read() -> Settings:
        return durable(personal(load_settings(config=config, overrides={"api": api}, environ=os.environ)), os.environ)

    legion = start_gateway(read(), reread=read)
    spare_the_collector()
    with stop_signals_interrupt(), reload_signal() as reload_wanted:
        stay(legion, lambda: _announce(legion), legion.shutdown, reload_wanted)


def _announce(legion: Legion) -> int:
    """Say where it listens and what it uses; return the number of notes that were printed."""
    click.echo(f"Legion LLM {__version__} listens on {legion.url}")
    if legion.settings.api.dashboard:
        click.echo(f"the dashboard is at {legion.url}/ui")
    shown = print_notes(legion, 0)
    click.echo("try:")
    click.echo(_CURL.format(url=legion.url))
    click.echo("press Ctrl-C to stop")
    return shown

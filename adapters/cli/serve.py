"""`legion-llm serve`: the gateway as a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from ... import __version__
from ...messages.errors import LegionError, SystemNotRunning
from ..host.logs import JsonLogFormatter, RequestIdFilter
from .collector import spare_the_collector
from .options import config_option

if TYPE_CHECKING:
    from ...messages.settings import Settings
    from ..facade import Legion

_CURL: Final = """\
  curl {url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{"model": "auto", "messages": [{{"role": "user", "content": "Hello!"}}]}}'"""

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")

# Between two looks for news. The first ones come within a moment, and nobody reads faster.
_GLANCE_SECONDS: Final = 0.5

# What it means that a part of the gateway has stopped, in the order in which they do.
_STEPS: Final = {
    "http api": "running requests have ended",
    "audit": "the record of requests is written",
    "metering": "the ledger is written",
    "store": "the store is closed",
}

# As shells report a process that SIGINT has ended.
_INTERRUPTED: Final = 130


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
@click.option(
    "--log-level",
    type=click.Choice(_LEVELS, case_sensitive=False),
    default="WARNING",
    show_default=True,
    help="What is logged to stderr; from INFO a line for every request.",
)
@click.option("--log-json", is_flag=True, help="Log lines of JSON.")
def serve(config: Path | None, host: str | None, port: int | None, log_level: str, log_json: bool) -> None:
    """Serve an OpenAI-compatible API.

    Ctrl-C and SIGTERM let running requests finish first; a second Ctrl-C does not wait for them. SIGHUP reads the settings anew.
    """
    from ..secrets.resolvers import personal  # noqa: PLC0415 - likewise
    from ..serving import start_gateway  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings  # noqa: PLC0415 - likewise
    from ..stores.paths import durable  # noqa: PLC0415 - likewise

    _log_to_stderr(log_level, as_json=log_json)
    api = {name: value for name, value in (("host", host), ("port", port)) if value is not None}

    def read() -> Settings:
        return durable(personal(load_settings(config=config, overrides={"api": api}, environ=os.environ)), os.environ)

    legion = start_gateway(read(), reread=read)
    spare_the_collector()
    with _stop_signals_interrupt(), _reload_signal() as reload_wanted:
        shown = _announce(legion)
        try:
            _wait_while_ready(legion, shown, reload_wanted)
        except KeyboardInterrupt:
            _drain(legion)


def _announce(legion: Legion) -> int:
    """Say where it listens and what it uses; return the number of notes that were printed."""
    click.echo(f"Legion LLM {__version__} listens on {legion.url}")
    shown = _print_notes(legion, 0)
    click.echo("try:")
    click.echo(_CURL.format(url=legion.url))
    click.echo("press Ctrl-C to stop")
    return shown


def _print_notes(legion: Legion, shown: int) -> int:
    """Print the notes after the first `shown`; return how many there are by now."""
    notes = legion.notes
    for note in notes[shown:]:
        click.secho(f"  {note}", bold=note[:2].isupper(), fg="yellow" if note[:2].isupper() else None)
    return len(notes)


def _wait_while_ready(legion: Legion, shown: int, reload_wanted: threading.Event) -> None:
    """Wait for a signal, which interrupts; meanwhile print what discovery finds, and read the settings anew when that is wanted.

    Raises:
        SystemNotRunning: The gateway has given up; whoever started this process shall know, and may start it again.
    """
    while legion.state == "ready":
        if _glance(reload_wanted):
            reload_wanted.clear()
            _reload(legion)
        shown = _print_notes(legion, shown)
    legion.shutdown(drain=0.0)
    raise SystemNotRunning("the gateway has failed and serves no more; the log above says why")


def _glance(reload_wanted: threading.Event) -> bool:
    """Wait a moment; return whether the settings shall be read anew."""
    return reload_wanted.wait(_GLANCE_SECONDS)


def _reload(legion: Legion) -> None:
    try:
        report = legion.reload()
    except LegionError as error:
        click.secho(f"not reloaded, the settings are as before: {error}", fg="yellow")
    else:
        click.echo(f"reloaded: {report}")


@contextmanager
def _reload_signal() -> Iterator[threading.Event]:
    """Yield what SIGHUP sets, where there is such a signal. The handler does no more: it may run in the middle of a reload."""
    wanted = threading.Event()
    if sys.platform == "win32":
        yield wanted
        return
    before = signal.signal(signal.SIGHUP, lambda _number, _frame: wanted.set())
    try:
        yield wanted
    finally:
        signal.signal(signal.SIGHUP, before)


def _drain(legion: Legion) -> None:
    seconds = legion.settings.runtime.drain_timeout
    try:
        # Within the `try`: whoever has read this may press at once.
        click.echo(f"draining, up to {seconds:g} s; press Ctrl-C again to stop now")
        click.echo("  not ready any more: new requests are refused")
        legion.shutdown(told=_tell_step)
    except KeyboardInterrupt:
        _stop_now()
    click.echo("stopped")


def _tell_step(part: str) -> None:
    step = _STEPS.get(part)
    if step is not None:
        click.echo(f"  {step}")


def _stop_now() -> NoReturn:
    """End the process without what Python does at exit, which would wait for the actors again."""
    click.echo("stopped at once")
    os._exit(_INTERRUPTED)


@contextmanager
def _stop_signals_interrupt() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does; and Ctrl-C, too, where the shell made a background job ignore it."""
    before = {each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _WithoutExpected(logging.Filter):
    """Drops crashes by errors of ours: they come to the terminal as a complaint, or as a warning of the supervisor's."""

    def filter(self, record: logging.LogRecord) -> bool:
        error: Any = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, LegionError)


def _log_to_stderr(level: str, *, as_json: bool) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("legion_llm").setLevel(level)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_WithoutExpected())
        handler.addFilter(RequestIdFilter())
        if as_json:
            handler.setFormatter(JsonLogFormatter())

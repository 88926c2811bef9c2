"""What commands have in common that run until somebody stops them: notes, signals, draining, the log."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import click

from ...messages.errors import LegionError, SystemNotRunning
from ..host.logs import JsonLogFormatter, RequestIdFilter

if TYPE_CHECKING:
    from ..facade import Legion

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")

# Between two looks for news. The first ones come within a moment, and nobody reads faster.
_GLANCE_SECONDS: Final = 0.5

# What it means that a part of the gateway has stopped, in the order in which they do.
_STEPS: Final = {
    "http api": "running requests have ended",
    "fleet worker": "what the fleet asked for has ended",
    "audit": "the record of requests is written",
    "metering": "the ledger is written",
    "store": "the store is closed",
}

# As shells report a process that SIGINT has ended.
_INTERRUPTED: Final = 130

log_level_option = click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="WARNING",
    show_default=True,
    help="What is logged to stderr; from INFO a line for every request.",
)
log_json_option = click.option("--log-json", is_flag=True, help="Log lines of JSON.")


class Shutdown(Protocol):
    """Stops what runs, and lets it finish what it is doing."""

    def __call__(self, *, told: Callable[[str], None]) -> None:
        """Stop; `told` is called with the name of every part that has."""


def print_notes(legion: Legion, shown: int) -> int:
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
        shown = print_notes(legion, shown)
    legion.shutdown(drain=0.0)
    raise SystemNotRunning("the gateway has failed and serves no more; the log above says why")


def stay(legion: Legion, announce: Callable[[], int], shutdown: Shutdown, reload_wanted: threading.Event) -> None:
    """Announce what runs, wait for a signal, print what is found meanwhile, and shut down; a second signal does not wait for what is running.

    Args:
        legion: What runs.
        announce: Says how it is stopped, among other things; returns the number of notes that it has printed.
        shutdown: Stops it, and lets it finish what it is doing.
        reload_wanted: Set when the settings shall be read anew.

    Raises:
        SystemNotRunning: It has given up.
    """
    try:
        # Within the `try`: whoever has read how it is stopped may stop it at once.
        _wait_while_ready(legion, announce(), reload_wanted)
    except KeyboardInterrupt:
        _drain(legion, shutdown)


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
def reload_signal() -> Iterator[threading.Event]:
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


def _drain(legion: Legion, shutdown: Shutdown) -> None:
    seconds = legion.settings.runtime.drain_timeout
    try:
        # Within the `try`: whoever has read this may press at once.
        click.echo(f"draining, up to {seconds:g} s; press Ctrl-C again to stop now")
        click.echo("  not ready any more: new requests are refused")
        shutdown(told=_tell_step)
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
def stop_signals_interrupt() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does; and Ctrl-C, too, where the shell made a background job ignore it."""
    before = {each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class WithoutExpected(logging.Filter):
    """Drops crashes by errors of ours: they come to the terminal as a complaint, or as a warning of the supervisor's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is printed."""
        error: Any = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, LegionError)


def log_to_stderr(level: str, *, as_json: bool) -> None:
    """Let the log of this process go to stderr: ours from a level on, that of others from WARNING on."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("legion_llm").setLevel(level)
    for talkative in ("aiormq", "aio_pika"):
        # A page of them for every try to connect; what it means is said in our own words.
        logging.getLogger(talkative).setLevel(logging.CRITICAL)
    for handler in logging.getLogger().handlers:
        handler.addFilter(WithoutExpected())
        handler.addFilter(RequestIdFilter())
        if as_json:
            handler.setFormatter(JsonLogFormatter())

"""`legion-llm top`: watching a running gateway."""

from __future__ import annotations

from pathlib import Path

import click

from .port import port_at, port_options


@click.command(
    epilog="""\b
Examples:
  legion-llm top                                  the gateway of the settings
  legion-llm top --at tcp://127.0.0.1:4568        another one
Keys: 1 to 4 or the arrows choose a table and a row, Enter looks closer, p pauses, q leaves.
"""
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks.",
)
@port_options
def top(interval: float, address: str | None, config: Path | None) -> None:
    """Watch a running gateway through its debug port.

    Actors and their mailboxes, providers and their circuits, requests under way and their timelines, what was spent.
    """
    try:
        from ..tui.app import Top  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(f"top needs {error.name}: pip install legion-llm[tui]") from error
    with port_at(address, config) as port:
        Top(port.ask, interval=interval).run()

"""Options of the commands that ask a running gateway's debug port."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import config_option

if TYPE_CHECKING:
    from ..debug.client import DebugClient

_SERVER_KEY = "LEGION_DEBUG_SERVER_KEY"
_SECRET_KEY = "LEGION_DEBUG_SECRET_KEY"  # noqa: S105 - the name of a variable


def port_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --at and --config."""
    at = click.option(
        "--at", "address", metavar="ADDRESS", help="Address of the debug port. Default: the setting debug.address."
    )
    return at(config_option(command))


def port_at(address: str | None, config: Path | None, *, timeout: float = 5.0) -> DebugClient:
    """Return one who asks the debug port. Keys, where the port wants them, are taken from the environment.

    Raises:
        UsageError: Nobody says where it is.
    """
    from ..debug.client import DebugClient, Keys  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings  # noqa: PLC0415 - likewise

    address = address or load_settings(config=config, environ=os.environ).debug.address
    if address is None:
        raise click.UsageError(
            "where is the debug port? name it with --at, or in the setting debug.address; "
            "a gateway opens none unless that is set, to tcp://127.0.0.1:4568 for example"
        )
    server, secret = os.environ.get(_SERVER_KEY), os.environ.get(_SECRET_KEY)
    keys = Keys(server=server, secret=secret) if server and secret else None
    return DebugClient(address, keys=keys, timeout=timeout)

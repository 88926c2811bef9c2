"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings, JSON or TOML. Default: the file that LEGION_LLM_CONFIG names, else ~/.legionio/settings/llm.json if it exists.",
)

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File in which things are kept. Default: the setting store.path, else ~/.legionio/data/legion-llm.db.",
)


def store_file(store: Path | None, config: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the file that a command shall use.

    Raises:
        SettingsError: The settings are wrong.
        UsageError: They keep nothing.
    """
    from ...messages.settings import IN_MEMORY  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings  # noqa: PLC0415 - likewise
    from ..stores.paths import durable, file_of  # noqa: PLC0415 - likewise

    if store is not None:
        return file_of(store)
    path = durable(load_settings(config=config, environ=environ), environ).store.path
    assert path is not None  # `durable` names one
    if path == IN_MEMORY:
        raise click.UsageError('the setting store.path is "memory": there is no file to look at')
    return file_of(path)

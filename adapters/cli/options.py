"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

if TYPE_CHECKING:
    from ...messages.settings import StoreSettings
    from ..stores.places import Place

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings, JSON or TOML. Default: the file that LEGION_LLM_CONFIG names, else ~/.legionio/settings/llm.json if it exists.",
)

store_option = click.option(
    "--store",
    metavar="FILE|URL",
    help="File in which things are kept, or postgresql://... Default: store.path or store.url, else ~/.legionio/data/legion-llm.db.",
)


def store_place(store: str | None, config: Path | None, environ: Mapping[str, str]) -> Place:
    """Return the file or the server that a command shall use.

    Raises:
        SettingsError: The settings are wrong.
        UsageError: They keep nothing.
    """
    from ..stores.places import place_of  # noqa: PLC0415 - `--help` need not wait for it

    return place_of(store_section(store, config, environ), environ)


def store_section(store: str | None, config: Path | None, environ: Mapping[str, str]) -> StoreSettings:
    """Return what the settings say of the store, with the file or the server that a command shall use; errors as for `store_place`."""
    from ...messages.settings import IN_MEMORY, is_server  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings  # noqa: PLC0415 - likewise
    from ..stores.paths import durable  # noqa: PLC0415 - likewise

    section = durable(load_settings(config=config, environ=environ), environ).store
    if store is not None:
        url, path = (store, None) if is_server(store) else (None, store)
        section = attrs.evolve(section, url=url, path=path)
    if section.path == IN_MEMORY:
        raise click.UsageError('the setting store.path is "memory": there is no file to look at')
    return section

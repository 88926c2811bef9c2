"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings, JSON or TOML. Default: the file that LEGION_LLM_CONFIG names, else ~/.legionio/settings/llm.json if it exists.",
)

"""`legion-llm config`: what is in force, and whether it is right."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from ...messages.settings import Settings
from .options import config_option


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command(
    epilog="""\b
Examples:
  legion-llm config check
  legion-llm config check --config llm.toml
  LEGION_LLM__API__PORT=8080 legion-llm config check
"""
)
@config_option
def check(config: Path | None) -> None:
    """Print the settings in force, with secrets masked, and where they come from.

    Ends with "ok", or with what is wrong and exit code 2. Connects to nothing.
    """
    from ..secrets.resolvers import personal  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings, redacted  # noqa: PLC0415 - likewise

    settings = personal(load_settings(config=config, environ=os.environ))
    providers = tuple(_providers(settings, os.environ))
    click.echo("sources, each laid over the one before it:")
    for source in _sources(config, os.environ):
        click.echo(f"  {source}")
    click.echo(json.dumps(redacted(settings), indent=2, ensure_ascii=False, default=str))
    for line in providers:
        click.echo(line)
    click.echo("ok")


def _sources(config: Path | None, environ: Mapping[str, str]) -> Iterator[str]:
    from ..settings.sources import PREFIX, config_file, home_of  # noqa: PLC0415 - as above

    path = config_file(config, environ, home_of(environ))
    variables = sorted(name for name in environ if name.startswith(PREFIX) and environ[name].strip())
    yield "defaults"
    yield f"file {path}" if path else "no file"
    # Names alone: a value may be a secret.
    yield f"environment {', '.join(variables)}" if variables else f"no {PREFIX}... in the environment"


def _providers(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Say which providers can be used.

    Raises:
        SettingsError: One lacks what its family requires.
    """
    from ..secrets.resolvers import resolvers_of  # noqa: PLC0415 - as above
    from ..settings import usable_instances  # noqa: PLC0415 - as above

    if not settings.providers:
        yield "no provider is named: those found at the start are used"
    found = usable_instances(settings, environ, resolvers_of(settings, environ))
    for usable in found.usable:
        yield f"provider {usable.name} ({usable.kind}, {usable.tier})"
    for skipped in found.skipped:
        yield f"not used: {skipped.name}: {skipped.reason}"

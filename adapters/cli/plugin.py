"""`legion-llm plugin`: providers that other packages bring."""

from __future__ import annotations

import json

import click

from ...messages.errors import SettingsError


@click.group()
def plugin() -> None:
    """Look at plug-ins that speak to providers."""


@plugin.command("list")
def list_() -> None:
    """Print the plug-ins that installed packages bring, and what is wrong with those that cannot be used."""
    from ..plugins.loading import installed, load_plugin  # noqa: PLC0415 - `--help` need not wait for it

    names = installed()
    if not names:
        click.echo("no plug-in is installed")
    for name in names:
        try:
            load_plugin(name)
        except SettingsError as error:
            click.echo(f"{name}: {error}")
        else:
            click.echo(f"{name}: ok")


@plugin.command(
    epilog="""\b
Examples:
  legion-llm plugin check acme --model small --settings '{"base_url": "http://localhost:9000", "api_key": "env://ACME_KEY"}'
"""
)
@click.argument("name")
@click.option("--model", required=True, help="A model that answers.")
@click.option("--embedding-model", help="A model that makes vectors.")
@click.option("--settings", default="{}", help="What a block of providers would say, as JSON.")
@click.pass_context
def check(context: click.Context, name: str, model: str, embedding_model: str | None, settings: str) -> None:
    """Find out whether a plug-in does what a gateway expects. Asks its provider a dozen short questions."""
    from ..plugins.conformance import CHECKS, NotConforming, Subject, hold  # noqa: PLC0415 - as above

    subject = Subject(plugin=name, model=model, settings=_block(settings), embedding_model=embedding_model)
    failed = 0
    for each in CHECKS:
        try:
            hold(each, subject)
        except NotConforming as error:
            failed += 1
            click.echo(f"FAILED  {each.name}: {error}")
        else:
            click.echo(f"ok      {each.name}")
    context.exit(1 if failed else 0)


def _block(text: str) -> dict[str, object]:
    try:
        block = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"is not JSON: {error}", param_hint="--settings") from error
    if not isinstance(block, dict):
        raise click.BadParameter("must be a JSON object", param_hint="--settings")
    return block

"""`legion-llm providers`: what the kinds of providers can be asked for."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  legion-llm providers
  legion-llm providers --markdown
"""
)
@click.option("--markdown", is_flag=True, help="As the table of docs/dialects.md.")
def providers(markdown: bool) -> None:
    """Print what becomes of each feature with each kind of provider.

    yes: it is said in the provider's own words. told: it is put in another way, or left out, and a warning tells. no: the request is refused before
    anything is sent.
    """
    from ..providers import feature_table, features  # noqa: PLC0415 - `--help` need not wait for it

    columns = features.columns()
    click.echo(feature_table.markdown(columns) if markdown else feature_table.plain(columns), nl=not markdown)

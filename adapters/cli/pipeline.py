"""`legion-llm pipeline`: the steps that every request takes."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  legion-llm pipeline
  legion-llm pipeline --markdown
"""
)
@click.option("--markdown", is_flag=True, help="As the table of docs/pipeline.md.")
def pipeline(markdown: bool) -> None:
    """Print the steps of the pipeline in order: what each does, what its failure means, and whose requests do not take it."""
    from ...actors.inference.pipeline import describe  # noqa: PLC0415 - `--help` need not wait for it
    from ...actors.inference.pipeline.table import TABLE  # noqa: PLC0415 - as above

    click.echo(describe.markdown(TABLE) if markdown else describe.plain(TABLE), nl=not markdown)

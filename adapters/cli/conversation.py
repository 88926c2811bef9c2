"""`legion-llm conversation`: what is remembered, read from the file of the store."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import config_option, store_option, store_place


@click.group()
def conversation() -> None:
    """Look at what is remembered of conversations. A gateway may be running meanwhile."""


@conversation.command(
    "list",
    epilog="""\b
Examples:
  legion-llm conversation list
  legion-llm conversation list --owner ada --limit 10
""",
)
@click.option("--owner", metavar="NAME", help="Those of one caller.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, metavar="N", help="At most so many. Default: 50.")
@store_option
@config_option
def list_(owner: str | None, limit: int, store: str | None, config: Path | None) -> None:
    """Print conversations, the one changed last first."""
    from .remembered import print_conversations  # noqa: PLC0415 - `--help` need not wait for it

    print_conversations(store_place(store, config, os.environ), owner, limit)


@conversation.command(
    epilog="""\b
Examples:
  legion-llm conversation export conv_0123456789abcdef > conversation.jsonl
  legion-llm conversation export conv_0123456789abcdef --text
"""
)
@click.argument("conversation_id", metavar="ID")
@click.option(
    "--text",
    is_flag=True,
    help="As text for people, in the order in which it was said and without asides, instead of JSON lines.",
)
@store_option
@config_option
def export(conversation_id: str, text: bool, store: str | None, config: Path | None) -> None:
    """Print the messages of a conversation from the first on: all that is kept of each, one JSON object a line."""
    from .remembered import print_messages  # noqa: PLC0415 - as above

    print_messages(store_place(store, config, os.environ), conversation_id, as_text=text)

"""`legion-llm chat`: one question, one answer, no server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import config_option

if TYPE_CHECKING:
    from ...messages.chat import Chunk, Response
    from ...runtime import Reply, Stream


@click.command(
    epilog="""\b
Examples:
  legion-llm chat "Why is the sky blue?"
  legion-llm chat --stream "Tell me a story."
  legion-llm chat --provider ollama --model qwen3.5:latest "Hello!"
"""
)
@click.argument("message")
@click.option("--stream", is_flag=True, help="Print the answer while it comes.")
@click.option(
    "--model", metavar="MODEL", help='Model, also as "instance/model". Default: what the settings say, else any.'
)
@click.option("--provider", metavar="PROVIDER", help='Provider or instance ("openai", "openai/eu"). Default: likewise.')
@config_option
def chat(message: str, stream: bool, model: str | None, provider: str | None, config: Path | None) -> None:
    """Ask a model MESSAGE and print its answer."""
    from ..launch import start  # noqa: PLC0415 - `--help` need not wait for it
    from ..secrets.resolvers import personal  # noqa: PLC0415 - likewise
    from ..settings import load_settings  # noqa: PLC0415 - likewise

    with start(personal(load_settings(config=config, environ=os.environ))) as legion:
        if stream:
            _print_pieces(legion.stream(message, model=model, provider=provider))
        else:
            _print_whole(legion.chat(message, model=model, provider=provider))


def _print_whole(reply: Reply[Response]) -> None:
    try:
        click.echo(reply.get().text)
    finally:
        reply.cancel()  # after Ctrl-C nobody waits for the answer any more


def _print_pieces(stream: Stream[Chunk, Response]) -> None:
    with stream:
        try:
            for chunk in stream:
                click.echo(chunk.text, nl=False)
        finally:
            click.echo()

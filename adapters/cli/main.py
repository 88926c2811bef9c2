"""The command `legion-llm`. Whatever takes long to import is imported by the command that needs it."""

from __future__ import annotations

import click

from ... import __version__
from .audit import audit
from .batch import batch
from .chat import chat
from .complaint import ComplainingGroup
from .config import config
from .conversation import conversation
from .inspect import events, inspect_, trace
from .pipeline import pipeline
from .plugin import plugin
from .providers import providers
from .route import route
from .serve import serve
from .store import store
from .top import top
from .usage import usage
from .worker import worker

EXAMPLES = """\b
Examples:
  legion-llm serve                       serve an OpenAI-compatible API on 127.0.0.1:4567
  legion-llm worker                      serve this machine's models to a gateway's fleet
  legion-llm chat "Why is the sky blue?" ask once, without a server
  legion-llm config check                see which settings are in force
  legion-llm route explain               see where a request would go, and why
  legion-llm usage --since 7d --by day   see what was used and what it cost
"""


@click.group(cls=ComplainingGroup, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="legion-llm")
def cli() -> None:
    """Legion LLM: an LLM router and gateway.

    Uses the providers that the settings name; without any, OpenAI and Anthropic if their keys are in the environment, and Ollama
    and vLLM if they run on this machine.
    """


cli.add_command(serve)
cli.add_command(worker)
cli.add_command(chat)
cli.add_command(batch)
cli.add_command(config)
for command in (inspect_, trace, events, top):
    cli.add_command(command)
cli.add_command(pipeline)
cli.add_command(plugin)
cli.add_command(providers)
cli.add_command(route)
cli.add_command(usage)
cli.add_command(audit)
cli.add_command(conversation)
cli.add_command(store)


def main() -> None:
    """Run the command line; leaves by SystemExit: 0, 1 for a failure, 2 for wrong usage or settings."""
    cli(prog_name="legion-llm")

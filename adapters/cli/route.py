"""`legion-llm route`: where a request would go, and why."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .options import config_option

if TYPE_CHECKING:
    from ...messages.explanation import Explanation
    from ..facade import Legion

# Seconds between two looks whether the catalogues are there.
_GLANCE: Final = 0.02


@click.group()
def route() -> None:
    """Look at the decisions of the router."""


@route.command(
    epilog="""\b
Examples:
  legion-llm route explain
  legion-llm route explain --intent cost=minimize --intent privacy=strict
  legion-llm route explain --model gpt-4o-mini --tokens 20000
  legion-llm route explain --needs vision --exclude provider=openai --json
  legion-llm route explain --url http://127.0.0.1:4567    ask a gateway that runs
"""
)
@click.argument("message", default="")
@click.option("--intent", "intents", multiple=True, metavar="KEY=WORD", help="What matters; may be repeated.")
@click.option("--model", metavar="MODEL", help='Model, also as "instance/model", or an alias.')
@click.option("--provider", metavar="PROVIDER", help="Provider or instance.")
@click.option("--tier", metavar="TIER", help="local, fleet, openai_compat, cloud or frontier.")
@click.option(
    "--needs",
    multiple=True,
    type=click.Choice(["tools", "vision", "audio", "documents", "structured"]),
    help="What the model must be able to do; may be repeated.",
)
@click.option("--tokens", type=click.IntRange(0), metavar="N", help="Length of the prompt. Default: MESSAGE's own.")
@click.option(
    "--exclude", "exclusions", multiple=True, metavar="KEY=NAME", help="provider=, model= or tier=; may be repeated."
)
@click.option("--wait", type=click.FloatRange(0), default=5.0, metavar="SECONDS", help="For catalogues. Default: 5.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--url", metavar="URL", help="Ask the gateway that listens there, with its circuits and limits as they are."
)
@click.option("--key", envvar="LEGION_LLM_API_KEY", metavar="KEY", help="Its API key. Default: $LEGION_LLM_API_KEY.")
@config_option
def explain(
    message: str,
    *,
    wait: float,
    as_json: bool,
    url: str | None,
    key: str | None,
    config: Path | None,
    **asked: Any,
) -> None:
    """Say where a request would go with these settings, and why: the candidates with each part of their scores, what was left out, and every rule.

    Nothing is sent but the questions that discovery asks the providers. Without --url, circuits are those of a gateway that has just started.
    """
    asked["intent"] = _pairs(asked.pop("intents"), "--intent")
    asked["exclude"] = [{name: each} for name, each in _pairs(asked.pop("exclusions"), "--exclude").items()]
    if url is None:
        text, fails = _explained_here(config, wait, message, asked, as_json=as_json)
    else:
        from .remote import explained_there  # noqa: PLC0415 - `--help` need not wait for it

        text, fails = explained_there(url, key, message, asked, as_json=as_json)
    click.echo(text)
    if fails:
        raise SystemExit(1)


def _explained_here(
    config: Path | None, wait: float, message: str, asked: Mapping[str, Any], *, as_json: bool
) -> tuple[str, bool]:
    """Return what a gateway with these settings says, and whether it had no answer."""
    from ..launch import start  # noqa: PLC0415 - `--help` need not wait for it
    from ..settings import load_settings  # noqa: PLC0415 - likewise

    with start(load_settings(config=config, environ=os.environ)) as legion:
        _wait_for_catalogues(legion, wait)
        told = legion.route(message, **asked).get()
    return _json(told) if as_json else str(told), told.error is not None


def _wait_for_catalogues(legion: Legion, seconds: float) -> None:
    """Wait until every provider that is asked for its models has answered, or has not; at most for so long."""
    from ...messages.settings import expand_instances  # noqa: PLC0415 - `--help` need not wait for it
    from ..scouts.build import is_to_be_looked_at  # noqa: PLC0415 - `--help` need not wait for it

    if not legion.settings.discovery.enabled:
        return
    unasked = {each.name for each in expand_instances(legion.settings) if not is_to_be_looked_at(each)}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        providers = legion.providers().get()
        if not any(each.catalogue == "never_fetched" and each.name not in unasked for each in providers):
            return
        time.sleep(_GLANCE)


def _json(told: Explanation) -> str:
    from ..host.route_json import route_json  # noqa: PLC0415 - as above

    return json.dumps(route_json(told), indent=2, ensure_ascii=False)


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, sign, word = text.partition("=")
        if not (key and sign and word):
            raise click.BadParameter(f"{text!r} is no pair like cost=minimize", param_hint=option)
        pairs[key] = word
    return pairs

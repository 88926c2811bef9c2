"""`legion-llm inspect`, `trace` and `events`: looking into a running gateway."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from .port import port_at, port_options


@click.command(
    "inspect",
    epilog="""\b
Examples:
  legion-llm inspect                         the tree of actors
  legion-llm inspect connections/openai      one actor with its own state
  legion-llm inspect --op stacks             where every thread and task is
  legion-llm inspect --op ops                what else can be asked
  legion-llm inspect --op restart path=router   (where debug.admin allows it)
  legion-llm inspect --new-keys              a pair of keys for debug.secret_key
""",
)
@click.argument("what", nargs=-1, metavar="[ACTOR] [NAME=VALUE ...]")
@click.option("--op", default=None, metavar="OP", help="What is asked. Default: tree, or actor where one is named.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--new-keys", is_flag=True, help="Print a new pair of CURVE keys and do nothing else.")
@port_options
def inspect_(
    what: tuple[str, ...], op: str | None, as_json: bool, new_keys: bool, address: str | None, config: Path | None
) -> None:
    """Look into a running gateway through its debug port."""
    if new_keys:
        _print_keys()
        return
    args = dict(word.split("=", 1) for word in what if "=" in word)
    names = [word for word in what if "=" not in word]
    if len(names) > 1:
        raise click.UsageError(f"one actor at a time, not {', '.join(names)}")
    if names:
        args["path"] = names[0]
    with port_at(address, config) as port:
        answer = port.ask(op or ("actor" if names else "tree"), **args)
    if as_json or (op or "tree") != "tree" or names:
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo("\n".join(tree_lines(answer)))


def _print_keys() -> None:
    import zmq  # noqa: PLC0415 - only here

    public, secret = zmq.curve_keypair()
    click.echo(f"public  {public.decode()}\nsecret  {secret.decode()}")


def tree_lines(answer: dict[str, Any]) -> Iterator[str]:
    """Return a described system as lines: one an actor, indented by its place."""
    yield f"{answer['name']}: {answer['state']}; {answer['dead_letters']['total']} dead letters"
    yield f"{'actor':<32} {'state':<10} {'mailbox':>7} {'handled':>9} {'p50 us':>8} {'p99 us':>8} {'restarts':>8}  last error"
    waiting = [(answer["tree"], 0)] if answer["tree"] is not None else []
    while waiting:
        node, depth = waiting.pop()
        label = "  " * depth + (node["name"].rpartition("/")[2] or "root")
        children = node.get("children")
        if children is not None:
            yield f"{label:<32} {node['state']:<10}"
            waiting.extend((child, depth + 1) for child in reversed(children))
        else:
            yield _actor_line(label, node)


def _actor_line(label: str, node: dict[str, Any]) -> str:
    return (
        f"{label:<32} {node['state']:<10} {node['mailbox']['depth']:>7} {node['handled']:>9} {node['handler_p50_us']:>8}"
        f" {node['handler_p99_us']:>8} {node['restarts']:>8}  {node['last_error'] or ''}"
    ).rstrip()


@click.command(
    epilog="""\b
Examples:
  legion-llm trace req_3f0a2c…    one request, step by step, while it runs and after
  legion-llm trace                those under way, and the last twenty
"""
)
@click.argument("request_id", required=False)
@click.option("--most", default=20, show_default=True, help="Requests that are listed where none is named.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@port_options
def trace(request_id: str | None, most: int, as_json: bool, address: str | None, config: Path | None) -> None:
    """Show what became of a request: its steps, its attempts, why it went where it went."""
    with port_at(address, config) as port:
        answer = port.ask("requests", most=most) if request_id is None else port.ask("request", id=request_id)
        running = port.ask("running") if request_id is None and not as_json else []
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    elif request_id is None:
        for each in running:
            click.echo(_running_line(each))
        for each in answer:
            click.echo(_request_line(each))
    else:
        click.echo("\n".join(request_lines(answer)))


def _request_line(request: dict[str, Any]) -> str:
    routing = request["routing"] or {}
    target = f"{routing.get('provider')}/{routing.get('model')}" if routing else "-"
    ended = "running" if request["is_running"] else request["error"] or request["outcome"]
    return f"{_time(request['began_at'])}  {request['request_id']}  {request['seconds'] * 1000:>9.1f} ms  {ended:<18} {target}"


def _running_line(request: dict[str, Any]) -> str:
    began = _time(time.time() - request["seconds"])
    where = f"running {request['step']}"
    return f"{began}  {request['request_id']}  {request['seconds'] * 1000:>9.1f} ms  {where:<18} {request['target'] or '-'}"


def request_lines(request: dict[str, Any]) -> Iterator[str]:
    """Return one request as lines."""
    yield _request_line(request)
    yield f"caller {request['caller'] or '-'} ({request['profile']}), trace {request['trace_id'] or '-'}"
    routing = request["routing"] or {}
    for attempt in routing.get("chain") or ():
        yield f"  attempt  {attempt}"
    for name, seconds in request["steps"]:
        yield f"  step     {name:<24} {seconds * 1000:>9.3f} ms"
    for event in request["events"]:
        said = " ".join(str(event[name]) for name in ("source", "target", "detail") if event.get(name))
        yield f"  event    {event['key']:<24} {said}".rstrip()
    for warning in request["warnings"]:
        yield f"  warning  {warning}"


@click.command(
    epilog="""\b
Examples:
  legion-llm events --follow             everything that happens
  legion-llm events --topic circuit.     circuits alone, for ten seconds
"""
)
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C, whatever the silence.")
@click.option(
    "--silence",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="End when nothing has happened for so long.",
)
@click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="Only topics that begin so; may be given twice."
)
@click.option("--events-at", metavar="ADDRESS", help="Where events are published. Default: as the port says.")
@port_options
def events(
    follow: bool,
    silence: float,
    topics: tuple[str, ...],
    events_at: str | None,
    address: str | None,
    config: Path | None,
) -> None:
    """Print what happens in a running gateway: restarts, circuits, failovers, catalogues, slow requests."""
    with port_at(address, config) as port:
        published = events_at or port.ask("actor", path="debug port")["snapshot"]["events"]
        if published is None:
            raise click.UsageError("this gateway publishes no events: set debug.events")
        for event in port.events(published, topics or ("",), timeout=None if follow else silence):
            rest = {name: value for name, value in event.items() if name not in ("v", "topic", "at")}
            said = " ".join(f"{name}={value}" for name, value in rest.items())
            click.echo(f"{_time(event['at'])}  {event['topic']:<20} {said}")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S.%f")[:-3]

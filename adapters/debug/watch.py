"""What has happened between two looks at a system: a pure function, so that nothing need be told while nobody listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

# Topic and data.
Event: TypeAlias = tuple[str, dict[str, Any]]


@attrs.frozen(kw_only=True)
class Look:
    """A system at one moment.

    Attributes:
        state: Its state.
        actors: Restarts, crashes and last error by path.
        circuits: State of the circuit by instance.
        catalogues: How far the catalogue can be trusted, and how many models it has, by instance.
        requests: Those that have ended, newest first, as plain data.
    """

    state: str
    actors: Mapping[str, Mapping[str, Any]]
    circuits: Mapping[str, str]
    catalogues: Mapping[str, Mapping[str, Any]]
    requests: tuple[Mapping[str, Any], ...] = ()


def events_between(before: Look, after: Look, *, slow_ms: float) -> list[Event]:
    """Return what happened: system.state, actor.restarted, circuit.<state>, catalogue.changed, request.failed_over, request.failed, request.slow."""
    events: list[Event] = []
    if before.state != after.state:
        events.append(("system.state", {"from": before.state, "to": after.state}))
    events += _restarts(before, after)
    for instance, state in after.circuits.items():
        was = before.circuits.get(instance, "closed")
        if state != was:
            events.append((f"circuit.{state}", {"instance": instance, "from": was}))
    for instance, catalogue in after.catalogues.items():
        known = before.catalogues.get(instance)
        if known is not None and catalogue != known:
            events.append(("catalogue.changed", {"instance": instance, "from": dict(known), "to": dict(catalogue)}))
    events += _of_requests(_fresh(before.requests, after.requests), slow_ms)
    return events


def _restarts(before: Look, after: Look) -> Iterator[Event]:
    for path, actor in after.actors.items():
        was = before.actors.get(path)
        if was is not None and actor["restarts"] > was["restarts"]:
            yield "actor.restarted", {"actor": path, "restarts": actor["restarts"], "error": actor.get("last_error")}


def _fresh(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    seen = {each["request_id"] for each in before}
    return [each for each in after if each["request_id"] not in seen]


def _of_requests(requests: Iterable[Mapping[str, Any]], slow_ms: float) -> Iterator[Event]:
    for request in requests:
        told = {"request_id": request["request_id"], "ms": round(request["seconds"] * 1000, 1)}
        routing = request.get("routing") or {}
        if request.get("error") is not None:
            yield "request.failed", {**told, "error": request["error"], "outcome": request["outcome"]}
        elif routing.get("attempts", 1) > 1:
            yield "request.failed_over", {**told, "chain": routing.get("chain")}
        if told["ms"] >= slow_ms:
            yield "request.slow", told


def actors_of(tree: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Return the actors of a described tree by path."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [] if tree is None else [tree]
    while waiting:
        node = waiting.pop()
        children = node.get("children")
        if children is not None:
            waiting.extend(children)
        elif "name" in node:
            found[node["name"]] = node
    return found

"""From an overview to the rows of the tables: pure, so that what is shown can be tested without a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from .rates import Rates

Said: TypeAlias = Mapping[str, Any]

# How a word is coloured, as textual's styles; every one of them says in words, too, what its colour says.
_BAD: Final = "bold red"
_UNSURE: Final = "yellow"
_GOOD: Final = "green"
_STYLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ready", "closed", "success"), _GOOD),
    **dict.fromkeys(("starting", "draining", "restarting", "half_open", "running"), _UNSURE),
    **dict.fromkeys(("failed", "stopped", "open"), _BAD),
}


@attrs.frozen
class Cell:
    """One cell.

    Attributes:
        style: Its colour, "" for none.
        is_number: Whether it stands to the right.
    """

    text: str
    style: str = ""
    is_number: bool = False


@attrs.frozen
class Row:
    """One row.

    Attributes:
        key: What it is about; the cursor stays with it from look to look.
    """

    key: str
    cells: tuple[Cell, ...]


ACTORS: Final = ("actor", "state", "waits", "oldest", "per s", "handled", "p50", "p99", "restarts", "last error")
PROVIDERS: Final = ("provider", "circuit", "stage", "in flight", "limit", "in line", "p50", "p95", "models", "why")
REQUESTS: Final = ("began", "request", "state", "took", "target", "step or error", "caller")
SPEND: Final = ("model", "attempts", "failed", "tokens in", "tokens out", "p50", "p95", "US dollars")


def actor_rows(overview: Said, rates: Rates) -> list[Row]:
    """Return the tree, a line an actor."""
    return [_actor(each, rates) for each in overview["actors"]]


def _actor(actor: Said, rates: Rates) -> Row:
    name = "  " * actor["depth"] + (actor["path"].rpartition("/")[2] or "root")
    state = _word(actor["state"])
    if actor["is_supervisor"]:
        return Row(f"supervisor {actor['path']}", (Cell(name, "bold"), state, *[Cell("")] * (len(ACTORS) - 2)))
    return Row(
        actor["path"],
        (
            Cell(name),
            state,
            _number(actor["waiting"], _UNSURE if actor["waiting"] else ""),
            _milliseconds(actor["oldest_ms"] if actor["waiting"] else None),
            _number(round(rates.handled.get(actor["path"], 0.0), 1)),
            _number(actor["handled"]),
            _milliseconds(actor["handler_p50_us"] / 1000),
            _milliseconds(actor["handler_p99_us"] / 1000),
            _number(actor["restarts"], _BAD if actor["restarts"] else ""),
            Cell(actor["last_error"] or ""),
        ),
    )


def provider_rows(overview: Said) -> list[Row]:
    """Return the provider instances."""
    return [
        Row(
            f"connections/{each['name']}",
            (
                Cell(each["name"]),
                _word(each["state"]),
                Cell(each["stage"]),
                _number(each["in_flight"]),
                _number(each["concurrency"]),
                _number(each["waiting"]),
                _milliseconds(each["p50_ms"]),
                _milliseconds(each["p95_ms"]),
                _number(each["models"]),
                Cell(each["reason"]),
            ),
        )
        for each in overview["providers"]
    ]


def request_rows(running: Iterable[Said], ended: Iterable[Said], now: float) -> list[Row]:
    """Return the requests: those under way, then those that have ended, newest first."""
    under_way = list(running)
    ids = {each["request_id"] for each in under_way}
    return [
        *[_running(each, now) for each in under_way],
        *[_ended(each) for each in ended if each["request_id"] not in ids],
    ]


def _running(request: Said, now: float) -> Row:
    step = request["step"] + (f", {request['failed_attempts']} failed" if request["failed_attempts"] else "")
    return Row(
        request["request_id"],
        (
            Cell(_clock(now - request["seconds"])),
            Cell(request["request_id"]),
            _word("running"),
            _milliseconds(request["seconds"] * 1000),
            Cell(request["target"] or request["model"] or ""),
            Cell(step),
            Cell(request["caller"] or ""),
        ),
    )


def _ended(request: Said) -> Row:
    routing = request["routing"] or {}
    target = f"{routing['provider']}/{routing['model']}" if routing else request["answered_by"] or ""
    attempts = routing.get("attempts") or 1
    return Row(
        request["request_id"],
        (
            Cell(_clock(request["began_at"])),
            Cell(request["request_id"]),
            _word(request["outcome"]),
            _milliseconds(request["seconds"] * 1000),
            Cell(target),
            Cell(request["error"] or (f"{attempts} attempts" if attempts > 1 else "")),
            Cell(request["caller"] or ""),
        ),
    )


def spend_rows(overview: Said) -> list[Row]:
    """Return what was used, the dearest first."""
    models = sorted(overview["models"], key=lambda each: (-each["cost_usd"], -each["attempts"]))
    return [_spend(each) for each in models]


def _spend(model: Said) -> Row:
    name, failed = f"{model['instance']}/{model['model']}", model["attempts"] - model["succeeded"]
    unknown = " + unknown" if model["unpriced"] else ""
    return Row(
        name,
        (
            Cell(name),
            _number(model["attempts"]),
            _number(failed, _BAD if failed else ""),
            _number(model["tokens"]["input"]),
            _number(model["tokens"]["output"]),
            _milliseconds(model["p50_ms"]),
            _milliseconds(model["p95_ms"]),
            Cell(f"{model['cost_usd']:,.4f}{unknown}", is_number=True),
        ),
    )


def summary(overview: Said, rates: Rates) -> str:
    """Return how all of it stands, in a line."""
    providers, spend = overview["providers"], overview["spend"]
    put_aside = sum(each["state"] != "closed" for each in providers)
    return "   ".join(
        (
            f"{overview['name']}: {overview['state']}",
            f"{rates.requests:,.1f} requests/s",
            f"{rates.failed:,.1f} failed/s",
            f"{len(overview['running'])} under way",
            f"{len(providers) - put_aside} of {len(providers)} providers well",
            f"{rates.tokens:,.0f} tokens/s",
            f"${spend['cost_usd']:,.4f} since the start",
        )
    )


def _word(word: str) -> Cell:
    return Cell(word, _STYLES.get(word, _BAD))


def _number(value: float | None, style: str = "") -> Cell:
    return Cell("" if value is None else f"{value:,}", style, is_number=True)


def _milliseconds(value: float | None) -> Cell:
    if value is None:
        return Cell("", is_number=True)
    if value >= 1000:  # noqa: PLR2004 - milliseconds in a second
        return Cell(f"{value / 1000:,.1f} s", is_number=True)
    if value < 1:
        return Cell(f"{value * 1000:,.0f} us", is_number=True)
    return Cell(f"{value:,.0f} ms", is_number=True)


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S")

"""What discovery has to say to people: pure functions that return one line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...messages.catalogue import Capability, ModelFacts
from .port import Memory
from .record import Record

# A gateway may list hundreds: a person wants to see that it works, and what is here.
_MOST_NAMED: Final = 8

_GIGABYTE: Final = 1e9
_MEGABYTE: Final = 2**20


def first_word(instance: str, record: Record) -> str:
    """Return the line about an instance that was looked at for the first time."""
    if record.failure is not None:
        return f"{instance}: no models known: {record.failure}"
    return f"{instance}: {_listed(record.models)}"


def turned(instance: str, record: Record) -> str:
    """Return the line about an instance that went away or came back."""
    if record.failure is not None:
        return f"{instance}: does not answer any more: {record.failure}"
    return f"{instance}: answers now: {_listed(record.models)}"


def memory_line(memory: Memory) -> str:
    """Return the line about this machine's memory."""
    total, available = memory.total_bytes // _MEGABYTE, memory.available_bytes // _MEGABYTE
    return f"memory: {total:,} MB, of which {available:,} MB are available"


def exposed(instance: str, address: str) -> str:
    """Return the warning of an engine that anyone may use."""
    return (
        f"WARNING: {instance} also answers at {address}, and asks for no key: whoever can reach this machine can use it,"
        " past every limit set here. Let it listen on 127.0.0.1 alone."
    )


def _listed(models: tuple[ModelFacts, ...]) -> str:
    if not models:
        return "no models"
    names = [_described(each) for each in models[:_MOST_NAMED]]
    more = len(models) - len(names)
    count = f"{len(models)} model{'s' if len(models) > 1 else ''}"
    return f"{count}: {', '.join(names)}{f' and {more} more' if more else ''}"


def _described(facts: ModelFacts) -> str:
    traits = ", ".join(_traits(facts))
    return f"{facts.name} ({traits})" if traits else facts.name


def _traits(facts: ModelFacts) -> Iterator[str]:
    if facts.size_bytes is not None:
        yield f"{facts.size_bytes / _GIGABYTE:.1f} GB"
    if facts.context_window is not None:
        yield f"context {facts.context_window:,}"
    if Capability.EMBED in facts.can and Capability.CHAT not in facts.can:
        yield "embeddings"
    if facts.loaded:
        yield "loaded"

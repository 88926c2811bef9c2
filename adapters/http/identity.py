"""What an answer says about itself in its headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import quote

from ...messages.chat import Chunk, Request, Response, RoutingInfo
from ...messages.reasons import Rejection
from ...messages.tracing import traceparent_of

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

_WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# Values that are remembered: the same few come with every answer.
_REMEMBERED: Final = 512
_MOST_REJECTED: Final = 5
_LONGEST_WARNINGS: Final = 2000
_VISIBLE: Final = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


def request_id_of(headers: Headers) -> bytes | None:
    """Return the client's own x-request-id, or None where it sent none that may be repeated."""
    for name, value in headers:
        if name == b"x-request-id":
            return value if _WELL_FORMED.fullmatch(value) else None
    return None


def answer_headers(request: Request, response: Response) -> list[tuple[bytes, bytes]]:
    """Return what an answer's headers say of how it came about."""
    headers = [*routing_headers(response.routing), *trace_headers(request), *_belonging(response.conversation_id)]
    if response.cached:
        headers.append((b"x-legion-cache", b"hit"))
    if response.warnings:
        headers.append((b"x-legion-warnings", _header_value("; ".join(response.warnings)[:_LONGEST_WARNINGS])))
    return headers


def begun_headers(first: Chunk | None) -> list[tuple[bytes, bytes]]:
    """Return what the headers of a streamed answer say of how it came about, by its first chunk; [] where that is not known."""
    begun = None if first is None else first.begun
    return [] if begun is None else [*routing_headers(begun.routing), *_belonging(begun.conversation_id)]


def _belonging(conversation_id: str | None) -> list[tuple[bytes, bytes]]:
    return [] if conversation_id is None else [(b"x-legion-conversation-id", _header_value(conversation_id))]


def trace_headers(request: Request) -> list[tuple[bytes, bytes]]:
    """Return where the request stands in its client's trace; [] for a client that traces nothing."""
    return [] if request.trace is None else [(b"traceresponse", traceparent_of(request.trace).encode())]


def routing_headers(routing: RoutingInfo | None) -> list[tuple[bytes, bytes]]:
    """Return who answered, why, and who was left out; [] where that is not known."""
    if routing is None:
        return []
    headers = [
        (b"x-legion-provider", _header_value(routing.provider)),
        (b"x-legion-model", _header_value(routing.model)),
        (b"x-legion-tier", _header_value(routing.tier)),
        (b"x-legion-strategy", routing.strategy.encode()),
        (b"x-legion-attempts", b"%d" % routing.attempts),
    ]
    if routing.rule is not None:
        headers.append((b"x-legion-rule", _header_value(routing.rule)))
    if routing.rejected:
        headers.append((b"x-legion-rejected", _header_value(_short(routing.rejected))))
    return headers


def _short(rejected: tuple[Rejection, ...]) -> str:
    """Return who was left out, and why in a word; of many the first."""
    shown = ", ".join([f"{each.subject}={each.reason}" for each in rejected[:_MOST_REJECTED]])
    more = len(rejected) - _MOST_REJECTED
    return f"{shown}, and {more} more" if more > 0 else shown


@lru_cache(_REMEMBERED)
def _header_value(text: str) -> bytes:
    # A model's name comes from a provider's catalogue and may hold anything.
    if text.isascii() and text.isprintable():
        return text.encode()
    return quote(text, safe=_VISIBLE).encode()

"""In which order requests that were taken up are begun."""

from __future__ import annotations

from collections.abc import Iterable

from ...messages.batch import URGENCIES
from ...messages.chat import Request
from .port import QueuedItem


def group_of(request: Request) -> str:
    """Return what a request asks for: requests of one group suit each other, since one model answers them."""
    return f"{request.provider or request.tier or '*'}/{request.model or '*'}"


def arranged(items: Iterable[QueuedItem]) -> list[QueuedItem]:
    """Return the most urgent first; among those of one urgency each group together, the group whose first one stands first before the others."""
    items = tuple(items)
    ranks: dict[tuple[str, str], int] = {}
    for item in items:
        ranks.setdefault((item.urgency, item.group), len(ranks))
    return sorted(items, key=lambda item: (URGENCIES.index(item.urgency), ranks[item.urgency, item.group]))

"""The main line of a conversation whose messages name parents: from the newest leaf to the root."""

from __future__ import annotations

import collections
from collections.abc import Sequence

from .port import Link


def main_line(links: Sequence[Link]) -> tuple[int, ...]:
    """Return the places of the main line, from the first message to the last.

    A message without a parent follows the one before it in the log, so that a log without links is its own main line. Of several leaves the newest
    one counts. Messages of the same group as one on the line, and with the same parent, stand right behind it, in the order of the log.

    Args:
        links: The log, in order; asides are left out.
    """
    log = [link for link in links if not link.sidechain]
    if not log:
        return ()
    parents = _parents(log)
    line = _line_to(log[-1], log, parents)  # the newest is a leaf: parents come before their children
    return tuple(_with_siblings(line, log, parents))


def line_to(message_id: str, links: Sequence[Link]) -> tuple[int, ...] | None:
    """Return the places of a message and of all that it follows, from the first message on; None where it is in no line of the log."""
    log = [link for link in links if not link.sidechain]
    last = next((link for link in log if link.id == message_id), None)
    return None if last is None else tuple(link.seq for link in _line_to(last, log, _parents(log)))


def _line_to(last: Link, log: Sequence[Link], parents: dict[str, str | None]) -> list[Link]:
    by_id = {link.id: link for link in log}
    line: list[Link] = []
    seen: set[str] = set()
    link: Link | None = last
    while link is not None and link.id not in seen:  # a log that somebody has spoilt may hold a ring
        seen.add(link.id)
        line.append(link)
        parent = parents[link.id]
        link = None if parent is None else by_id.get(parent)
    line.reverse()
    return line


def _parents(log: Sequence[Link]) -> dict[str, str | None]:
    before: Link | None = None
    parents: dict[str, str | None] = {}
    for link in log:
        parents[link.id] = link.parent_id if link.parent_id is not None or before is None else before.id
        before = link
    return parents


def _with_siblings(line: Sequence[Link], log: Sequence[Link], parents: dict[str, str | None]) -> Sequence[int]:
    on_line = {link.id for link in line}
    groups: dict[tuple[str, str | None], list[int]] = collections.defaultdict(list)
    for link in log:
        if link.group_id is not None and link.id not in on_line:
            groups[link.group_id, parents[link.id]].append(link.seq)
    places: list[int] = []
    for link in line:
        places.append(link.seq)
        if link.group_id is not None:
            places += groups.get((link.group_id, parents[link.id]), ())
    return places

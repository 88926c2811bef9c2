"""What is submitted becomes part of the queue: checked, numbered, and given the moment before which it is not begun."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...messages.batch import Submit, checked_id
from ...messages.errors import InvalidRequestError
from .order import group_of
from .peak import Peak
from .port import NewItem


def check(message: Submit) -> None:
    """Refuse what cannot be queued.

    Raises:
        InvalidRequestError: An id is none or there twice, or a request needs what does not outlive this process.
    """
    checked_id(message.batch_id, "id")
    seen: set[str] = set()
    for number, item in enumerate(message.items):
        param = f"requests.{number}"
        if checked_id(item.id, f"{param}.id") in seen:
            raise InvalidRequestError(f"the id {item.id!r} is there twice", param=f"{param}.id")
        seen.add(item.id)
        if item.request.host_tools:
            raise InvalidRequestError(
                "a function of this process cannot wait in a queue: describe the tool, and run its calls yourself",
                param=f"{param}.tools",
            )


def entered(message: Submit, places: Mapping[str, int], now: float, peak: Peak, window: float) -> tuple[NewItem, ...]:
    """Return those requests that are not there yet, as they are queued.

    Args:
        message: What was submitted.
        places: The places of those that are there, by their ids.
        now: Unix seconds.
        peak: When what can wait does wait.
        window: Seconds for which requests wait for others.
    """
    is_deferred = not message.immediate and peak.should_defer(message.intent, now)
    not_before = peak.next_off_peak(now) if is_deferred else now
    hurries = message.immediate or message.urgency == "urgent"
    first = max(places.values(), default=0) + 1
    fresh = [item for item in message.items if item.id not in places]
    return tuple(
        NewItem(
            id=item.id,
            seq=seq,
            request=attrs.evolve(item.request, stream=False),
            group=group_of(item.request),
            queued_at=now,
            not_before=not_before,
            gathered_by=now if hurries else now + window,
        )
        for seq, item in enumerate(fresh, first)
    )

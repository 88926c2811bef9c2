"""The requests that are under way, for whoever wants to know what a gateway is busy with."""

from __future__ import annotations

import attrs

from ....messages.base import Message
from .flow import Flow


@attrs.frozen(kw_only=True)
class Running:
    """A request that is under way. It holds no prompt text.

    Attributes:
        caller: Identity of who asked, or None.
        model: What was asked for, or None where the router chooses.
        target: Where it is now, or goes first, as "instance/model"; None while nobody has decided.
        step: The step that is taken.
        seconds: Since it began.
        failed_attempts: Attempts that have not brought an answer.
        streamed: Whether the answer goes out piece by piece.
    """

    request_id: str
    conversation_id: str | None
    caller: str | None
    profile: str
    model: str | None
    target: str | None
    step: str
    seconds: float
    failed_attempts: int
    streamed: bool


@attrs.frozen(kw_only=True)
class RunningWanted(Message[tuple[Running, ...]]):
    """Which requests are under way? The oldest first."""


def running_of(flow: Flow) -> Running:
    """Return what there is to see of a request now."""
    request, resolution = flow.request, flow.resolution
    targets = () if resolution is None else tuple(map(str, resolution.candidates))
    tried = [row[5] for row in flow.timeline.rows if row[1] == "escalation:attempt"]
    left = [target for target in targets if target not in tried] or list(targets[-1:])
    return Running(
        request_id=request.id,
        conversation_id=request.conversation_id,
        caller=request.caller.identity,
        profile=str(flow.profile),
        model=flow.original.model,
        target=left[0] if left else None,
        step=flow.step,
        seconds=flow.elapsed,
        failed_attempts=len(tried),
        streamed=flow.sink is not None,
    )

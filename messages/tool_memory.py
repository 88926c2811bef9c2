"""What a conversation remembers of the tools that its turns used."""

from __future__ import annotations

import attrs

from .content import Extra


@attrs.frozen(kw_only=True)
class ToolRun:
    """A run of a tool of ours, as it is remembered: shortened, and without what looks like a secret.

    Attributes:
        call_id: Id of the model's call.
        tool: Its name.
        group: The group that it belongs to.
        arguments: What the model gave it (JSON).
        result: What it answered, or in words why it did not.
        is_deferred: Whether it is a tool that is offered only when it is called for.
    """

    call_id: str
    tool: str
    group: str
    arguments: Extra
    result: str
    is_error: bool = False
    is_deferred: bool = False


@attrs.frozen(kw_only=True)
class ToolsUsed:
    """What one turn did with tools of ours.

    Attributes:
        triggered: Groups of tools that the user's words called for.
        runs: What was run, in order.
        turns_before: Turns of the user that the request saw before itself; they count where the conversation has not counted yet.
        is_new_turn: Whether the user has said something, and not only a tool of the client's.
    """

    triggered: tuple[str, ...] = ()
    runs: tuple[ToolRun, ...] = ()
    turns_before: int = 0
    is_new_turn: bool = True

"""What a tool may know of the call that it answers."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class ToolContext:
    """What a tool may know of the call that it answers: a parameter with this type hint is filled in by the gateway, and no model hears of it.

    Attributes:
        request_id: Of the request that it is for.
        call_id: Of the model's call.
        caller: Identity of who asked, or None.
    """

    request_id: str
    call_id: str
    caller: str | None = None

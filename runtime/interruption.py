"""Why a handler was stopped before its end, in the words of its asker."""

from __future__ import annotations

from ..messages.errors import CancelledError, DeadlineExceeded, LegionError
from .envelope import Envelope


def interruption(envelope: Envelope) -> LegionError:
    """Return the error for an ask whose scope was cancelled: its caller gave up, or its deadline passed.

    The clock is not asked: uvloop's timers count whole milliseconds and may fire a little before the deadline.
    """
    what = type(envelope.message).__name__
    if envelope.reply_to is not None and envelope.reply_to.cancelled:
        return CancelledError(f"{what} was given up by its caller")
    return DeadlineExceeded(f"{what} was not answered before its deadline")


def expired(envelope: Envelope, now: float) -> DeadlineExceeded:
    """Return the error for a message that waited in the mailbox past its deadline."""
    waited = max(0.0, now - envelope.enqueued_at)
    return DeadlineExceeded(
        f"{type(envelope.message).__name__} waited {waited:.3f} s in the mailbox, past its deadline"
    )

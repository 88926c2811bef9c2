"""What is told to health beside the end of an attempt."""

from __future__ import annotations

import attrs

from .base import Message


@attrs.frozen(kw_only=True)
class AnswerJudged(Message[None]):
    """The quality of an answer is known; told once for every attempt whose call said that it would be (`Call.judged`).

    A poor answer is held against the instance, half as much as a failure. One that nobody announced counts as well; a good one only then.

    Attributes:
        instance: The provider instance that answered.
        attempt: Counted from 1 within the request.
        passed: Whether the answer was good enough.
    """

    request_id: str
    attempt: int
    instance: str
    passed: bool

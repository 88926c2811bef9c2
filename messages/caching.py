"""What is said between the pipeline and whoever remembers answers."""

from __future__ import annotations

import attrs

from .base import Message
from .chat import Response


@attrs.frozen(kw_only=True)
class AnswerWanted(Message[Response | None]):
    """Is there an answer to this very request? None: no, or nobody knows now.

    Attributes:
        key: What the answer depends on, hashed (64 hex digits).
    """

    key: str


@attrs.frozen(kw_only=True)
class AnswerFound(Message[None]):
    """A request was answered by a provider: remember it."""

    key: str
    response: Response

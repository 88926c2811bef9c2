"""What a host may learn from answers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from .base import Message

# answer: the whole answer of a model. The others were found in one, by the way they are worded.
LearnedKind: TypeAlias = Literal["answer", "decision", "pattern", "fact"]


@attrs.frozen(kw_only=True)
class Learned:
    """Something that an answer has said.

    Attributes:
        content: Its text.
        kind: What it is.
        confidence: How far it may be trusted, 0 to 1: 0.8 for an answer as it stands, less for what was read out of one.
        tags: "llm_response" and the model that said it.
        request_id: Of the request that was answered.
        conversation_id: The conversation that it belongs to, or None.
        caller: Identity of who asked, or None.
    """

    content: str
    kind: LearnedKind = "answer"
    confidence: float = 0.8
    tags: tuple[str, ...] = ()
    request_id: str = ""
    conversation_id: str | None = None
    caller: str | None = None


@attrs.frozen(kw_only=True)
class Capture(Message[None]):
    """A model has answered; told for every answer from which a host may learn."""

    answer: Learned

"""Answers that are data: what is asked for, and what came of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from .base import Message
from .chat import Request, Response, Usage
from .content import JSON

# parse: the answer is no JSON. schema: it is, and does not fit. transport: asking again failed.
Fault: TypeAlias = Literal["parse", "schema", "transport"]


@attrs.frozen(kw_only=True)
class StructuredResult:
    """What a model made of a schema.

    Attributes:
        data: The value, which fits the schema; None where `valid` is False.
        raw: The last answer as the model wrote it.
        model: Model that wrote it.
        valid: Whether `data` is there.
        retried: Whether it took more than one answer.
        attempts: Answers that were asked for, at least 1.
        fault: What is wrong where `valid` is False, or None.
        error: Likewise in words.
        usage: Tokens of all answers together.
        response: The last answer, or None where asking again failed.
    """

    data: JSON
    raw: str
    model: str
    valid: bool
    retried: bool
    attempts: int
    usage: Usage
    fault: Fault | None = None
    error: str | None = None
    response: Response | None = None


@attrs.frozen(kw_only=True)
class Structure(Message[StructuredResult]):
    """Answer this request with data that fits its `response_format`.

    Attributes:
        max_retries: How often a model may be asked again after an answer that does not fit (at least 0).
    """

    request: Request
    max_retries: int = 2

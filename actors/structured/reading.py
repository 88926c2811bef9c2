"""From what a model wrote to a value, and from what is wrong with it to the next question."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from ...messages.chat import ChatMessage, Request, Response, StopReason, new_id
from ...messages.structured import Fault
from .port import Check

# Three backticks or more, perhaps a label, and as many again.
_FENCED: Final = re.compile(
    r"(?P<fence>`{3,})[^\S\n]*\w*[^\S\n]*\n(?P<inside>.*?)\n?[^\S\n]*(?P=fence)(?!`)", re.DOTALL
)
_MOST_QUOTED: Final = 4000


@attrs.frozen
class Reading:
    """What an answer amounts to.

    Attributes:
        value: The data, where nothing is at fault.
        fault: What is wrong, or None.
        problem: Likewise, in words for the model.
    """

    value: Any = None
    fault: Fault | None = None
    problem: str | None = None


def read(response: Response, check: Check) -> Reading:
    """Return what an answer amounts to: JSON, with or without a fence around it, that fits."""
    text = response.text.strip()
    value, problem = _parsed(text)
    if problem is not None:
        if not text:
            problem = "the answer is empty"
        elif response.stop_reason is StopReason.MAX_TOKENS:
            problem = f"the answer was cut at its limit of tokens: {problem}"
        return Reading(fault="parse", problem=problem)
    problem = check(value)
    return Reading(value) if problem is None else Reading(value, "schema", problem)


def corrected(request: Request, answer: str, problem: str, number: int) -> Request:
    """Return the conversation with the answer that does not fit, and what is wrong with it.

    It is a request of its own: under the same key it would be answered with the first one's answer, and a stored conversation shall hold neither the
    failed answer nor the complaint.

    Args:
        request: What was asked.
        answer: What the model wrote.
        problem: What is wrong with it.
        number: How often it was asked before.
    """
    quoted = answer if len(answer) <= _MOST_QUOTED else f"{answer[:_MOST_QUOTED]} [...]"
    said = ChatMessage(role="assistant", content=quoted or "(nothing)")
    asked = ChatMessage(
        content=f"That does not fit the schema: {problem}\n\nAnswer again with the whole corrected JSON and nothing else."
    )
    key = request.idempotency_key
    return attrs.evolve(
        request,
        id=new_id("req_"),
        messages=(*request.messages, said, asked),
        conversation_id=None,
        idempotency_key=None if key is None else f"{key}#{number}",
    )


def unfenced(text: str) -> str:
    """Return JSON without the fence that a model has put around it; any other text as it is."""
    return next((candidate for candidate in _candidates(text.strip()) if _parsed_alone(candidate)[1] is None), text)


def _parsed(text: str) -> tuple[Any, str | None]:
    problem = None
    for candidate in _candidates(text):
        value, fault = _parsed_alone(candidate)
        if fault is None:
            return value, None
        problem = fault  # of a fenced text the one inside the fence is what must be mended
    return None, problem


def _candidates(text: str) -> Iterator[str]:
    yield text
    fenced = _FENCED.search(text)
    if fenced is not None:
        yield fenced["inside"].strip()


def _parsed_alone(text: str) -> tuple[Any, str | None]:
    try:
        return json.loads(text), None
    except ValueError as error:
        return None, f"it is not JSON: {error}"
    except RecursionError:
        return None, "it is nested too deep"

"""What is said at the debug port: one JSON object each way, version 1. docs/inspection.md describes it.

A question is {"v": 1, "id": any, "op": "tree", "args": {}}. An answer repeats `v` and `id` and has either "data", or "error" with "code" and
"message". An event is two frames: its topic ("circuit.opened") and a JSON object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import orjson

from ...messages.error_table import error_row
from ...messages.errors import InvalidRequestError, LegionError

VERSION: Final = 1

_DEEPEST: Final = 8
_LONGEST_ID: Final = 200


@attrs.frozen(kw_only=True)
class Question:
    """One question.

    Attributes:
        id: Whatever the asker wants to have repeated.
        op: What is asked.
        args: About what.
    """

    id: Any
    op: str
    args: Mapping[str, Any]


def parse_question(frame: bytes, most_bytes: int) -> Question:
    """Return what is asked.

    Raises:
        InvalidRequestError: It is no question.
    """
    if len(frame) > most_bytes:
        raise InvalidRequestError(f"the question is larger than {most_bytes} bytes")
    try:
        value = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError('a question is an object: {"v": 1, "op": "tree"}')
    version, op, args = value.get("v"), value.get("op"), value.get("args", {})
    if version != VERSION or isinstance(version, bool):
        raise InvalidRequestError(f"version {version!r} is not spoken here, {VERSION} is", param="v")
    if not isinstance(op, str) or not isinstance(args, dict):
        raise InvalidRequestError("op must be a text, and args an object", param="op")
    return Question(id=_repeatable(value.get("id")), op=op, args=args)


def _repeatable(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= _LONGEST_ID):
        return value
    raise InvalidRequestError(f"id must be a number or a text of at most {_LONGEST_ID} characters", param="id")


def answer(question_id: Any, data: Any) -> bytes:
    """Return the answer to a question."""
    return _dump({"v": VERSION, "id": question_id, "data": data})


def refusal(question_id: Any, error: LegionError) -> bytes:
    """Return the answer that there is none."""
    fault = {"code": error_row(error).native, "message": error.message}
    return _dump({"v": VERSION, "id": question_id, "error": fault})


def event_frames(topic: str, data: Mapping[str, Any]) -> list[bytes]:
    """Return an event as it is published."""
    return [topic.encode(), _dump({"v": VERSION, "topic": topic, **data})]


def _dump(value: Any) -> bytes:
    # Snapshots are plain data by their contract; what an actor puts in against it is shown by its type, never by its text.
    return orjson.dumps(
        value,
        default=lambda other: f"<{type(other).__name__}>",
        option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY,
    )

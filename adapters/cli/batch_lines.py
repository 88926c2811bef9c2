"""Batches as files: a request a line to be read, a result a line to be written, in the shape of OpenAI's batch files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from ...messages.batch import BatchItem, ItemResult, ItemState
from ...messages.errors import InvalidRequestError
from ..dialects.openai_chat import OpenAIChat


def requests_of(path: Path) -> Iterator[BatchItem]:
    """Yield the request of each line with its id; blank lines are passed over.

    A line is `{"custom_id": "a", "body": {...}}`, as OpenAI has it, or a body alone; without an id its number is the id.

    Raises:
        InvalidRequestError: A line is none; the message names it.
    """
    dialect = OpenAIChat()
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        value = _object(line, number)
        body = value.get("body", value)
        item_id = value.get("custom_id", str(number))
        if not isinstance(item_id, str):
            raise InvalidRequestError(f"line {number}: custom_id must be text", param="custom_id")
        try:
            yield BatchItem(id=item_id, request=dialect.parse_request(orjson.dumps(body)))
        except InvalidRequestError as error:
            raise InvalidRequestError(f"line {number}: {error}", param=error.param) from error


def result_line(result: ItemResult) -> bytes:
    """Return a result as a line."""
    response, fault = result.response, result.fault
    value: dict[str, Any] = {"custom_id": result.id, "status": str(result.state), "response": None, "error": None}
    if response is not None:
        body = orjson.loads(OpenAIChat().render_response(response))
        value["response"] = {"status_code": 200, "request_id": response.request_id, "body": body}
    elif fault is not None and result.state is not ItemState.COMPLETED:
        value["error"] = {"code": fault.type, "message": fault.message}
    return orjson.dumps(value)


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"line {number}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError(f"line {number}: must be an object")
    return value

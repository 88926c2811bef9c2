"""Whole answers, and errors as answers, written straight to ASGI."""

from __future__ import annotations

import math
from typing import Final

import attrs
from starlette.types import Send

from ...messages.chat import new_id
from ...messages.error_table import error_row
from ...messages.errors import LegionError
from ..dialects.protocol import ErrorDialect
from .faults import HttpFault
from .identity import Headers, request_id_of

JSON: Final = (b"content-type", b"application/json")


@attrs.frozen
class Answer:
    """A whole HTTP answer.

    Attributes:
        body: JSON bytes.
        headers: All headers but content-length.
    """

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def send_answer(send: Send, answer: Answer, *, ends: bool = True) -> None:
    """Send an answer; with `ends` False it is complete for the client, but the exchange stays open."""
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": not ends})


def error_answer(dialect: ErrorDialect, failure: LegionError | HttpFault, request_id: bytes) -> Answer:
    """Return the answer for a failure, in the client's dialect."""
    if isinstance(failure, HttpFault):
        error, status, extra = failure.error, failure.status, failure.headers
    else:
        error, status, extra = failure, error_row(failure).status, ()
    headers = (JSON, (b"x-request-id", request_id), *_retry_after(error), *extra)
    return Answer(status, dialect.render_error(error), headers)


def _retry_after(error: LegionError) -> tuple[tuple[bytes, bytes], ...]:
    if error.retry_after is None or not math.isfinite(error.retry_after):
        return ()
    return ((b"retry-after", b"%d" % max(0, math.ceil(error.retry_after))),)


def fresh_request_id(headers: Headers = ()) -> bytes:
    """Return the client's request id, or a new one for a request that never became one of ours."""
    return request_id_of(headers) or new_id("req_").encode()

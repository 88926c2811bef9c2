"""Requests that HTTP itself refuses, before a dialect has read them."""

from __future__ import annotations

from typing import Final

from ...messages.errors import InvalidRequestError, LegionError, RequestTooLargeError

# An answer after which no more of the connection is read.
CLOSE: Final = (b"connection", b"close")


class HttpFault(Exception):
    """A request that gets a status of its own.

    Attributes:
        status: HTTP status.
        error: What the client reads, in its dialect.
        headers: What the status asks for besides.
    """

    def __init__(self, status: int, error: LegionError, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(str(error))
        self.status = status
        self.error = error
        self.headers = headers


class ClientGone(Exception):
    """The client closed the connection: there is nobody to answer."""


def wrong_media_type(content_type: str) -> HttpFault:
    """Return the answer to a body that does not say it is JSON."""
    stated = f"not {content_type!r}" if content_type else "and this request states none"
    return HttpFault(415, InvalidRequestError(f"send the header 'content-type: application/json', {stated}"))


def wrong_encoding(encoding: str) -> HttpFault:
    """Return the answer to a compressed body: unpacked, it could have any size."""
    return HttpFault(415, InvalidRequestError(f"send the body as it is, not with content-encoding {encoding!r}"))


def too_large(limit: int) -> HttpFault:
    """Return the answer to a body over the limit."""
    return HttpFault(413, RequestTooLargeError(f"the body is larger than {limit} bytes"), (CLOSE,))


def too_slow(timeout: float) -> HttpFault:
    """Return the answer to a client that does not send its body."""
    return HttpFault(408, InvalidRequestError(f"the body did not arrive within {timeout:g} s"), (CLOSE,))

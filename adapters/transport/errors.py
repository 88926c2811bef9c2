"""The errors httpx has no name for. Both are `httpx.TransportError`, so whoever maps those has mapped these."""

from __future__ import annotations

import os
import socket
import ssl

import httpx


class TransportClosedError(httpx.TransportError):
    """The transport was closed before or while the request ran. Says nothing about the server."""


class BodyTooLargeError(httpx.TransportError):
    """A response body is larger than its reader allows; the connection was closed. Other requests are not concerned."""


def connect_reason(error: BaseException) -> str:
    """Return why a connection could not be made, each reason once; trio hides them in causes and groups, one per address tried."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(dict.fromkeys(connect_reason(each) for each in error.exceptions))
    if error.__cause__ is not None:
        return connect_reason(error.__cause__)
    # TLS and getaddrinfo have numbers of their own, and better words.
    if isinstance(error, OSError) and error.errno and not isinstance(error, (ssl.SSLError, socket.gaierror)):
        return os.strerror(error.errno)
    return str(error)

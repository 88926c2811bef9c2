"""The errors httpx has no name for. Both are `httpx.TransportError`, so whoever maps those has mapped these."""

from __future__ import annotations

import httpx


class TransportClosedError(httpx.TransportError):
    """The transport was closed before or while the request ran. Says nothing about the server."""


class BodyTooLargeError(httpx.TransportError):
    """A response body is larger than its reader allows; the connection was closed. Other requests are not concerned."""

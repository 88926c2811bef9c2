"""Which of our errors an httpx exception means: one table.

A test fails when httpx grows a class that has no row.
"""

from __future__ import annotations

import enum
from typing import Final

import attrs
import httpx

from ...messages.errors import (
    InvalidRequestError,
    LegionError,
    ProviderDown,
    ProviderError,
    ProviderReset,
    ProviderSilent,
    RuntimeFault,
    SettingsError,
    StreamBrokenError,
    SystemNotRunning,
    UpstreamError,
)
from ..transport.errors import BodyTooLargeError, TransportClosedError


class Stage(enum.IntEnum):
    """How far an attempt had come."""

    ASKED = 0  # no answer yet
    ANSWERING = 1  # the head of a whole answer is there
    STREAMING = 2  # the head of a streamed answer is there


@attrs.frozen
class Fault:
    """What one class of exception means.

    Attributes:
        meaning: Our error, by stage.
        words: What happened, for people; the provider's name is put before it.
    """

    meaning: tuple[type[LegionError], type[LegionError], type[LegionError]]
    words: str


# A connection that never stood says that nobody is there; one lost before the answer, that it may be tried again; one lost within it, that the
# answer is broken.
_ABSENT: Final = (ProviderDown, ProviderError, StreamBrokenError)
_LOST: Final = (ProviderReset, ProviderError, StreamBrokenError)
_SILENT: Final = (ProviderSilent, ProviderSilent, ProviderSilent)
_UNREADABLE: Final = (ProviderError, ProviderError, StreamBrokenError)
_MISCONFIGURED: Final = (SettingsError, SettingsError, SettingsError)
_OUR_BUG: Final = (RuntimeFault, RuntimeFault, RuntimeFault)

FAULTS: Final[dict[type[Exception], Fault]] = {
    httpx.HTTPError: Fault(_LOST, "the call failed"),
    httpx.RequestError: Fault(_LOST, "the call failed"),
    httpx.TransportError: Fault(_LOST, "the call failed"),
    httpx.TimeoutException: Fault(_SILENT, "time limit passed"),
    httpx.ConnectTimeout: Fault(_SILENT, "no connection in time"),
    httpx.ReadTimeout: Fault(_SILENT, "nothing received in time"),
    httpx.WriteTimeout: Fault(_SILENT, "the request was not taken in time"),
    httpx.PoolTimeout: Fault((ProviderDown,) * 3, "no connection of the pool became free in time"),
    httpx.NetworkError: Fault(_LOST, "the connection was lost"),
    httpx.ConnectError: Fault(_ABSENT, "no connection"),
    httpx.ReadError: Fault(_LOST, "the connection was lost"),
    httpx.WriteError: Fault(_LOST, "the connection was lost while the request was sent"),
    httpx.CloseError: Fault(_LOST, "the connection could not be closed"),
    httpx.ProxyError: Fault(_ABSENT, "the proxy refused"),
    httpx.UnsupportedProtocol: Fault(_MISCONFIGURED, "its address is neither http nor https"),
    httpx.InvalidURL: Fault(_MISCONFIGURED, "its address is not a URL"),
    httpx.ProtocolError: Fault(_LOST, "the connection does not follow HTTP"),
    # We wrote what HTTP cannot say (a line break in a header): nothing was sent.
    httpx.LocalProtocolError: Fault((InvalidRequestError,) * 3, "the request cannot be written as HTTP"),
    httpx.RemoteProtocolError: Fault(_LOST, "the answer was cut or is not HTTP"),
    httpx.DecodingError: Fault(_UNREADABLE, "the answer cannot be decompressed"),
    httpx.TooManyRedirects: Fault(_UNREADABLE, "it redirects without end"),
    httpx.HTTPStatusError: Fault(_UNREADABLE, "it answered with an error"),
    # Misuse of a body that was read or closed before: only a bug of ours gets there.
    httpx.StreamError: Fault(_OUR_BUG, "the answer was read in a wrong way"),
    httpx.StreamConsumed: Fault(_OUR_BUG, "the answer was read twice"),
    httpx.StreamClosed: Fault(_OUR_BUG, "the answer was read after it was closed"),
    httpx.ResponseNotRead: Fault(_OUR_BUG, "the answer was not read"),
    httpx.RequestNotRead: Fault(_OUR_BUG, "the request was not read"),
    TransportClosedError: Fault((SystemNotRunning,) * 3, "the connection was closed by us"),
    BodyTooLargeError: Fault(_UNREADABLE, "the answer is too large"),
}

# The three roots of httpx's tree: what an `except` around a transport must name.
HTTPX_ERRORS: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)


def fault_of(error: Exception) -> Fault:
    """Return the row of the exception's nearest class.

    Raises:
        KeyError: It is none of `HTTPX_ERRORS`.
    """
    for cls in type(error).__mro__:
        row = FAULTS.get(cls)
        if row is not None:
            return row
    raise KeyError(type(error))


def translate(error: Exception, *, stage: Stage, provider: str, model: str | None) -> LegionError:
    """Return our error for one of `HTTPX_ERRORS`; the caller raises it `from error`."""
    fault = fault_of(error)
    detail = str(error)
    message = f"{provider}: {fault.words}: {detail}" if detail else f"{provider}: {fault.words}"
    cls = fault.meaning[stage]
    if issubclass(cls, UpstreamError):
        return cls(message, provider=provider, model=model)
    return cls(message)

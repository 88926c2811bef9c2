"""AWS's event stream: binary frames with headers, each with its checksums. botocore reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from ....messages.errors import ProviderError, SettingsError

# The first byte of a frame is the highest of its length: of a text it is far greater than that of any frame there may be.
_HIGHEST_LENGTH_BYTE: Final = 1

NEEDS_BOTOCORE: Final = "Bedrock needs botocore: pip install legion-llm[bedrock]"


@attrs.frozen(kw_only=True)
class Event:
    """One event.

    Attributes:
        kind: Of an event its type ("contentBlockDelta"), of an exception its name ("throttlingException").
        is_exception: Whether it says that something failed.
        payload: JSON, or nothing.
        message: What an error says in its headers, which has no payload.
    """

    kind: str
    is_exception: bool
    payload: bytes
    message: str = ""


class EventStreamDecoder:
    """Turns bytes into events, however they are cut. What is no event stream at all yields nothing: that is for the caller to see."""

    __slots__ = ("_buffer", "_errors", "_is_text")

    def __init__(self) -> None:
        """Start a stream.

        Raises:
            SettingsError: botocore is not installed.
        """
        try:
            from botocore.eventstream import EventStreamBuffer, ParserError  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SettingsError(NEEDS_BOTOCORE) from error
        self._buffer: Any = EventStreamBuffer()
        self._errors: type[Exception] = ParserError
        self._is_text: bool | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that `data` completes, one by one, so that an error comes after the events before it.

        Raises:
            ProviderError: A frame is damaged, or too large.
        """
        if self._is_text is None and data:
            self._is_text = data[0] > _HIGHEST_LENGTH_BYTE
        if self._is_text:
            return
        self._buffer.add_data(data)
        try:
            for message in self._buffer:
                yield _event(message)
        except self._errors as error:
            raise ProviderError(f"the provider's event stream is damaged: {error}") from error
        except (ValueError, KeyError, IndexError) as error:
            raise ProviderError(f"a frame of the provider's event stream cannot be read: {error!r}") from error


def _event(message: Any) -> Event:
    headers = message.headers
    said = _text(headers, ":message-type")
    if said == "error":
        return Event(
            kind=_text(headers, ":error-code"),
            is_exception=True,
            payload=b"",
            message=_text(headers, ":error-message"),
        )
    if said == "exception":
        return Event(kind=_text(headers, ":exception-type"), is_exception=True, payload=message.payload)
    return Event(kind=_text(headers, ":event-type"), is_exception=False, payload=message.payload)


def _text(headers: Any, name: str) -> str:
    value = headers.get(name)
    return value if isinstance(value, str) else ""

"""A streamed answer, read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ....messages.content import ImageBlock, ThinkingBlock
from ....messages.errors import ProviderError, StreamBrokenError, UpstreamError
from ..block_flow import BlockFlow
from ..classify import classify_value
from ..error_report import report_of_body
from ..flowing import FlowParser
from ..json_text import read_provider_object
from .event_stream import Event, EventStreamDecoder
from .response import text_of
from .usage import parse_usage
from .words import stop_reason_of


class ConverseStreamParser(FlowParser[Event]):
    """Turns the events of one streamed answer into chunks. Blocks of text open with their first delta, calls with an event of their own."""

    __slots__ = ("_calls", "_hidden", "_images", "_signature")

    def __init__(self) -> None:
        """Begin an answer.

        Raises:
            SettingsError: botocore is not installed.
        """
        super().__init__(EventStreamDecoder(), BlockFlow())
        self._calls: dict[Any, int] = {}
        self._images: dict[Any, str] = {}
        self._signature: list[str] = []
        self._hidden: list[str] = []

    def close(self) -> None:
        """Say that no more bytes come. The tokens may be missing; the stop reason may not.

        Raises:
            StreamBrokenError: It never came.
        """
        if not self._flow.ended:
            raise StreamBrokenError("the stream ended without messageStop")
        self._finished = True

    def _ends_with(self, event: Event) -> bool:
        if event.is_exception:
            raise _failure(event)
        value = read_provider_object(event.payload) if event.payload else {}
        flow = self._flow
        if not flow.started:
            flow.start(None, None)
        handle = _HANDLERS.get(event.kind)
        if handle is not None:
            handle(self, value)
        return self._finished

    def _open(self, value: dict[str, Any]) -> None:
        start, index = _object(value.get("start")), value.get("contentBlockIndex")
        call, image = start.get("toolUse"), start.get("image")
        if isinstance(call, dict):
            self._calls[index] = self._flow.open_call(text_of(call, "toolUseId") or None, text_of(call, "name"))
        elif isinstance(image, dict):
            self._images[index] = text_of(image, "format") or "png"

    def _grow(self, value: dict[str, Any]) -> None:
        delta, index = _object(value.get("delta")), value.get("contentBlockIndex")
        if isinstance(text := delta.get("text"), str):
            self._flow.say("text", text)
        elif isinstance(call := delta.get("toolUse"), dict):
            self._grow_call(index, text_of(call, "input"))
        elif isinstance(reasoning := delta.get("reasoningContent"), dict):
            self._think(reasoning)
        elif isinstance(image := delta.get("image"), dict) and (data := text_of(image.get("source"), "bytes")):
            media_type = f"image/{self._images.get(index, 'png')}"
            self._flow.whole(ImageBlock(source="base64", data=data, media_type=media_type), is_relayed=False)

    def _grow_call(self, index: Any, arguments: str) -> None:
        if index not in self._calls:
            raise ProviderError("a tool call of the provider's stream grows before it was opened")
        self._flow.grow_call(self._calls[index], arguments)

    def _think(self, reasoning: Mapping[str, Any]) -> None:
        if text := text_of(reasoning, "text"):
            self._flow.say("thinking", text)
        if signature := text_of(reasoning, "signature"):
            self._signature.append(signature)
        if hidden := text_of(reasoning, "redactedContent"):
            self._hidden.append(hidden)

    def _stop(self, value: dict[str, Any]) -> None:
        """A block ends: a signature is said whole, in case that it came in pieces."""
        flow = self._flow
        if self._signature:
            flow.sign("".join(self._signature))
            self._signature.clear()
        if self._hidden:
            flow.whole(ThinkingBlock(encrypted="".join(self._hidden)), is_relayed=False)
            self._hidden.clear()
        call = self._calls.pop(value.get("contentBlockIndex"), None)
        if call is None:
            flow.pause()
        else:
            flow.close_call(call)

    def _end(self, value: dict[str, Any]) -> None:
        flow = self._flow
        flow.close()
        flow.end(stop_reason_of(value.get("stopReason"), has_calls=flow.has_calls))

    def _count(self, value: dict[str, Any]) -> None:
        self._flow.usage(parse_usage(value.get("usage")))
        self._finished = self._flow.ended


_HANDLERS: Final[Mapping[str, Callable[[ConverseStreamParser, dict[str, Any]], None]]] = {
    "contentBlockStart": ConverseStreamParser._open,  # noqa: SLF001 - its own table
    "contentBlockDelta": ConverseStreamParser._grow,  # noqa: SLF001
    "contentBlockStop": ConverseStreamParser._stop,  # noqa: SLF001
    "messageStop": ConverseStreamParser._end,  # noqa: SLF001
    "metadata": ConverseStreamParser._count,  # noqa: SLF001
}


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ProviderError("an event of the provider's stream holds no object where there must be one")
    return value


def _failure(event: Event) -> UpstreamError:
    text = event.message or report_of_body(event.payload).text
    return classify_value({"__type": event.kind, "message": text})

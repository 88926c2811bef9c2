"""A streamed answer, read."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import Chunk, StopReason
from ....messages.content import ImageBlock
from ....messages.errors import ProviderError, StreamBrokenError
from ..block_flow import BlockFlow
from ..classify import classify_value
from ..json_text import read_provider_object
from ..limits import MAX_EVENT_BYTES
from ..sse import SseDecoder, SseEvent
from .media import IMAGES, parse_images
from .response import content_text, is_error, reasoning_text, stop_sequence_of
from .streamed_calls import StreamedCalls
from .usage import parse_usage
from .words import NAME, OBJECT, STOP_REASONS, stop_reason_of

_DONE: Final = b"[DONE]"
_CONTENT: Final = (str, type(None))
_SAID: Final = frozenset({"role", "content", "refusal", "tool_calls", IMAGES, "reasoning_content", "reasoning"})


class ChatStreamParser:
    """Turns the events of one streamed answer into chunks.

    Each event's bytes ride on its first chunk, to be relayed as they are. They do not where the client must get something
    else: tokens that it may not have asked for, fields and ids that the provider left out, content in parts, a finish
    reason that no client knows.
    """

    __slots__ = ("_calls", "_events", "_finished", "_flow", "_refused")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        """Begin an answer; an event may have `max_event_bytes` at most."""
        self._events = SseDecoder(max_event_bytes)
        self._flow = BlockFlow(NAME)
        self._calls = StreamedCalls(self._flow)
        self._refused = False
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether the terminal frame, `[DONE]`, has been read."""
        return self._finished

    def feed(self, data: bytes) -> list[Chunk]:
        """Return the chunks that `data` completes; what follows the terminal frame is ignored.

        Raises:
            UpstreamError: The provider sent an error as an event, or something unreadable.
        """
        if self._finished:
            return []
        for event in self._events.feed(data):
            if event.data == _DONE or event.data.strip() == _DONE:
                self._done()
                break
            if event.data:
                self._event(event)
        return self._flow.take()

    def take(self) -> list[Chunk]:
        """Return the chunks that came before an error that `feed` has raised."""
        return self._flow.take()

    def close(self) -> None:
        """Say that no more bytes come. Some servers leave out `[DONE]`; a finish reason is the end, too.

        Raises:
            StreamBrokenError: Neither came.
        """
        if not self._finished and not self._flow.ended:
            raise StreamBrokenError("the stream ended without finish_reason and without [DONE]")
        self._finished = True

    def _event(self, event: SseEvent) -> None:
        value = read_provider_object(event.data)
        if event.name == b"error" or is_error(value):
            raise classify_value(value)
        flow = self._flow
        choice = _choice(value.get("choices"))
        usage = value.get("usage")
        delta: dict[str, Any] = {} if choice is None else _delta(choice)
        if delta.get("tool_calls"):
            self._calls.note(delta["tool_calls"])
        flow.raw = (
            event.raw if choice is not None and _is_whole(value, choice) and self._is_relayed(choice, delta) else None
        )
        if not flow.started:
            if choice is None and not usage:
                # Azure begins with what its filter says about the prompt, in an event without id, model and choices.
                return
            flow.start(_text(value.get("id")), _text(value.get("model")))
        if choice is not None and not flow.ended:
            self._add(delta)
            self._carry_unsaid(delta)
        # Some imitations write "" in every event that is not the last.
        is_last = choice is not None and choice.get("finish_reason") not in (None, "") and not flow.ended
        if is_last:
            self._close_blocks()
        if usage:
            flow.usage(parse_usage(usage))
        if is_last:
            self._end(choice)

    def _is_relayed(self, choice: dict[str, Any], delta: dict[str, Any]) -> bool:
        has_pieces = bool(delta.get("tool_calls"))
        if has_pieces and not self._calls.are_plain:
            return False
        finish = choice.get("finish_reason")
        if finish is None:
            return True
        # A finish with tool calls of its own, or after a call without arguments, may need what the provider did not say.
        if not isinstance(finish, str) or finish not in STOP_REASONS or has_pieces or self._flow.has_silent_call():
            return False
        return not (self._flow.has_calls and finish == "stop")

    def _add(self, delta: dict[str, Any]) -> None:
        reasoning, _ = reasoning_text(delta)
        if reasoning:
            self._flow.say("thinking", reasoning)
        text = content_text(delta.get("content"))
        if text:
            self._flow.say("text", text)
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            self._refused = True
            self._flow.say("text", refusal)
        for image in parse_images(delta.get(IMAGES)):
            if isinstance(image, ImageBlock):
                self._flow.whole(image, is_relayed=False)
        if delta.get("tool_calls"):
            self._calls.add(delta["tool_calls"], is_relayed=bool(self._flow.raw))

    def _carry_unsaid(self, delta: dict[str, Any]) -> None:
        """Let an event that says what we have no name for (sound, annotations, custom calls) ride on an empty piece of text."""
        # What has ridden on a chunk is b"" by now.
        if not self._flow.raw:
            return
        has_foreign = self._calls.has_foreign and delta.get("tool_calls")
        if has_foreign or any(delta[key] for key in delta if key not in _SAID):
            self._flow.say("text", "")

    def _close_blocks(self) -> None:
        self._calls.finish()
        self._flow.close()

    def _end(self, choice: dict[str, Any] | None) -> None:
        assert choice is not None
        met = stop_sequence_of(choice)
        reason = stop_reason_of(
            choice["finish_reason"], has_calls=self._flow.has_calls, refused=self._refused, stop_sequence=met
        )
        self._flow.end(reason, met)

    def _done(self) -> None:
        flow = self._flow
        if not flow.started:
            raise ProviderError("the stream held nothing but its terminal frame")
        flow.raw = None
        if not flow.ended:
            self._close_blocks()
            flow.end(StopReason.TOOL_USE if flow.has_calls else StopReason.UNKNOWN)
        self._finished = True


def _choice(choices: Any) -> dict[str, Any] | None:
    """Return the first choice, or None in an event that has none: usage, a keep-alive, a vendor's own."""
    if not isinstance(choices, list):
        return None
    for choice in choices:
        if not isinstance(choice, dict):
            raise ProviderError("a choice in the provider's stream is not an object")
        if not choice.get("index"):
            return choice
    return None


def _delta(choice: dict[str, Any]) -> dict[str, Any]:
    # A server that does not really stream may send the whole message at once.
    delta = choice.get("delta") or choice.get("message") or {}
    if not isinstance(delta, dict):
        raise ProviderError("a delta in the provider's stream is not an object")
    return delta


def _is_whole(value: dict[str, Any], choice: dict[str, Any]) -> bool:
    """Return whether an event holds all that a client looks at, in the types it expects; imitations are not always that good."""
    delta = choice.get("delta")
    return (
        value.get("usage") is None
        and value.get("object") == OBJECT
        and type(value.get("id")) is str
        and type(value.get("model")) is str
        and type(value.get("created")) is int
        and type(choice.get("index")) is int
        and type(delta) is dict
        and type(delta.get("content")) in _CONTENT
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

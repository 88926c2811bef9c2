"""Events of a provider of this dialect on their way to a client of it: as they came, but for the ids that clients know and for what is sealed."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import Request
from ....messages.content import ThinkingBlock
from ....messages.errors import ProviderError
from ..json_text import read_provider_object, write_json
from ..seal import sealed
from ..sse import SseDecoder, SseEvent, named_event
from .ids import PREVIOUS, STORE, ResponseId
from .reasoning import unbound

_NUMBER: Final = b'"sequence_number":'
# In texts they are escaped, so that they stand for fields alone.
_ITEM: Final = b'"item":'
_RESPONSE: Final = b'"response":'
_PREFIXES: Final = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_"}
_ENCRYPTED: Final = "encrypted_content"
_OPEN: Final = ("queued", "in_progress")


class EventRelay:
    """Passes events on. Those that only say a piece of an item are bytes in which ids are replaced; the few others are read and written anew.

    Args:
        request: What is answered.
        answer: Id that the client knows the answer by; None leaves the provider's.

    Attributes:
        count: Events passed on.
        head: The response object while the answer grows, or None.
        final: The response object of the finished answer, or None.
    """

    __slots__ = ("_answer", "_decoder", "_names", "_request", "_sealed", "count", "final", "head")

    def __init__(self, request: Request, answer: ResponseId | None) -> None:
        self._request = request
        self._answer = answer
        self._decoder = SseDecoder()
        self._names: dict[bytes, bytes] = {}
        self._sealed: dict[str, str] = {}
        self.count = 0
        self.head: dict[str, Any] | None = None
        self.final: dict[str, Any] | None = None

    def seal(self, thought: ThinkingBlock) -> None:
        """Note what a provider has encrypted, and where: it goes out sealed, so that it comes back with its origin."""
        if thought.encrypted is not None:
            self._sealed[unbound(thought.encrypted)[1]] = sealed(thought)

    def passed(self, raw: bytes) -> bytes:
        """Return whole events as the client gets them."""
        self.count += raw.count(_NUMBER)
        if _ITEM in raw or _RESPONSE in raw:
            return b"".join([self._edited(event) for event in self._decoder.feed(raw)])
        return self._renamed(raw)

    def _edited(self, event: SseEvent) -> bytes:
        if _ITEM not in event.raw and _RESPONSE not in event.raw:
            return self._renamed(event.raw)
        value = read_provider_object(event.data)
        item, answer = value.get("item"), value.get("response")
        if isinstance(item, dict):
            self._edit_item(item, value.get("output_index"))
            if value.get("type") == "response.output_item.done":
                self._names.clear()
        if isinstance(answer, dict):
            self._edit_answer(answer)
        return named_event(str(value.get("type")), write_json(value, ProviderError))

    def _renamed(self, raw: bytes) -> bytes:
        for theirs, ours in self._names.items():
            raw = raw.replace(theirs, ours)
        return raw

    def _edit_answer(self, answer: dict[str, Any]) -> None:
        if self._answer is not None:
            answer["id"] = str(self._answer)
        answer[STORE] = self._request.extra.get(STORE) is not False
        answer[PREVIOUS] = self._request.extra.get(PREVIOUS)
        output = answer.get("output")
        for index, item in enumerate(output if isinstance(output, list) else ()):
            if isinstance(item, dict):
                self._edit_item(item, index)
        if answer.get("status") in _OPEN:
            self.head = answer
        else:
            self.final = answer

    def _edit_item(self, item: dict[str, Any], index: Any) -> None:
        prefix, theirs = _PREFIXES.get(str(item.get("type"))), item.get("id")
        if prefix is not None and self._answer is not None and type(index) is int:
            item["id"] = self._answer.item(prefix, index)
            if isinstance(theirs, str) and theirs:
                self._names[theirs.encode("utf-8", "replace")] = item["id"].encode()
        if _ENCRYPTED in item:
            # What is said of it while the item grows is not what it will be.
            item[_ENCRYPTED] = self._sealed.get(str(item[_ENCRYPTED]))

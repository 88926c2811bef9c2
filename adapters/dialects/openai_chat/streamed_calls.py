"""Tool calls as they arrive in pieces: which piece belongs to which call."""

from __future__ import annotations

from typing import Any

from ....messages.chat import new_id
from ....messages.errors import ProviderError
from ..block_flow import BlockFlow
from .calls import arguments_text, kept_call


class _Call:
    """A call while it grows; it opens when its name is known."""

    __slots__ = ("block", "foreign", "id", "is_relayed", "waiting")

    def __init__(self, call_id: str | None) -> None:
        self.id = call_id
        self.block: int | None = None
        self.waiting: list[str] = []
        # A call of a kind without a name of ours (custom), collected whole; None for calls of functions.
        self.foreign: dict[str, Any] | None = None
        self.is_relayed = False


class StreamedCalls:
    """Sorts pieces by `index`, else by id, else to the call that was opened last.

    Attributes:
        are_plain: Whether every call so far came as OpenAI sends it: numbered from 0 in order, each with an id. Only such
            a stream can be relayed as it is, because ids and numbers that we had to make up must reach the client too.
        has_foreign: Whether a call is none of a function.
    """

    __slots__ = ("_by_id", "_by_index", "_flow", "_order", "are_plain", "has_foreign")

    def __init__(self, flow: BlockFlow) -> None:
        self._flow = flow
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._order: list[_Call] = []
        self.are_plain = True
        self.has_foreign = False

    def note(self, pieces: Any) -> None:
        """Look at the pieces of an event before they are added, and decide whether they are still plain."""
        if not isinstance(pieces, list):
            raise ProviderError("tool_calls of the provider's stream is not an array")
        opening = len(self._order)
        for piece in pieces:
            index, call_id, name, _ = _fields(piece)
            if index is None or name == "" or not _has_text(piece):
                self.are_plain = False
            elif index not in self._by_index:
                has_name = name is not None or _is_foreign(piece)
                self.are_plain &= index == opening and call_id is not None and has_name
                opening += 1
            else:
                self.are_plain &= call_id is None or call_id == self._by_index[index].id

    def add(self, pieces: list[Any], *, is_relayed: bool) -> None:
        """Add the pieces of one event.

        Raises:
            ProviderError: One is no piece of a call.
        """
        for piece in pieces:
            index, call_id, name, arguments = _fields(piece)
            call = self._call(index, call_id, name)
            if call.foreign is None and call.block is None and _is_foreign(piece):
                call.foreign, call.is_relayed, self.has_foreign = {}, is_relayed, True
            if call.foreign is None:
                self._grow(call, name, arguments)
            else:
                _merge(call.foreign, piece)

    def finish(self) -> None:
        """Open what never got a name, and say the calls that are no functions'."""
        for call in self._order:
            if call.foreign is not None:
                content = kept_call({"id": call.id or new_id("call_"), **call.foreign})
                self._flow.whole(content, is_relayed=call.is_relayed)
                self._flow.has_calls = True
            elif call.block is None:
                self._open(call, "")

    def _call(self, index: int | None, call_id: str | None, name: str | None) -> _Call:
        if index is not None:
            known = self._by_index.get(index)
            # Gemini's imitation numbers all calls 0; another id with a name is another call.
            is_another = known is not None and call_id is not None and bool(name) and known.id not in (None, call_id)
            return known if known is not None and not is_another else self._new(index, call_id)
        if call_id is not None:
            return self._by_id.get(call_id) or self._new(index, call_id)
        return self._new(index, call_id) if name or not self._order else self._order[-1]

    def _new(self, index: int | None, call_id: str | None) -> _Call:
        call = _Call(call_id)
        self._order.append(call)
        if index is not None:
            self._by_index[index] = call
        if call_id is not None:
            self._by_id[call_id] = call
        return call

    def _grow(self, call: _Call, name: str | None, arguments: str) -> None:
        if call.block is None:
            if arguments:
                call.waiting.append(arguments)
            if name:
                self._open(call, name)
        else:
            self._flow.grow_call(call.block, arguments)

    def _open(self, call: _Call, name: str) -> None:
        call.block = self._flow.open_call(call.id, name)
        self._flow.grow_call(call.block, "".join(call.waiting))


def _is_foreign(piece: dict[str, Any]) -> bool:
    """Return whether a call is none of a function; some servers echo an empty `custom` on every call, so the type decides."""
    kind = piece.get("type")
    return isinstance(kind, str) and kind not in ("", "function") and not piece.get("function")


def _merge(call: dict[str, Any], piece: dict[str, Any]) -> None:
    """Add a piece to a call that is kept as it is: the texts inside its object grow, all else is said once."""
    for key, value in piece.items():
        if not isinstance(value, dict):
            if key != "index" and value is not None:
                call.setdefault(key, value)
            continue
        inner = call.setdefault(key, {})
        for name, part in value.items():
            known = inner.get(name)
            grows = name != "name" and isinstance(known, str) and isinstance(part, str)
            inner[name] = known + part if grows else part


def _has_text(piece: dict[str, Any]) -> bool:
    """Return whether the arguments are text; some servers send the object itself, which no client can join."""
    arguments = (piece.get("function") or {}).get("arguments")
    return arguments is None or isinstance(arguments, str)


def _fields(piece: Any) -> tuple[int | None, str | None, str | None, str]:
    """Return index, id, name and arguments of a piece."""
    function = piece.get("function") if isinstance(piece, dict) else None
    if not isinstance(piece, dict) or not (function is None or isinstance(function, dict)):
        raise ProviderError("a tool call in the provider's stream is not an object")
    function = function or {}
    index, call_id, name = piece.get("index"), piece.get("id"), function.get("name")
    return (
        index if type(index) is int else None,
        call_id if isinstance(call_id, str) and call_id else None,
        name if isinstance(name, str) else None,
        arguments_text(function.get("arguments"), ProviderError),
    )

"""Tells in short what a tool answered at length."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ....messages.chat import ChatMessage
from ....messages.content import TextBlock, ToolResultBlock

# How a short form begins, so that nobody takes it for what the tool said.
MARK: Final = "[shortened]"

_EXIT_CODE: Final = re.compile(r"exit(?:ed)?(?: with)?(?: code| status)?[:= ]{1,3}(-?\d{1,5})", re.IGNORECASE)
_LOOKED_AT: Final = 500


def distilled(message: ChatMessage, names: Mapping[str, str], max_chars: int) -> ChatMessage:
    """Return the message with its long tool results told in short.

    Args:
        message: Any message.
        names: Name of the tool by id of the call.
        max_chars: Characters up to which a result stays as it is (at least 200).
    """
    if isinstance(message.content, str):
        return message
    blocks = tuple(
        _distilled(block, names, max_chars) if isinstance(block, ToolResultBlock) else block
        for block in message.content
    )
    return message if blocks == message.content else attrs.evolve(message, content=blocks)


def _distilled(block: ToolResultBlock, names: Mapping[str, str], max_chars: int) -> ToolResultBlock:
    if isinstance(block.content, str):
        text = _short(block.content, _name(block, names), max_chars)
        return block if text == block.content else attrs.evolve(block, content=text)
    parts = tuple(
        attrs.evolve(part, text=_short(part.text, _name(block, names), max_chars))
        if isinstance(part, TextBlock)
        else part
        for part in block.content
    )
    return block if parts == block.content else attrs.evolve(block, content=parts)


def _name(block: ToolResultBlock, names: Mapping[str, str]) -> str:
    return (block.name or names.get(block.tool_use_id) or "").lower()


def _short(text: str, name: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    return f"{MARK} {_teller(name)(text)}"[:max_chars]


def _teller(name: str) -> Callable[[str], str]:
    for words, tell in _TELLERS:
        if any(word in name for word in words):
            return tell
    return _anything


def _reading(text: str) -> str:
    lines = text.splitlines() or [""]
    return f"read {len(lines)} lines; first: {lines[0][:80]!r}; last: {lines[-1][:80]!r}"


def _searching(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return f"found {len(lines)} lines, {sum('/' in line for line in lines)} of them with a path"


def _running(text: str) -> str:
    found = _EXIT_CODE.search(text[:_LOOKED_AT])
    tail = "\n".join(text.rstrip().splitlines()[-3:])[-200:]
    return f"ran with exit code {found[1] if found else 0}; last lines:\n{tail}"


def _anything(text: str) -> str:
    return f"{len(text.splitlines())} lines, {len(text)} characters, beginning: {text[:200]}"


_TELLERS: Final = (
    (("read", "cat", "view", "open"), _reading),
    (("search", "grep", "glob", "find"), _searching),
    (("bash", "shell", "command", "execute", "run"), _running),
)

"""Of several readings of one file shows the last alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from ....messages.chat import ChatMessage
from ....messages.content import ContentBlock, ToolResultBlock, ToolUseBlock

_READS: Final = re.compile(r"read|cat|view|open", re.IGNORECASE)
_PATHS: Final = ("file_path", "path", "filename", "file")
# What makes a reading one of a part of the file: two parts do not replace each other.
_PARTS: Final = ("offset", "limit", "start", "end", "start_line", "end_line", "line", "pages", "view_range")


def without_superseded(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the messages with what was read of a file that was read again later told in one line.

    Call and answer stay, so that the pair is whole; of the answer only its text goes. Failed readings replace nothing, and neither do those of parts.
    """
    files = _files(messages)
    last: dict[str, str] = {}
    for message in messages:
        for block in message.blocks:
            if isinstance(block, ToolResultBlock) and block.tool_use_id in files and not block.is_error:
                last[files[block.tool_use_id]] = block.tool_use_id
    return tuple(_replaced(message, files, last) for message in messages)


def _replaced(message: ChatMessage, files: Mapping[str, str], last: Mapping[str, str]) -> ChatMessage:
    if isinstance(message.content, str):
        return message
    blocks = tuple(_stub(block, files, last) for block in message.content)
    return message if blocks == message.content else attrs.evolve(message, content=blocks)


def _stub(block: ContentBlock, files: Mapping[str, str], last: Mapping[str, str]) -> ContentBlock:
    if not isinstance(block, ToolResultBlock) or block.is_error:
        return block
    path = files.get(block.tool_use_id)
    if path is None or last.get(path) in (None, block.tool_use_id):
        return block
    return attrs.evolve(block, content=f"[read again later: {path}]")


def _files(messages: Sequence[ChatMessage]) -> dict[str, str]:
    """Return which file each call reads whole."""
    files: dict[str, str] = {}
    for message in messages:
        for call in message.tool_calls:
            path = _path(call)
            if path is not None:
                files[call.id] = path
    return files


def _path(call: ToolUseBlock) -> str | None:
    if not _READS.search(call.name):
        return None
    try:
        arguments: Any = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return None
    if not isinstance(arguments, dict) or any(arguments.get(part) is not None for part in _PARTS):
        return None
    found = next((arguments[name] for name in _PATHS if isinstance(arguments.get(name), str)), None)
    return found or None

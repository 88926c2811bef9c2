"""What was said, as far as it may be written down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import attrs

from ...messages.chat import ChatMessage, Request, Response
from ...messages.content import (
    Content,
    ContentBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    text_of,
)
from .redaction import Redactor

# What a tool answered is often long, and seldom what an auditor looks for.
_LONGEST_RESULT: Final = 4096


@attrs.frozen(kw_only=True)
class Quotation:
    """How much of what was said is written down.

    Attributes:
        max_messages: Last messages of the conversation.
        max_text: Characters of each text.
        redactor: Masks secrets.
    """

    max_messages: int
    max_text: int
    redactor: Redactor

    def prompt(self, request: Request) -> dict[str, Any]:
        """Return the system prompt and the last messages, how many came before them, and a hash of all."""
        messages = request.messages
        quoted = messages[-self.max_messages :]
        return {
            "system": None if request.system is None else self._text(text_of(request.system)),
            "messages": [self._message(message) for message in quoted],
            "messages_left_out": len(messages) - len(quoted),
            "sha256": _hash(request.system, messages),
        }

    def answer(self, response: Response) -> dict[str, Any]:
        """Return what the model answered, without its reasoning."""
        return self._message(response.message)

    def texts(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that were to be embedded."""
        return [self._text(text) for text in texts]

    def _message(self, message: ChatMessage) -> dict[str, Any]:
        blocks = [each for each in map(self._block, message.blocks) if each is not None]
        return {"role": message.role, "content": blocks}

    def _block(self, block: ContentBlock) -> dict[str, Any] | None:
        """Return a block by its kind; of pictures, documents and sound only that they were there; of reasoning nothing."""
        if isinstance(block, ThinkingBlock):
            return None
        if isinstance(block, TextBlock):
            return {"type": "text", "text": self._text(block.text)}
        if isinstance(block, ToolUseBlock):
            return {"type": "tool_use", "id": block.id, "name": block.name, "arguments": self._text(block.arguments)}
        if isinstance(block, ToolResultBlock):
            result = self._text(text_of(block.content), _LONGEST_RESULT)
            return {"type": "tool_result", "id": block.tool_use_id, "is_error": block.is_error, "text": result}
        if isinstance(block, OpaqueBlock):
            return {"type": "opaque", "dialect": block.dialect}
        return {"type": block.type}

    def _text(self, text: str, most: int | None = None) -> str:
        # Masked before it is cut: half a key would not be known for one.
        masked = self.redactor.text(text)
        most = self.max_text if most is None else min(most, self.max_text)
        return masked if len(masked) <= most else f"{masked[:most]}... ({len(masked) - most} characters more)"


def _hash(system: Content | None, messages: Iterable[ChatMessage]) -> str:
    """Return the SHA-256 of all that was said, so that an event whose text was cut can still be matched with it."""
    digest = hashlib.sha256()
    for text in ("" if system is None else text_of(system), *(f"{each.role}\0{_whole(each)}" for each in messages)):
        digest.update(text.encode("utf-8", "replace"))
        digest.update(b"\0\0")
    return digest.hexdigest()


def _whole(message: ChatMessage) -> str:
    parts = [message.text]
    for block in message.blocks:
        if isinstance(block, ToolUseBlock):
            parts.append(f"{block.name}({block.arguments})")
        elif isinstance(block, ToolResultBlock):
            parts.append(text_of(block.content))
    return "\0".join(parts)

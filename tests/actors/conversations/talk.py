"""Messages in few words."""

from __future__ import annotations

from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.content import TextBlock, ToolResultBlock, ToolUseBlock
from legion_llm.messages.conversation import StoredMessage


def user(text="hi"):
    return ChatMessage(content=text)


def assistant(text="hello"):
    return ChatMessage(role="assistant", content=text)


def system(text="be kind"):
    return ChatMessage(role="system", content=text)


def calls(*ids, name="look", text="", arguments="{}"):
    said = (TextBlock(text=text),) if text else ()
    blocks = tuple(ToolUseBlock(id=each, name=name, arguments=arguments) for each in ids)
    return ChatMessage(role="assistant", content=(*said, *blocks))


def answers(*ids, text="seen", is_error=False):
    blocks = tuple(ToolResultBlock(tool_use_id=each, content=text, is_error=is_error) for each in ids)
    return ChatMessage(role="tool", content=blocks)


def stored(*messages, first=1, **fields):
    return tuple(
        StoredMessage(message=message, seq=seq, id=f"m{seq}", created_at=0.0, **fields)
        for seq, message in enumerate(messages, first)
    )

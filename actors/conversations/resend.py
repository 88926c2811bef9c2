"""What of a request's messages is new, and what a client has only sent again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

import attrs

from ...messages.chat import ChatMessage
from ...messages.content import TextBlock, ThinkingBlock, ToolResultBlock, ToolUseBlock

_INSTRUCTIONS: Final = frozenset({"system", "developer"})


@attrs.frozen(kw_only=True)
class Continuation:
    """How a request goes on with a conversation.

    Attributes:
        new_from: Place of the first of its messages that is not in the history; those before it are instructions, or sent again.
        is_resent: Whether the client keeps the history itself, so that nothing must be put before what it sends.
        after: Place in the history of the message after which the new ones come; the length of the history - 1 where nothing was left behind, and
            -1 where they begin anew.
    """

    new_from: int
    is_resent: bool
    after: int


def continuation(history: Sequence[ChatMessage], messages: Sequence[ChatMessage], *, is_whole: bool) -> Continuation:
    """Compare what a client sends with what is remembered.

    A client may send its new message alone, or all that was said with it, as most APIs want it; and it may have said something else at an earlier
    place than before. It is told by comparison: roles, texts, calls and answers count; reasoning, marks for caches and unknown fields do not, since
    many clients lose them.

    Args:
        history: The newest messages that are remembered, oldest first.
        messages: What the request holds.
        is_whole: Whether the history reaches back to the beginning.
    """
    start = next((place for place, message in enumerate(messages) if message.role not in _INSTRUCTIONS), len(messages))
    said = [place for place in range(start, len(messages)) if messages[place].role not in _INSTRUCTIONS]
    old, new = [_key(message) for message in history], [_key(messages[place]) for place in said]
    last = len(history) - 1
    if not old or not new:
        return Continuation(new_from=start, is_resent=False, after=last)
    keeps_history = any(messages[place].role == "assistant" for place in said)
    end = _sent_again(old, new, keeps_history=keeps_history)
    if end is not None:
        return Continuation(new_from=_place(said, end, messages), is_resent=True, after=last)
    if not keeps_history:
        return Continuation(new_from=start, is_resent=False, after=last)
    common = _common(old, new) if is_whole else 0
    if common:
        return Continuation(new_from=_place(said, common, messages), is_resent=True, after=common - 1)
    # It keeps a history of its own, of which nothing is remembered: what came after its last answer is new.
    answered = max(place for place in said if messages[place].role == "assistant")
    return Continuation(new_from=answered + 1, is_resent=True, after=last)


def _place(said: Sequence[int], number: int, messages: Sequence[ChatMessage]) -> int:
    return said[number] if number < len(said) else len(messages)


def _sent_again(old: Sequence[Hashable], new: Sequence[Hashable], *, keeps_history: bool) -> int | None:
    """Return how many of the new messages are the end of the old ones, sent again; None where they are not."""
    if not keeps_history:
        return None  # a client that sends no answers sends what is new, even if somebody says the same thing twice
    for end in range(len(new), 0, -1):
        length = min(end, len(old))
        if new[end - 1] == old[-1] and list(new[end - length : end]) == list(old[-length:]):
            return end
    return None


def _common(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """Return how many messages both begin with."""
    count = 0
    for ours, theirs in zip(old, new, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _key(message: ChatMessage) -> Hashable:
    """Return what two messages have in common that say the same."""
    if isinstance(message.content, str):
        return message.role, message.content.strip()
    parts: list[Hashable] = []
    text = ""
    for block in message.content:
        if isinstance(block, TextBlock):
            text += block.text
        elif isinstance(block, ToolUseBlock):
            parts.append(("call", block.id, block.name))
        elif isinstance(block, ToolResultBlock):
            parts.append(("answer", block.tool_use_id))
        elif not isinstance(block, ThinkingBlock):
            parts.append(block.type)
    return (message.role, text.strip(), *parts) if parts else (message.role, text.strip())

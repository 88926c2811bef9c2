"""Where a conversation may be cut: never between a tool's call and its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...messages.chat import ChatMessage
from ...messages.content import ToolResultBlock


def calls_of(message: ChatMessage) -> frozenset[str]:
    """Return the ids of the tool calls that a message makes."""
    return frozenset(call.id for call in message.tool_calls)


def answers_of(message: ChatMessage) -> frozenset[str]:
    """Return the ids of the tool calls that a message answers."""
    if isinstance(message.content, str):
        return frozenset()
    return frozenset(block.tool_use_id for block in message.content if isinstance(block, ToolResultBlock))


def safe_starts(messages: Sequence[ChatMessage]) -> Iterator[int]:
    """Yield the places at which a conversation may begin, from the first message to behind the last.

    Nothing from there on answers a call that was made before, and what is kept does not begin with an answer.
    """
    # Behind which message is every answer to it? One pass from the end.
    open_answers: set[str] = set()
    safe: list[int] = [len(messages)]
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        open_answers |= answers_of(message)
        open_answers -= calls_of(message)
        if not open_answers:
            safe.append(place)
    yield from reversed(safe)


def end_of_turn(messages: Sequence[ChatMessage], place: int) -> int:
    """Return the place of the last message that must go along with the one at `place`: the answers to its calls, and to theirs."""
    waiting = set(calls_of(messages[place]))
    end = place
    for following in range(place + 1, len(messages)):
        answered = answers_of(messages[following]) & waiting
        if not answered:
            break
        waiting -= answered
        end = following
        if not waiting:
            break
    return end


def without_orphans(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Leave out messages that do nothing but answer calls that nobody made: no provider takes them."""
    made: set[str] = set()
    kept: list[ChatMessage] = []
    for message in messages:
        made |= calls_of(message)
        answers = answers_of(message)
        if answers and not answers & made and len(message.blocks) == len(answers):
            continue
        kept.append(message)
    return tuple(kept)

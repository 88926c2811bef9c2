"""Turns in which a model called our tools and the client's at once.

The client is shown its own calls alone, and comes back with their results. Then the turn is put together again: what the model really said, our
results, which were there already, and the client's.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import attrs

from ....messages.caller import Caller
from ....messages.chat import ChatMessage
from ....messages.content import ContentBlock, ToolResultBlock

# Caller and call: a client cannot name somebody else's.
Key: TypeAlias = tuple[str | None, str | None, str]


@attrs.frozen(kw_only=True)
class Pause:
    """A turn that waits for its client.

    Attributes:
        before: What went on between the client's last message and this turn: rounds that it was not shown.
        turn: The model's message with all calls.
        results: Our results, by call id.
        expires_at: Monotonic moment at which it is forgotten.
    """

    before: tuple[ChatMessage, ...]
    turn: ChatMessage
    results: dict[str, ToolResultBlock]
    expires_at: float


class Pauses:
    """The turns that wait, bounded in number and time. Owned by the inference actor; its requests' tasks use it, all on its loop.

    A turn stays when it was resumed: the client sends the same history with each following request.

    Args:
        now: Returns monotonic seconds.
        seconds: How long one is kept after it was last needed.
        most: Calls kept at most; what was not needed for longest goes first.
    """

    def __init__(self, now: Callable[[], float], *, seconds: float = 3600.0, most: int = 1000) -> None:
        self._now = now
        self._seconds = seconds
        self._most = most
        self._kept: collections.OrderedDict[Key, Pause] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(
        self,
        caller: Caller,
        client_calls: Sequence[str],
        *,
        before: Sequence[ChatMessage],
        turn: ChatMessage,
        results: dict[str, ToolResultBlock],
    ) -> None:
        """Remember a turn under each of the calls that its client will answer."""
        pause = Pause(before=tuple(before), turn=turn, results=results, expires_at=self._now() + self._seconds)
        for call_id in client_calls:
            self._kept[caller.identity, caller.credential, call_id] = pause
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def resumed(self, caller: Caller, messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
        """Return the conversation with every turn that was paused put together again; the same object where there is none."""
        if not self._kept:
            return messages
        whole = tuple(self._whole(caller, messages))
        return messages if len(whole) == len(messages) and all(map(_is, whole, messages)) else whole

    def _whole(self, caller: Caller, messages: tuple[ChatMessage, ...]) -> Iterator[ChatMessage]:
        rest = collections.deque(messages)
        while rest:
            message = rest.popleft()
            pause = self._find(caller, message)
            if pause is None:
                yield message
                continue
            given: list[ContentBlock] = []
            while rest and rest[0].role == "tool":
                given.extend(rest.popleft().blocks)
            yield from pause.before
            yield pause.turn
            yield ChatMessage(role="tool", content=_in_order(pause, given))

    def _find(self, caller: Caller, message: ChatMessage) -> Pause | None:
        if message.role != "assistant":
            return None
        now = self._now()
        for call in message.tool_calls:
            key = (caller.identity, caller.credential, call.id)
            pause = self._kept.get(key)
            if pause is not None and pause.expires_at > now:
                self._kept[key] = attrs.evolve(pause, expires_at=now + self._seconds)
                self._kept.move_to_end(key)
                return pause
        return None


def _is(one: object, other: object) -> bool:
    return one is other


def _in_order(pause: Pause, given: Sequence[ContentBlock]) -> tuple[ContentBlock, ...]:
    """Return the results in the order of the calls, then whatever else the client sent along."""
    results = {**pause.results, **{block.tool_use_id: block for block in given if isinstance(block, ToolResultBlock)}}
    ordered = [results.pop(call.id) for call in pause.turn.tool_calls if call.id in results]
    others = [block for block in given if not isinstance(block, ToolResultBlock) or block.tool_use_id in results]
    return (*ordered, *others)

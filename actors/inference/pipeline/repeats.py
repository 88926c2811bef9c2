"""Answers that were given, for requests that are sent again with the same idempotency key."""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Callable
from typing import TypeAlias

import attrs
import trio

from ....messages.caller import Caller
from ....messages.chat import Request, Response
from ....messages.errors import LegionError

# Keys belong to their caller: somebody else's are unknown to it.
Key: TypeAlias = tuple[str | None, str | None, str]


@attrs.define(eq=False)
class Entry:
    """A key in use.

    Attributes:
        digest: Of the request, so that a key used for another one is noticed.
        response: The answer, once there is one.
        error: Why there was none; only those who waited meanwhile hear it.
        expires_at: Monotonic moment at which the answer is forgotten.
        done: Set when the request has ended.
    """

    digest: bytes
    response: Response | None = None
    error: LegionError | None = None
    expires_at: float = 0.0
    done: trio.Event = attrs.field(factory=trio.Event)


class Repeats:
    """Requests in flight, and the answers of finished ones, by caller and key.

    Owned by the inference actor; its requests' tasks use it, all on its loop.

    Args:
        now: Returns monotonic seconds.
        seconds: How long an answer is kept.
        most: Answers kept at most; the oldest goes first. What is in flight is bounded by the actor's own limits.
    """

    def __init__(self, now: Callable[[], float], *, seconds: float, most: int) -> None:
        self._now = now
        self._seconds = seconds
        self._most = most
        self._in_flight: dict[Key, Entry] = {}
        self._finished: collections.OrderedDict[Key, Entry] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._in_flight) + len(self._finished)

    def find(self, key: Key) -> Entry | None:
        """Return what is known of a key, or None: then the caller's request is the first."""
        self._forget_old()
        return self._in_flight.get(key) or self._finished.get(key)

    def begin(self, key: Key, digest: bytes) -> Entry:
        """Note that the first request with this key is under way; `finish` must follow, however it ends."""
        entry = self._in_flight[key] = Entry(digest)
        return entry

    def finish(self, key: Key, response: Response | None, error: BaseException | None) -> None:
        """Note how it ended. After a failure the key is free again: the next request with it is made anew."""
        entry = self._in_flight.pop(key)
        if response is not None and error is None:
            entry.response = response
            entry.expires_at = self._now() + self._seconds
            self._finished[key] = entry
            if len(self._finished) > self._most:
                self._finished.popitem(last=False)
        elif isinstance(error, LegionError):
            entry.error = error
        entry.done.set()

    def _forget_old(self) -> None:
        """Answers expire in the order in which they were given."""
        now = self._now()
        while self._finished:
            key, entry = next(iter(self._finished.items()))
            if entry.expires_at > now:
                return
            del self._finished[key]


def key_of(caller: Caller, idempotency_key: str) -> Key:
    """Return the key under which a caller's requests are remembered."""
    return caller.identity, caller.credential, idempotency_key


def digest_of(request: Request) -> bytes:
    """Return what tells two requests with the same key apart: all that the answer depends on. The text itself is not kept."""
    said = (
        request.messages,
        request.system,
        request.model,
        request.provider,
        request.tier,
        request.tools,
        request.tool_choice,
        request.generation,
        request.response_format,
        request.thinking,
        request.conversation_id,
    )
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).digest()

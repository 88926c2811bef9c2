"""How much the holder of a key may ask for in a minute."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from ...messages.chat import Request, Usage
from ...messages.embedding import EmbedRequest
from ...messages.errors import CallerLimitError
from ...messages.settings import KeySettings
from ...messages.tokens import estimated_embedding_tokens, estimated_input_tokens

# Where the limits of the holder stand in the scope of an admitted request.
LIMITS: Final = "legion_llm.limits"

_MINUTE: Final = 60.0


class Bucket:
    """A token bucket: it holds a minute's worth and is refilled evenly. Its level may fall below nothing: what was used cannot be refused any more.

    Args:
        per_minute: What flows in, and what it holds, at least 1.
        now: Seconds of the clock by which it is refilled.
    """

    __slots__ = ("_at", "_capacity", "_level", "_rate")

    def __init__(self, per_minute: float, now: float) -> None:
        self._capacity = max(1.0, per_minute)
        self._rate = per_minute / _MINUTE
        self._level = self._capacity
        self._at = now

    def wait_for(self, amount: float, now: float) -> float:
        """Return the seconds until `amount` is there, 0.0 when it is; more than the bucket holds counts as all that it holds."""
        self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self._capacity) - self._level) / self._rate)

    def take(self, amount: float) -> None:
        """Take something out; a negative amount is given back."""
        self._level = min(self._capacity, self._level - amount)


class KeyLimits:
    """The buckets of one holder.

    Args:
        name: Of the holder.
        rights: Its limits.
        now: The clock, seconds.
    """

    __slots__ = ("_name", "_now", "_requests", "_tokens")

    def __init__(self, name: str, rights: KeySettings, now: Callable[[], float]) -> None:
        self._name = name
        self._now = now
        self._requests = None if rights.requests_per_minute is None else Bucket(rights.requests_per_minute, now())
        self._tokens = None if rights.tokens_per_minute is None else Bucket(rights.tokens_per_minute, now())

    @property
    def counts_tokens(self) -> bool:
        """Whether tokens are limited, so that a request's must be estimated."""
        return self._tokens is not None

    def admit(self, tokens: float) -> Admission:
        """Let a request in that will use about so many tokens.

        Raises:
            CallerLimitError: The minute's requests or tokens are used up; `retry_after` says until when.
        """
        now = self._now()
        for bucket, amount, what in ((self._requests, 1.0, "requests"), (self._tokens, tokens, "tokens")):
            wait = 0.0 if bucket is None else bucket.wait_for(amount, now)
            if wait > 0:
                raise CallerLimitError(
                    f"the key of {self._name} has used up its {what} for this minute: wait {wait:.1f} s",
                    retry_after=wait,
                )
        if self._requests is not None:
            self._requests.take(1.0)
        if self._tokens is not None:
            self._tokens.take(tokens)
        return Admission(self._tokens, tokens)


class Admission:
    """One request that was let in, and the tokens that were taken for it. Unless it is settled they are given back at the end of the `with` block."""

    __slots__ = ("_reserved", "_tokens")

    def __init__(self, tokens: Bucket | None, reserved: float) -> None:
        self._tokens = tokens
        self._reserved = reserved

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._take_instead(0.0)

    def settle(self, usage: Usage | None) -> None:
        """Take what was really used instead of the estimate; None leaves the estimate, since nobody knows."""
        self._take_instead(self._reserved if usage is None else usage.total_tokens)
        self._tokens = None

    def _take_instead(self, tokens: float) -> None:
        if self._tokens is not None:
            self._tokens.take(tokens - self._reserved)


_UNLIMITED: Final = Admission(None, 0.0)


def admission_of(limits: KeyLimits | None, request: Request | EmbedRequest) -> Admission:
    """Let a request in, as the limits of its key allow.

    Raises:
        CallerLimitError: See `KeyLimits.admit`.
    """
    if limits is None:
        return _UNLIMITED
    if not limits.counts_tokens:
        return limits.admit(0.0)
    if isinstance(request, EmbedRequest):
        return limits.admit(estimated_embedding_tokens(request.inputs))
    return limits.admit(estimated_input_tokens(request))

"""Answers in Redis, through its own client (extra `redis`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...messages.chat import Response
from ...messages.errors import InvalidRequestError, SettingsError, TargetUnavailable
from ...messages.secret import Secret
from ..codec import from_json, to_json

if TYPE_CHECKING:
    from redis.asyncio import Redis

_PREFIX: Final = "legion:answer:"


class RedisAnswers:
    """Keeps answers under "legion:answer:KEY", each with its time to live.

    Args:
        url: Where Redis is ("redis://127.0.0.1:6379/0").
        password: Its password, or None.

    Raises:
        SettingsError: The client is not installed, or the URL is none.
    """

    def __init__(self, url: str, password: Secret | None = None) -> None:
        self._redis: Redis = redis_client(url, password)

    async def get(self, key: str) -> Response | None:
        """Return the answer under a key, or None; see the port."""
        found = await self._do(self._redis.get(_PREFIX + key))
        if found is None:
            return None
        try:
            return from_json(found, Response)
        except InvalidRequestError as error:
            raise TargetUnavailable(f"Redis holds something unreadable under {_PREFIX}{key[:8]}…: {error}") from error

    async def put(self, key: str, response: Response, seconds: float) -> None:
        """Keep an answer for so long; see the port."""
        await self._do(self._redis.set(_PREFIX + key, to_json(response), px=max(1, int(seconds * 1000))))

    async def aclose(self) -> None:
        """Close the connections. May be called twice."""
        await self._redis.aclose()

    async def _do(self, command: Any) -> Any:
        from redis.exceptions import RedisError  # noqa: PLC0415 - it is there, since the client is

        try:
            return await command
        except (RedisError, OSError) as error:
            raise TargetUnavailable(f"Redis: {error}") from error


def redis_client(url: str, password: Secret | None) -> Redis:
    """Return a client of Redis, which connects when it is used.

    Raises:
        SettingsError: It is not installed, or the URL is none.
    """
    try:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError(
            "response_cache.redis_url: the client of Redis is missing: pip install legion-llm[redis]",
            path="response_cache.redis_url",
        ) from error
    try:
        return Redis.from_url(url, password=None if password is None else password.reveal())
    except ValueError as error:
        raise SettingsError(f"response_cache.redis_url: {error}", path="response_cache.redis_url") from error

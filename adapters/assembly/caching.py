"""Makes the actor that remembers answers."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.cache.local import LocalCache, LocalCacheConfig
from ...actors.cache.shared import SharedCache, SharedCacheConfig
from ...messages.errors import SettingsError
from ...messages.secret import Secret, SecretRef
from ...messages.settings import Settings
from ...runtime import ASYNCIO, ChildSpec
from ..cache.redis import RedisAnswers
from ..settings.credentials import Absent, resolve


def cache_specs(settings: Settings, environ: Mapping[str, str], capacity: int) -> tuple[ChildSpec, ...]:
    """Return the description of the cache, where answers are remembered.

    Raises:
        SettingsError: The password of Redis cannot be looked up.
    """
    section = settings.response_cache
    if not section.enabled:
        return ()
    if section.redis_url is None:
        config = LocalCacheConfig(seconds=section.ttl_seconds, entries=section.entries)
        return (ChildSpec(name="cache", factory=lambda: LocalCache(config), mailbox_capacity=capacity),)
    url, password = section.redis_url, redis_password(section.redis_password, environ)
    shared = SharedCacheConfig(seconds=section.ttl_seconds, patience=section.patience)
    return (
        ChildSpec(
            name="cache",
            factory=lambda: SharedCache(shared, RedisAnswers(url, password)),
            home=ASYNCIO,
            mailbox_capacity=capacity,
        ),
    )


def redis_password(reference: SecretRef | None, environ: Mapping[str, str]) -> Secret | None:
    """Return the password of Redis, or None for none.

    Raises:
        SettingsError: It cannot be looked up.
    """
    if reference is None:
        return None
    password = resolve(reference, environ)
    if isinstance(password, Absent):
        raise SettingsError(f"response_cache.redis_password: {password.reason}", path="response_cache.redis_password")
    return password

"""The section of the settings that is about answers that may be given again."""

from __future__ import annotations

from pathlib import PurePath

import attrs

from ..secret import SecretRef
from .checks import above, between, not_blank, without_password


def _reference(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="redis_password")


@attrs.frozen(kw_only=True)
class ResponseCacheSettings:
    """Which answers are remembered: those to requests of temperature 0 that belong to no conversation.

    Attributes:
        enabled: Whether any are. Default True: a request that leaves the temperature out is never answered from it.
        ttl_seconds: Seconds for which an answer may be given again (above 0). Default 300.0.
        entries: Answers kept in memory, least recently used dropped first (at least 1). Default 1000.
        redis_url: Redis that several gateways share ("redis://127.0.0.1:6379/0"; extra `redis`), or None: memory. Default None.
        redis_password: Its password, as text, "env://NAME" or a list of which the first that yields something is taken. Default none.
        patience: Seconds that a request waits for Redis (above 0); then it goes its way. Default 0.25.
        deliver: Whether `/api/llm/chat` answers 202 at once and keeps the answer to be fetched. Default False: clients wait.
        spool_dir: Folder of answers too large to be kept in memory. Default "~/.legionio/data/spool/llm_responses".
        spool_threshold_bytes: Size from which an answer to be fetched goes to a file (at least 1). Default 8 MiB.
    """

    enabled: bool = True
    ttl_seconds: float = attrs.field(default=300.0, validator=above(0, unit="s"))
    entries: int = attrs.field(default=1000, validator=between(1))
    redis_url: str | None = attrs.field(default=None, validator=[not_blank, without_password("redis_password")])
    redis_password: SecretRef | None = attrs.field(default=None, converter=_reference)
    patience: float = attrs.field(default=0.25, validator=above(0, unit="s"))
    deliver: bool = False
    spool_dir: str = attrs.field(
        default=str(PurePath("~", ".legionio", "data", "spool", "llm_responses")), validator=not_blank
    )
    spool_threshold_bytes: int = attrs.field(default=8 * 1024 * 1024, validator=between(1, unit="bytes"))

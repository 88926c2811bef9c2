"""Where the system keeps what shall outlive it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from ..secret import SecretRef
from .checks import above, between, fault, not_blank, one_of, without_password

# The word that stands in place of a file.
IN_MEMORY: Final = "memory"

Synchronous: TypeAlias = Literal["full", "normal"]


_SCHEMES: Final = ("postgresql://", "postgres://")


def is_server(text: str) -> bool:
    """Return whether a text names a server, and not a file."""
    return text.startswith(_SCHEMES)


def _reference(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="password")


def _is_postgres(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not is_server(value):
        raise fault(attribute.name, f"must begin with postgresql://, got {value!r}")


@attrs.frozen(kw_only=True)
class StoreSettings:
    """The store of ledger, audit, conversations and batches.

    Attributes:
        path: SQLite file, made with its folder where it is missing; "memory" keeps everything in this process, bounded, and forgets it at the
            end. Default None: a host that embeds the library keeps it in memory, `legion-llm serve` in `~/.legionio/data/legion-llm.db`.
        url: PostgreSQL server that several hosts share ("postgresql://legion@db.example/llm"; extra `postgres`), in place of a file. Default None.
        password: Its password, as text, "env://NAME" or a list of which the first that yields something is taken. Default none: where PostgreSQL's
            own programs look for one (PGPASSWORD, `~/.pgpass`).
        schema: Schema in that database that holds the tables; made where it is missing. Default "legion_llm".
        pool_size: Connections to that server for reading, at most (2 to 100); one more writes. Default 4.
        synchronous: full survives a power cut with every answered write; normal is faster, survives a crash of the process, and may lose the
            last writes in a power cut. Default full.
        timeout: Seconds that one read or write may take before its caller hears `StoreUnavailable` (above 0). Default 5.0.
        max_pending: Writes that may wait for their commit; one more is refused with `StoreUnavailable` (at least 1). Default 10000.
    """

    path: str | None = attrs.field(default=None, validator=not_blank)
    url: str | None = attrs.field(default=None, validator=[not_blank, _is_postgres, without_password("password")])
    password: SecretRef | None = attrs.field(default=None, converter=_reference)
    schema: str = attrs.field(default="legion_llm", validator=not_blank)
    pool_size: int = attrs.field(default=4, validator=between(2, 100))
    synchronous: Synchronous = attrs.field(default="full", validator=one_of(Synchronous))
    timeout: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    max_pending: int = attrs.field(default=10_000, validator=between(1))

    def __attrs_post_init__(self) -> None:
        if self.path is not None and self.url is not None:
            raise fault("url", f"names a server, and store.path a file ({self.path!r}): leave one of them out")

"""The record of what was used."""

from __future__ import annotations

import attrs

from .checks import between


@attrs.frozen(kw_only=True)
class MeteringSettings:
    """The record of what was used: the ledger.

    Attributes:
        keep_attempts: Attempt records kept in memory, oldest dropped first (at least 0); totals go on counting. Default 1000:
            each is a handful of objects for the garbage collector to walk over.
        buffer: Rows that may wait for the store while it is away (at least 1). Past it the oldest are dropped, counted and logged, because
            routing does not stop for the ledger; nobody is answered for a dropped row where `strict` is set. Default 10000.
        strict: Whether an answer waits until the rows of its attempts are kept; it fails with `StoreUnavailable` where they cannot be, although the
            provider has answered. Default False: rows follow their answer within a fraction of a second.
    """

    keep_attempts: int = attrs.field(default=1000, validator=between(0))
    buffer: int = attrs.field(default=1000, validator=between(1))
    strict: bool = False

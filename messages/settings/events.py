"""The section of the settings that is about what is told outside."""

from __future__ import annotations

import attrs

from .checks import above, between, not_blank


@attrs.frozen(kw_only=True)
class EventSettings:
    """Events of attempts, requests and escalations, for others at RabbitMQ (that of `fleet.rabbitmq`).

    Attributes:
        enabled: Whether they are told. Default False.
        path: File in which they wait until they are handed on. Default None: events.db in the folder of the store, or in `~/.legionio/data` where
            that is none.
        most: Events that may wait (at least 1). Past it the oldest are dropped, counted and logged. Default 100000.
        keep_seconds: Seconds for which ids are remembered after that, so that nothing is handed on twice (above 0). Default 86400.0.
    """

    enabled: bool = False
    path: str | None = attrs.field(default=None, validator=not_blank)
    most: int = attrs.field(default=100_000, validator=between(1))
    keep_seconds: float = attrs.field(default=86_400.0, validator=above(0, unit="s"))

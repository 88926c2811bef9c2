"""The section of the settings that is about the pipeline itself."""

from __future__ import annotations

import attrs

from .checks import above, between


@attrs.frozen(kw_only=True)
class PipelineSettings:
    """What the pipeline remembers of requests.

    Attributes:
        keep_timelines: Finished requests whose timeline is kept for inspection, oldest dropped first (at least 0). They hold no prompt text.
            Default 1000.
        advice_timeout: Seconds for which a request waits for the host's advisor (above 0). Default 2.0.
        idempotency_seconds: Seconds for which a finished answer is given again to a request with the same idempotency key (above 0). Default 3600.0.
        idempotency_entries: Answers kept for that, oldest dropped first (at least 1). Default 1000.
        assign_conversation_ids: Whether a request without a conversation begins one. Default False: it is not part of any.
    """

    keep_timelines: int = attrs.field(default=1000, validator=between(0))
    advice_timeout: float = attrs.field(default=2.0, validator=above(0, unit="s"))
    idempotency_seconds: float = attrs.field(default=3600.0, validator=above(0, unit="s"))
    idempotency_entries: int = attrs.field(default=1000, validator=between(1))
    assign_conversation_ids: bool = False

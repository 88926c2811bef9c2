"""The section of the settings that is about shadow evaluation."""

from __future__ import annotations

import attrs

from .checks import above, between, fault, not_blank


@attrs.frozen(kw_only=True)
class ShadowSettings:
    """Whether some requests are also asked of another model, whose answers are compared and thrown away.

    Attributes:
        enabled: Default False: it costs a second call.
        sample_rate: Share of the requests (0 to 1). Default 0.1.
        model: The other model; or None: the default of `provider`. Default None.
        provider: Its provider or instance, or None: whoever serves the model. Default None. One of the two must be named.
        timeout: Seconds that it may take (above 0). Default 60.0.
        queue: Requests that may wait for it, which is asked one after the other; those that come while so many wait are not compared (at least 1).
            Default 100.
        history: Comparisons kept, oldest dropped first (at least 1). Default 100.
    """

    enabled: bool = False
    sample_rate: float = attrs.field(default=0.1, validator=between(0, 1))
    model: str | None = attrs.field(default=None, validator=not_blank)
    provider: str | None = attrs.field(default=None, validator=not_blank)
    timeout: float = attrs.field(default=60.0, validator=above(0, unit="s"))
    queue: int = attrs.field(default=100, validator=between(1))
    history: int = attrs.field(default=100, validator=between(1))

    def __attrs_post_init__(self) -> None:
        if self.enabled and self.model is None and self.provider is None:
            raise fault("model", "must be named where shadow.enabled is true, or shadow.provider must")

"""What models cost, where the user knows better than the price list."""

from __future__ import annotations

import attrs

from .checks import between


@attrs.frozen(kw_only=True)
class PriceSettings:
    """What one model costs, in USD for a million tokens.

    Attributes:
        input: Prompt tokens (at least 0).
        output: Generated tokens, reasoning included (at least 0).
        cache_read: Prompt tokens served from the provider's cache (at least 0). None: as `input`. Default None.
        cache_write: Prompt tokens written into it (at least 0). None: as `input`. Default None.
    """

    input: float = attrs.field(validator=between(0, unit="USD"))
    output: float = attrs.field(validator=between(0, unit="USD"))
    cache_read: float | None = attrs.field(default=None, validator=between(0, unit="USD"))
    cache_write: float | None = attrs.field(default=None, validator=between(0, unit="USD"))

"""The section `structured`: answers that are data."""

from __future__ import annotations

import attrs

from .checks import between


@attrs.frozen(kw_only=True)
class StructuredSettings:
    """How answers that must fit a schema are got.

    Attributes:
        max_retries: How often a model is asked again after an answer that does not fit (0 to 10). Default 2.
    """

    max_retries: int = attrs.field(default=2, validator=between(0, 10))

"""The section `counting`: how the length of a prompt is found before it is sent."""

from __future__ import annotations

import attrs

from .checks import above


@attrs.frozen(kw_only=True)
class CountingSettings:
    """How tokens are counted.

    Attributes:
        ask_provider: Whether a provider that counts is asked; it then reads the prompt. False: they are estimated. Default True.
        timeout: Seconds for its answer, after which they are estimated (above 0). Default 5.0.
    """

    ask_provider: bool = True
    timeout: float = attrs.field(default=5.0, validator=above(0, unit="s"))

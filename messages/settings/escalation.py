"""What happens to a poor answer, a slow one and a broken one: sections of `routing`, and the sections `quality` and `confidence`."""

from __future__ import annotations

import itertools

import attrs

from .checks import above, between, fault


@attrs.frozen(kw_only=True)
class EscalationSettings:
    """Whether a poor answer is tried again elsewhere; a request may say otherwise.

    Attributes:
        enabled: Whether answers are judged and poor ones escalate. Default False: it costs a second call, and false alarms cost it too.
        max_attempts: Attempts of a request that escalates, poor answers and failures together (1 to 100). Default 3.
        quality_threshold: Least length of a good answer in characters (at least 0). Default 50.
        check_timeout: Seconds that a caller's own check of an answer may take (above 0); a check that takes longer has no say. Default 5.0.
    """

    enabled: bool = False
    max_attempts: int = attrs.field(default=3, validator=between(1, 100))
    quality_threshold: int = attrs.field(default=50, validator=between(0, unit="characters"))
    check_timeout: float = attrs.field(default=5.0, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class HedgingSettings:
    """Whether a slow call gets a second one beside it; the first answer counts.

    Streams are never hedged, nor requests that may do more than answer: with tools that the provider runs itself, or parameters unknown to us.

    Attributes:
        enabled: Default False: it costs calls whose answers are thrown away.
        delay_seconds: Seconds after which a call counts as slow (above 0). None: the 95th percentile of the target's recent answers, once
            there are twenty of them. Default None.
    """

    enabled: bool = False
    delay_seconds: float | None = attrs.field(default=None, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class RescueSettings:
    """Whether a stream that breaks off after its first content is gone on with elsewhere; a request may say otherwise.

    Attributes:
        enabled: Default False: the caller hears of the break instead. While it is on, events are written anew and not relayed as bytes.
    """

    enabled: bool = False


@attrs.frozen(kw_only=True)
class QualitySettings:
    """Which of the checks an answer can fail; an empty one, one that repeats itself and broken JSON always do.

    Attributes:
        too_short: Shorter than the request's threshold. Default True.
        truncated: A long answer that ends in the middle of a sentence. Default True.
        refusal: Its first line says that the model cannot or may not. Default True.
        hedging: Doubtful wording lowers the score (it is never a failure by itself). Default True.
    """

    too_short: bool = True
    truncated: bool = True
    refusal: bool = True
    hedging: bool = True


@attrs.frozen(kw_only=True)
class BandSettings:
    """Where the bands of confidence begin: below `low` is very low, from `very_high` on very high.

    Attributes:
        low: Default 0.3.
        medium: Default 0.5.
        high: Default 0.7.
        very_high: Default 0.9. Each is between 0 and 1 and above the one before.
    """

    low: float = attrs.field(default=0.3, validator=between(0, 1))
    medium: float = attrs.field(default=0.5, validator=between(0, 1))
    high: float = attrs.field(default=0.7, validator=between(0, 1))
    very_high: float = attrs.field(default=0.9, validator=between(0, 1))

    def __attrs_post_init__(self) -> None:
        steps = [("low", self.low), ("medium", self.medium), ("high", self.high), ("very_high", self.very_high)]
        for (before, low), (name, high) in itertools.pairwise(steps):
            if high <= low:
                raise fault(name, f"must be above {before} ({low:g}), got {high:g}")


@attrs.frozen(kw_only=True)
class ConfidenceSettings:
    """How much an answer is trusted.

    Attributes:
        enabled: Whether every answer is scored, and not only those that are judged or for which a caller asks. Default False: reading an answer
            closely takes longer than all else that a plain request goes through.
        bands: Where the bands begin.
    """

    enabled: bool = False
    bands: BandSettings = BandSettings()

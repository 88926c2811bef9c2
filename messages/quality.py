"""How good an answer is, as far as a machine can tell without a second model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

import attrs

Band: TypeAlias = Literal["very_low", "low", "medium", "high", "very_high"]
QualitySource: TypeAlias = Literal["heuristic", "logprobs", "caller_provided"]

BANDS: Final[tuple[Band, ...]] = get_args(Band)


@attrs.frozen(kw_only=True)
class ConfidenceTerms:
    """What a caller knows, or wants, of the score of its answer.

    Attributes:
        score: The score, 0 to 1, where the caller knows it; None to find it out.
        bands: Where bands begin ({"high": 0.8}), over what the settings say.
    """

    score: float | None = None
    bands: Mapping[str, float] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Quality:
    """How much an answer may be trusted.

    Attributes:
        score: 0 (not at all) to 1.
        band: The score in one word.
        source: Where the score comes from: our own rules, the model's log probabilities, or the caller.
        signals: What weighed in, by name ("hedging": 0.15 was taken off); empty where nothing did.
    """

    score: float
    band: Band
    source: QualitySource
    signals: Mapping[str, float] = attrs.field(factory=dict)

    def at_least(self, band: Band) -> bool:
        """Whether the band is this one or a better one."""
        return BANDS.index(self.band) >= BANDS.index(band)

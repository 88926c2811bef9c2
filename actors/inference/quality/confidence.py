"""How much an answer may be trusted: a score from what the caller says, from log probabilities, or from what the rules found."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

import attrs

from ....messages.chat import Response
from ....messages.errors import InvalidRequestError, SettingsError
from ....messages.quality import BANDS, Band, Quality, QualitySource
from ....messages.settings import BandSettings
from .check import EMPTY, NO_JSON, REFUSAL, REPETITION, TOO_SHORT, TRUNCATED, Checked

# What each finding takes off.
PENALTIES: Final[Mapping[str, float]] = {
    REFUSAL: 0.8,
    EMPTY: 1.0,
    TRUNCATED: 0.4,
    REPETITION: 0.5,
    NO_JSON: 0.6,
    TOO_SHORT: 0.3,
}
HEDGING: Final = "hedging"
VALID_JSON: Final = "json_valid"

_PER_HEDGE: Final = 0.05
_MOST_HEDGING: Final = 0.3
_JSON_BONUS: Final = 0.1
# Below this mean a model knows as little as one can; the score is about 0.007.
_LEAST_LOGPROB: Final = -5.0
# Doubt is told early; a text of megabytes is not searched to its end.
_SEARCHED: Final = 100_000

_HEDGES: Final = re.compile(
    r"\b(?:think|believe|not (?:sure|certain|definite|confirmed)|uncertain|seems|appears|maybe|perhaps|possibly|probably|guess|assume|unclear"
    r"|could be)\b",
    re.IGNORECASE,
)


def score(
    response: Response,
    checked: Checked,
    *,
    bands: BandSettings,
    given: float | None = None,
    hedging: bool = True,
) -> Quality | None:
    """Return how much an answer may be trusted; None for a turn that calls tools, which says nothing yet.

    What the caller gives counts before log probabilities, and those before the rules.

    Args:
        response: The answer.
        checked: What the rules found in it.
        bands: Where the bands begin.
        given: The caller's own score; what is beyond 0 or 1 is taken for that.
        hedging: Whether doubtful wording takes something off.
    """
    if response.tool_calls:
        return None
    if given is not None:
        return _quality(given, "caller_provided", bands)
    if response.logprobs:
        mean = math.fsum(response.logprobs) / len(response.logprobs)
        return _quality(math.exp(max(mean, _LEAST_LOGPROB)), "logprobs", bands, {"mean_logprob": round(mean, 6)})
    signals = _signals(response, checked, hedging=hedging)
    return _quality(1 - min(1.0, max(0.0, math.fsum(signals.values()))), "heuristic", bands, signals)


def hedges(text: str) -> int:
    """Return how often a text doubts itself."""
    return sum(1 for _ in _HEDGES.finditer(text[:_SEARCHED]))


def bands_over(bands: BandSettings, changes: Mapping[str, float]) -> BandSettings:
    """Return bands with some of their beginnings changed.

    Raises:
        InvalidRequestError: No such band, or they do not rise from 0 to 1.
    """
    if not changes:
        return bands
    unknown = changes.keys() - {"low", "medium", "high", "very_high"}
    if unknown:
        raise InvalidRequestError(
            f"there is no band {min(unknown)!r}; there are low, medium, high, very_high", param="confidence_bands"
        )
    try:
        return attrs.evolve(bands, **changes)
    except SettingsError as error:
        raise InvalidRequestError(f"confidence_bands: {error}", param="confidence_bands") from error


def band_of(value: float, bands: BandSettings) -> Band:
    """Return the score in one word."""
    beginnings = (bands.low, bands.medium, bands.high, bands.very_high)
    return BANDS[sum(value >= beginning for beginning in beginnings)]


def _signals(response: Response, checked: Checked, *, hedging: bool) -> dict[str, float]:
    """Return what weighs in, by name: above 0 it takes off, below 0 it adds."""
    signals = {name: PENALTIES[name] for name in checked.failures if name in PENALTIES}
    doubts = min(_MOST_HEDGING, round(_PER_HEDGE * hedges(response.text), 2)) if hedging else 0.0
    if doubts:
        signals[HEDGING] = doubts
    if checked.json_valid:
        signals[VALID_JSON] = -_JSON_BONUS
    return signals


def _quality(
    value: float, source: QualitySource, bands: BandSettings, signals: Mapping[str, float] | None = None
) -> Quality:
    rounded = round(min(1.0, max(0.0, value)), 4)
    return Quality(score=rounded, band=band_of(rounded, bands), source=source, signals=signals or {})

"""Judges the answers of one request: our own rules, and the caller's own check beside them."""

from __future__ import annotations

from typing import Final

import attrs
import trio

from ....messages.chat import Escalation, Request, Response
from ....messages.errors import LegionError
from ....messages.quality import ConfidenceTerms, Quality
from ....messages.routing import QualityCheck
from ....messages.settings import BandSettings, EscalationSettings, QualitySettings
from .check import CUSTOM, check
from .confidence import bands_over, score

_AS_SETTINGS_SAY: Final = Escalation()
_NO_TERMS: Final = ConfidenceTerms()


@attrs.frozen(kw_only=True)
class Verdict:
    """What an answer was found to be worth.

    Attributes:
        failures: What is wrong with it; () where it is good enough.
        quality: How much it may be trusted, or None for a turn that calls tools.
        warnings: What could not be judged, in words for people.
    """

    failures: tuple[str, ...] = ()
    quality: Quality | None = None
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""
        return not self.failures


@attrs.frozen(kw_only=True)
class JudgeConfig:
    """What all judges go by.

    Attributes:
        escalation: What holds for requests that do not say otherwise.
        quality: Which of the rules hold.
        bands: Where the bands of confidence begin.
    """

    escalation: EscalationSettings = EscalationSettings()
    quality: QualitySettings = QualitySettings()
    bands: BandSettings = BandSettings()


class Judge:
    """Judges the answers of one request.

    Attributes:
        max_attempts: Attempts of the request at most.
    """

    def __init__(self, request: Request, wanted: Escalation, config: JudgeConfig, own: QualityCheck | None) -> None:
        settings = config.escalation
        self.max_attempts = settings.max_attempts if wanted.max_attempts is None else wanted.max_attempts
        self._config = config
        self._threshold = settings.quality_threshold if wanted.quality_threshold is None else wanted.quality_threshold
        self._json_expected = wanted.json_expected or wants_json(request)
        self._terms = request.confidence or _NO_TERMS
        self._bands = bands_over(config.bands, self._terms.bands)
        self._own = own

    async def verdict(self, response: Response, *, is_final: bool = False) -> Verdict:
        """Return what the answer is worth. It never raises for the caller's check: one that fails or takes too long has no say.

        Args:
            response: The answer.
            is_final: Whether the caller has seen it already, so that its own check has nothing to decide.
        """
        verdict = self.opinion(response)
        if self._own is None or is_final or not verdict.passed:
            return verdict
        passed, warnings = await self._asked(self._own, response)
        return attrs.evolve(verdict, failures=() if passed else (CUSTOM,), warnings=warnings)

    def opinion(self, response: Response) -> Verdict:
        """Return what our own rules say of the answer."""
        rules = self._config.quality
        checked = check(response, threshold=self._threshold, json_expected=self._json_expected, rules=rules)
        quality = score(response, checked, bands=self._bands, given=self._terms.score, hedging=rules.hedging)
        return Verdict(failures=checked.failures, quality=quality)

    async def _asked(self, own: QualityCheck, response: Response) -> tuple[bool, tuple[str, ...]]:
        """Return what the caller's check says, and a warning where it says nothing."""
        timeout = self._config.escalation.check_timeout
        try:
            with trio.move_on_after(timeout):
                return bool(await own(response)), ()
        except LegionError as error:
            return True, (f"quality_check: {error}",)
        return True, (f"quality_check did not end within {timeout:g} s",)


def judge_of(request: Request, config: JudgeConfig, own: QualityCheck | None) -> Judge | None:
    """Return the judge of a request's answers, or None where a poor one is as good as another.

    A request that sets any of the terms of escalation, or brings its own check, escalates unless it says that it shall not.

    Raises:
        InvalidRequestError: Its bands of confidence are none.
    """
    wanted = request.escalation
    if wanted is None:
        if own is None and not config.escalation.enabled:
            return None
        wanted = _AS_SETTINGS_SAY
    enabled = wanted.enabled
    if enabled is None:
        enabled = config.escalation.enabled or own is not None or wanted != _AS_SETTINGS_SAY
    if not enabled:
        return None
    return Judge(request, wanted, config, own)


def quality_of(request: Request, response: Response, config: JudgeConfig) -> Quality | None:
    """Return how much an answer may be trusted that nobody has judged; None for a turn that calls tools.

    Raises:
        InvalidRequestError: The request's bands of confidence are none.
    """
    return Judge(request, request.escalation or _AS_SETTINGS_SAY, config, None).opinion(response).quality


def wants_json(request: Request) -> bool:
    """Whether the answer is to be JSON."""
    return request.response_format is not None and request.response_format.type != "text"

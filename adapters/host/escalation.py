"""What a host says about poor answers: its arguments as the request carries them, and its own check as the actors can call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...messages.chat import Escalation, Response
from ...messages.errors import InvalidRequestError
from ...messages.quality import ConfidenceTerms
from ...messages.routing import QualityCheck
from .functions import HostFunctions

ESCALATION: Final = frozenset(
    {
        *("escalate", "max_escalations", "quality_threshold", "json_expected"),
        *("confidence_score", "confidence_bands"),
    }
)


def escalation_of(parameters: Mapping[str, Any]) -> Escalation | None:
    """Return what the arguments `escalate`, `max_escalations`, `quality_threshold` and `json_expected` say, or None without any.

    Raises:
        InvalidRequestError: One of them has a wrong type or is out of range.
    """
    if parameters.keys().isdisjoint(ESCALATION):
        return None
    escalations = _count(parameters, "max_escalations")
    wanted = Escalation(
        enabled=switch(parameters, "escalate"),
        # After the first answer there may be so many more.
        max_attempts=None if escalations is None else escalations + 1,
        quality_threshold=_count(parameters, "quality_threshold"),
        json_expected=bool(switch(parameters, "json_expected")),
    )
    return None if wanted == Escalation() else wanted


def confidence_of(parameters: Mapping[str, Any]) -> ConfidenceTerms | None:
    """Return what the arguments `confidence_score` and `confidence_bands` say, or None without any.

    Raises:
        InvalidRequestError: One of them has a wrong type or is out of range.
    """
    score, bands = parameters.get("confidence_score"), parameters.get("confidence_bands")
    if score is None and bands is None:
        return None
    if score is not None and not (_is_number(score) and 0 <= score <= 1):
        raise InvalidRequestError(f"confidence_score must be 0 to 1, not {score!r}", param="confidence_score")
    if bands is not None and not (isinstance(bands, Mapping) and all(map(_is_number, bands.values()))):
        raise InvalidRequestError("confidence_bands must be a mapping of names to numbers", param="confidence_bands")
    return ConfidenceTerms(score=score, bands=dict(bands or {}))


def bound_check(check: Callable[[Response], object] | None, functions: HostFunctions) -> QualityCheck | None:
    """Return a host's check as the actors can await it.

    Raises:
        InvalidRequestError: It cannot be called.
    """
    if check is None:
        return None
    if not callable(check):
        raise InvalidRequestError(
            f"quality_check must be a function of the response, not {type(check).__name__}", param="quality_check"
        )
    return functions.bound(check, "quality_check")


def switch(parameters: Mapping[str, Any], name: str) -> bool | None:
    """Return an argument that is True, False or None.

    Raises:
        InvalidRequestError: It is something else.
    """
    value = parameters.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequestError(f"{name} must be True or False, not {value!r}", param=name)
    return value


def _count(parameters: Mapping[str, Any], name: str) -> int | None:
    value = parameters.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise InvalidRequestError(f"{name} must be a number of at least 0, not {value!r}", param=name)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

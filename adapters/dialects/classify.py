"""What a provider's error means, read once, at the boundary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from ...messages.errors import (
    AccountError,
    AuthError,
    ModelUnavailableError,
    ProviderError,
    RateLimitError,
    RequestRejectedError,
    UpstreamError,
)
from .error_report import ErrorReport, report_of, report_of_body
from .error_rules import BY_CODE, BY_STATUS, FORBIDDEN, RULES
from .rate_limits import exhausted_for, read_rate_limits
from .retry_after import hinted_wait, rate_limit_reset, retry_after, said_at

_FIRST_ERROR: Final = 300
_REDIRECTS: Final = range(300, 400)
_CLIENT_ERRORS: Final = range(400, 500)

# Who may be asked again later. An account comes back when somebody pays or a month ends, and some say when.
_WAITABLE: Final = (RateLimitError, ProviderError, AccountError)


def classify_error(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> UpstreamError:
    """Return what an answer with an error status means; never raises, whatever the body holds.

    Args:
        status: HTTP status.
        headers: The answer's; names in any case.
        body: As much of it as was read.
        now: Unix seconds, for a `Retry-After` that is a date.
    """
    if status in _REDIRECTS:
        return ProviderError(f"status {status}: redirects are not followed", status=status)
    names = {name.lower(): value for name, value in headers.items()}
    report = report_of_body(body)
    kind = names.get("x-amzn-errortype", "").partition(":")[0].lower()
    if kind:
        report = attrs.evolve(report, codes=report.codes | {kind})
    return _error(status, report, names, said_at(names, now))


def classify_value(value: Any) -> UpstreamError:
    """Return what an error object means that arrived under status 200, as an answer or as an event of a stream."""
    return _error(200, report_of(value), {}, 0.0)


def _error(status: int, report: ErrorReport, headers: Mapping[str, str], now: float) -> UpstreamError:
    effective = status if status >= _FIRST_ERROR else report.status or status
    kind = _kind(effective, report)
    wait = _wait(kind, report, headers, now)
    where = f"status {effective}" if effective >= _FIRST_ERROR else "an error in place of an answer"
    return kind(f"{where}: {report.text}", status=status, retry_after=wait)


def _wait(kind: type[UpstreamError], report: ErrorReport, headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds to wait: by `Retry-After`, else by the body, else until what is used up is full again."""
    if kind not in _WAITABLE:
        return None
    wait = retry_after(headers, now)
    if wait is None:
        wait = report.wait if report.wait is not None else hinted_wait(report.text, now)
    if wait is not None or kind is not RateLimitError:
        return wait
    waits = (rate_limit_reset(headers), exhausted_for(read_rate_limits(headers, now)))
    return max((each for each in waits if each is not None), default=None)


def _kind(status: int, report: ErrorReport) -> type[UpstreamError]:
    for rule in RULES:
        if rule.fits(report, status):
            return rule.error
    if status == FORBIDDEN:
        return _forbidden(report)
    if status >= _FIRST_ERROR:
        return BY_STATUS.get(status) or (RequestRejectedError if status in _CLIENT_ERRORS else ProviderError)
    return next((BY_CODE[code] for code in sorted(report.codes) if code in BY_CODE), ProviderError)


def _forbidden(report: ErrorReport) -> type[UpstreamError]:
    """Return what 403 means: a dead account is put aside for everybody, so what may be about one request or one model must not be taken for it."""
    if not report.is_prose:
        return ProviderError  # a page: something in between has refused, perhaps because of what the prompt says
    words = report.text.lower()
    return ModelUnavailableError if "model" in words and "scope" not in words else AuthError

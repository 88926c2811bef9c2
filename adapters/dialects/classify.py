"""What a provider's error means: one table for all dialects, read once, at the boundary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
import orjson

from ...messages.errors import (
    AccountError,
    AuthError,
    ContentRefusedError,
    ContextOverflow,
    ProviderError,
    RateLimitError,
    RequestRejectedError,
    UpstreamError,
)
from .retry_after import rate_limit_reset, retry_after

MAX_TEXT: Final = 500

_FIRST_ERROR: Final = 300
_REDIRECTS: Final = range(300, 400)
_CLIENT_ERRORS: Final = range(400, 500)
_NUMERIC_CODES: Final = range(400, 600)
_TOO_MANY_REQUESTS: Final = 429
_LONGEST_READ: Final = 256 * 1024
_WORDS_READ: Final = 4096

# Vendors mask keys in their messages; not everyone who imitates them does.
_KEY: Final = re.compile(r"\b(?:sk|pk|gsk|xai|key)-[\w.*-]{6,}|\bBearer\s+\S+", re.IGNORECASE)
_MARKUP: Final = ("<!doctype", "<html", "<?xml", "<head", "<body")


@attrs.frozen(kw_only=True)
class ErrorReport:
    """What the body of an error says.

    Attributes:
        text: The message, on one line.
        codes: Every code, type and status word in it, in lower case.
        status: HTTP status repeated in the body, or None.
        is_prose: Whether `text` is the provider's own words, and not a page or a note of ours.
    """

    text: str
    codes: frozenset[str] = frozenset()
    status: int | None = None
    is_prose: bool = True


@attrs.frozen(kw_only=True)
class Rule:
    """An error that codes or words give away, whatever the status.

    Attributes:
        codes: Codes or types, in lower case.
        words: Parts of the message, in lower case.
        except_at: Statuses under which the words mean something else.
    """

    error: type[UpstreamError]
    codes: frozenset[str]
    words: tuple[str, ...] = ()
    except_at: frozenset[int] = frozenset()

    def fits(self, report: ErrorReport, words: str, status: int) -> bool:
        """Return whether the report gives it away."""
        if not self.codes.isdisjoint(report.codes):
            return True
        return status not in self.except_at and any(word in words for word in self.words)


RULES: Final = (
    Rule(
        error=ContextOverflow,
        codes=frozenset(
            {
                "context_length_exceeded",
                "context_window_exceeded",
                "model_context_window_exceeded",
                "exceed_context_size_error",
                "max_prompt_tokens_exceeded",
            }
        ),
        words=(
            "maximum context length",
            "context_length_exceeded",
            "exceeds the context window",
            "exceeds the model's context",
            "exceeds the available context size",
            "maximum prompt length",
            "prompt is too long",
            "input is too long for",
            "exceeds the maximum number of tokens",
        ),
    ),
    # "Too many tokens, please wait" is how a limit per minute is put under 429.
    Rule(
        error=ContextOverflow,
        codes=frozenset(),
        words=("too many tokens",),
        except_at=frozenset({_TOO_MANY_REQUESTS}),
    ),
    Rule(
        error=ContentRefusedError,
        codes=frozenset(
            {
                "content_filter",
                "content_policy_violation",
                "responsibleaipolicyviolation",
                "moderation_blocked",
                "prompt_blocked",
            }
        ),
        words=("content management policy", "content_policy_violation"),
    ),
    Rule(
        error=AccountError,
        codes=frozenset(
            {
                "insufficient_quota",
                "billing_hard_limit_reached",
                "billing_not_active",
                "billing_error",
                "account_deactivated",
                "insufficient_balance",
                "insufficient_credits",
                "payment_required",
                "credit_balance_too_low",
            }
        ),
        words=("credit balance is too low", "insufficient balance", "insufficient credits", "billing hard limit"),
    ),
    Rule(
        error=AuthError,
        codes=frozenset({"invalid_api_key", "api_key_invalid"}),
        words=("incorrect api key", "api key not valid"),
    ),
)

# Statuses with a meaning of their own; other 4xx mean that the request is wrong, everything else that the provider is sick.
BY_STATUS: Final[Mapping[int, type[UpstreamError]]] = {
    401: AuthError,
    402: AccountError,
    403: AuthError,
    408: ProviderError,
    425: ProviderError,
    _TOO_MANY_REQUESTS: RateLimitError,
}

# For errors that arrive under status 200, where only the code or type says what they are.
BY_CODE: Final[Mapping[str, type[UpstreamError]]] = {
    "rate_limit_exceeded": RateLimitError,
    "rate_limit_error": RateLimitError,
    "too_many_requests": RateLimitError,
    "resource_exhausted": RateLimitError,
    "requests": RateLimitError,
    "tokens": RateLimitError,
    "authentication_error": AuthError,
    "permission_error": AuthError,
    "permission_denied": AuthError,
    "invalid_request_error": RequestRejectedError,
    "badrequesterror": RequestRejectedError,
    "model_not_found": RequestRejectedError,
    "not_found_error": RequestRejectedError,
}


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
    return _error(status, report_of_body(body), {name.lower(): value for name, value in headers.items()}, now)


def classify_value(value: Any) -> UpstreamError:
    """Return what an error object means that arrived under status 200, as an answer or as an event of a stream."""
    return _error(200, report_of(value), {}, 0.0)


def _error(status: int, report: ErrorReport, headers: Mapping[str, str], now: float) -> UpstreamError:
    effective = status if status >= _FIRST_ERROR else report.status or status
    kind = _kind(effective, report)
    wait = retry_after(headers, now) if kind in (RateLimitError, ProviderError) else None
    if wait is None and kind is RateLimitError:
        wait = rate_limit_reset(headers)
    where = f"status {effective}" if effective >= _FIRST_ERROR else "an error in place of an answer"
    return kind(f"{where}: {report.text}", status=status, retry_after=wait)


def _kind(status: int, report: ErrorReport) -> type[UpstreamError]:
    words = report.text.lower() if report.is_prose else ""
    for rule in RULES:
        if rule.fits(report, words, status):
            return rule.error
    if status >= _FIRST_ERROR:
        return BY_STATUS.get(status) or (RequestRejectedError if status in _CLIENT_ERRORS else ProviderError)
    return next((BY_CODE[code] for code in sorted(report.codes) if code in BY_CODE), ProviderError)


def report_of_body(body: bytes) -> ErrorReport:
    """Return what the bytes of an error say, be they JSON, prose, a web page or nothing."""
    try:
        return report_of(orjson.loads(body[:_LONGEST_READ]))
    except orjson.JSONDecodeError:
        text = body[: _WORDS_READ * 4].decode("utf-8", "replace").strip()
    if not text:
        return ErrorReport(text="an empty body", is_prose=False)
    if text[:64].lower().startswith(_MARKUP):
        return ErrorReport(text=_short(f"a web page: {text}"), is_prose=False)
    return ErrorReport(text=_short(text))


def report_of(value: Any) -> ErrorReport:
    """Return what a JSON error says: `{"error": {...}}`, `{"error": "..."}`, `{"message": ...}`, `{"detail": ...}`, or a list of these."""
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return ErrorReport(text=_short(_as_text(value)))
    error = value.get("error")
    if isinstance(error, str):
        return ErrorReport(text=_short(_as_text(error)), codes=frozenset(_codes(value)), status=_status(value))
    if not isinstance(error, dict):
        error = value
    text = error.get("message") or error.get("detail") or value.get("message") or value
    codes = frozenset([*_codes(error), *_codes(error.get("innererror")), *_codes(value)])
    return ErrorReport(text=_short(_as_text(text)), codes=codes, status=_status(error))


def _codes(error: Any) -> Iterator[str]:
    if isinstance(error, dict):
        for key in ("code", "type", "status"):
            if isinstance(error.get(key), str):
                yield error[key].lower()


def _status(error: Mapping[str, Any]) -> int | None:
    for key in ("code", "status", "status_code"):
        code = error.get(key)
        if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) == len("429"):
            code = int(code)
        if type(code) is int and code in _NUMERIC_CODES:
            return code
    return None


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Read to 1,024 levels, written to 254.
        return "an error nested too deep to be shown"


def _short(text: str) -> str:
    """Return `text` on one line, without keys, cut to 500 characters."""
    line = _KEY.sub("[key]", " ".join(text[:_WORDS_READ].split()))
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"

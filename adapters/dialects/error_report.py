"""What the body of a provider's error says, be it JSON, prose, a web page or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs
import orjson

from .retry_after import span_until

MAX_TEXT: Final = 500

_NUMERIC_CODES: Final = range(400, 600)
_LONGEST_READ: Final = 256 * 1024
_WORDS_READ: Final = 4096
_MOST_DETAILS: Final = 16

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
        wait: Seconds to wait that the body states as a value, or None.
        is_prose: Whether `text` is the provider's own words, and not a page, a value or a note of ours.
    """

    text: str
    codes: frozenset[str] = frozenset()
    status: int | None = None
    wait: float | None = None
    is_prose: bool = True


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
    text = error.get("message") or error.get("Message") or error.get("detail") or value.get("message") or value
    details = _details(error)
    codes = frozenset(
        [
            *_codes(error),
            *_codes(error.get("innererror")),
            *_codes(value),
            *(each for part in details for each in _codes(part)),
        ]
    )
    # A list of validation errors repeats what the caller has sent: it is shown, but not read for words.
    is_prose = isinstance(text, str)
    return ErrorReport(
        text=_short(_as_text(text)), codes=codes, status=_status(error), wait=_delay(details), is_prose=is_prose
    )


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what Google puts beside the message: reasons, quotas, and when to come back."""
    details = error.get("details")
    return [each for each in details[:_MOST_DETAILS] if isinstance(each, dict)] if isinstance(details, list) else []


def _delay(details: Iterable[Mapping[str, Any]]) -> float | None:
    delays = [each["retryDelay"] for each in details if isinstance(each.get("retryDelay"), str)]
    return span_until(delays[0], 0.0) if delays else None


def _codes(error: Any) -> Iterator[str]:
    if isinstance(error, dict):
        for key in ("code", "type", "status", "reason", "__type"):
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

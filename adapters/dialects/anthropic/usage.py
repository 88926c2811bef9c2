"""Token counts, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Usage

_MOST: Final = 2**53


def parse_usage(value: Any) -> Usage:
    """Return the counts: `input_tokens` is what was read anew, beside what came from the cache or went into it."""
    if not isinstance(value, Mapping):
        return Usage(source="partial")
    output = _count(value, "output_tokens")
    details = value.get("output_tokens_details")
    reasoning = min(_count(details, "thinking_tokens") if isinstance(details, Mapping) else 0, output)
    return Usage(
        uncached_input=_count(value, "input_tokens"),
        cache_read=_count(value, "cache_read_input_tokens"),
        cache_write=_count(value, "cache_creation_input_tokens"),
        visible_output=output - reasoning,
        reasoning=reasoning,
    )


def render_usage(usage: Usage) -> dict[str, Any]:
    """Return the counts as the dialect puts them."""
    wire: dict[str, Any] = {
        "input_tokens": usage.uncached_input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning:
        wire["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return wire


def _count(source: Mapping[str, Any], key: str) -> int:
    value = source.get(key)
    return min(max(value, 0), _MOST) if type(value) is int else 0

"""Token counts, both ways."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import Usage

UNKNOWN: Final = Usage(source="partial")

# What JavaScript can count; orjson cannot write integers over 64 bits.
_MOST: Final = 2**53


def parse_usage(value: Any) -> Usage:
    """Return the counts in buckets that do not overlap; nonsense (negative, part larger than whole) is clamped.

    `prompt_tokens` includes what came from the cache, `completion_tokens` the reasoning. Some vendors (xAI) count
    reasoning beside the completion; their total gives them away.
    """
    if not isinstance(value, dict):
        return UNKNOWN
    prompt, completion = _count(value, "prompt_tokens"), _count(value, "completion_tokens")
    read = _count(value.get("prompt_tokens_details"), "cached_tokens") or _count(value, "prompt_cache_hit_tokens")
    read = min(read, prompt)
    written = min(_count(value.get("prompt_tokens_details"), "cache_write_tokens"), prompt - read)
    reasoning = _count(value.get("completion_tokens_details"), "reasoning_tokens")
    if reasoning and _count(value, "total_tokens") == prompt + completion + reasoning:
        completion += reasoning
    reasoning = min(reasoning, completion)
    return Usage(
        uncached_input=prompt - read - written,
        cache_read=read,
        cache_write=written,
        visible_output=completion - reasoning,
        reasoning=reasoning,
    )


def render_usage(usage: Usage) -> dict[str, Any]:
    """Return the counts as the dialect adds them up."""
    prompt_details = {"cached_tokens": usage.cache_read}
    if usage.cache_write:
        prompt_details["cache_write_tokens"] = usage.cache_write
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _count(source: Any, key: str) -> int:
    value = source.get(key) if type(source) is dict else None
    if type(value) is not int and type(value) is not float:
        return 0
    return int(min(max(value, 0), _MOST)) if value else 0

"""Token counts, both ways."""

from __future__ import annotations

import math
from typing import Any, Final

from ....messages.chat import Usage
from ..usage_sum import count

UNKNOWN: Final = Usage(source="partial")

_PROMPT: Final = "prompt_tokens_details"
_COMPLETION: Final = "completion_tokens_details"


def parse_usage(value: Any) -> Usage:
    """Return the counts in buckets that do not overlap; nonsense (negative, part larger than whole) is clamped.

    `prompt_tokens` includes what came from the cache, sound and pictures, `completion_tokens` reasoning and sound. Some vendors (xAI) count
    reasoning beside the completion; their total gives them away. Gateways (OpenRouter) tell what the answer costs.
    """
    if not isinstance(value, dict):
        return UNKNOWN
    prompt, completion = count(value, "prompt_tokens"), count(value, "completion_tokens")
    total, cost = count(value, "total_tokens"), value.get("cost")
    reasoning, heard = _parts(value.get(_COMPLETION), "reasoning_tokens", "audio_tokens")
    if reasoning and total == prompt + completion + reasoning:
        completion += reasoning
    reasoning = min(reasoning, completion)
    heard = min(heard, completion - reasoning)
    read, written, sound, pictures = _parts(
        value.get(_PROMPT), "cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens"
    )
    if "prompt_cache_hit_tokens" in value:  # DeepSeek's word for it
        read = read or count(value, "prompt_cache_hit_tokens")
    read = min(read, prompt)
    written = min(written, prompt - read)
    fresh = prompt - read - written
    sound = min(sound, fresh)
    pictures = min(pictures, fresh - sound)
    return Usage(
        uncached_input=fresh - sound - pictures,
        cache_read=read,
        cache_write=written,
        visible_output=completion - reasoning - heard,
        reasoning=reasoning,
        audio_input=sound,
        image_input=pictures,
        audio_output=heard,
        source="reported" if total in (0, prompt + completion) else "partial",
        cost_usd=None if cost is None else _dollars(cost),
    )


def render_usage(usage: Usage) -> dict[str, Any]:
    """Return the counts as the dialect adds them up."""
    prompt = {
        "cache_write_tokens": usage.cache_write,
        "audio_tokens": usage.audio_input,
        "image_tokens": usage.image_input,
    }
    completion = {"audio_tokens": usage.audio_output}
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        _PROMPT: {"cached_tokens": usage.cache_read, **_told(prompt)},
        _COMPLETION: {"reasoning_tokens": usage.reasoning, **_told(completion)},
    }


def _parts(details: Any, *names: str) -> list[int]:
    """Return the counts of an object of details, 0 for those that are not told."""
    told = details if isinstance(details, dict) else {}
    return [count(told, name) if told.get(name) else 0 for name in names]


def _dollars(cost: Any) -> float | None:
    """Return what an answer costs; some tell it in parts, with their sum."""
    stated = cost.get("total_cost") if isinstance(cost, dict) else cost
    if type(stated) is not int and type(stated) is not float:
        return None
    return float(stated) if 0 <= stated < math.inf else None


def _told(counts: dict[str, int]) -> dict[str, int]:
    return {name: tokens for name, tokens in counts.items() if tokens}

"""Token counts, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Usage
from ..usage_sum import count, reconciled

_SOUND: Final = "AUDIO"
_PICTURES: Final = "IMAGE"


def parse_usage(value: Any) -> Usage:
    """Return the counts in buckets that do not overlap.

    The prompt includes what came from the cache; candidates do not include thoughts; what Google's own tools read counts beside the prompt.
    """
    if not isinstance(value, Mapping):
        return Usage(source="partial")
    prompt = count(value, "promptTokenCount")
    cached = min(count(value, "cachedContentTokenCount"), prompt)
    tools, thoughts = count(value, "toolUsePromptTokenCount"), count(value, "thoughtsTokenCount")
    total = count(value, "totalTokenCount") or None
    candidates = count(value, "candidatesTokenCount")
    if total is not None and "candidatesTokenCount" not in value:
        candidates = max(0, total - prompt - tools - thoughts)
    fresh = prompt - cached
    sound = min(_modality(value, "promptTokensDetails", _SOUND, "cacheTokensDetails"), fresh)
    pictures = min(_modality(value, "promptTokensDetails", _PICTURES, "cacheTokensDetails"), fresh - sound)
    heard = min(_modality(value, "candidatesTokensDetails", _SOUND), candidates)
    seen = min(_modality(value, "candidatesTokensDetails", _PICTURES), candidates - heard)
    usage = Usage(
        uncached_input=fresh - sound - pictures + tools,
        cache_read=cached,
        visible_output=candidates - heard - seen,
        reasoning=thoughts,
        audio_input=sound,
        image_input=pictures,
        audio_output=heard,
        image_output=seen,
    )
    return reconciled(usage, total)


def render_usage(usage: Usage) -> dict[str, Any]:
    """Return the counts as the dialect adds them up."""
    wire: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning,
        "totalTokenCount": usage.total_tokens,
    }
    if usage.cache_read:
        wire["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        wire["thoughtsTokenCount"] = usage.reasoning
    for name, sound, pictures in (
        ("promptTokensDetails", usage.audio_input, usage.image_input),
        ("candidatesTokensDetails", usage.audio_output, usage.image_output),
    ):
        details = [(_SOUND, sound), (_PICTURES, pictures)]
        if sound or pictures:
            wire[name] = [{"modality": kind, "tokenCount": tokens} for kind, tokens in details if tokens]
    return wire


def _modality(value: Mapping[str, Any], key: str, kind: str, less: str = "") -> int:
    """Return the tokens of one kind in a list of details, less those in another."""
    return max(0, _sum(value.get(key), kind) - _sum(value.get(less), kind))


def _sum(details: Any, kind: str) -> int:
    if not isinstance(details, list):
        return 0
    return sum(count(each, "tokenCount") for each in details if isinstance(each, dict) and each.get("modality") == kind)

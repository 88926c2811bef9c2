"""Token counts."""

from __future__ import annotations

from typing import Any

from ....messages.chat import Usage
from ..usage_sum import count, reconciled


def parse_usage(value: Any) -> Usage:
    """Return the counts: input is what was read anew, beside what came from the cache or went into it. Thinking is not told apart from the answer."""
    if not isinstance(value, dict):
        return Usage(source="partial")
    usage = Usage(
        uncached_input=count(value, "inputTokens"),
        cache_read=count(value, "cacheReadInputTokens"),
        cache_write=count(value, "cacheWriteInputTokens"),
        visible_output=count(value, "outputTokens"),
    )
    total = count(value, "totalTokens")
    # Some models' totals leave the cache out.
    is_without_cache = total == usage.uncached_input + usage.output_tokens
    return usage if is_without_cache or not total else reconciled(usage, total)

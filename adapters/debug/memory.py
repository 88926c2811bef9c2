"""How much memory the process takes, and what takes it where tracemalloc is on."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any, Final

_MOST: Final = 20


def memory_top() -> dict[str, Any]:
    """Show how many objects there are, and the lines that took the most memory (where PYTHONTRACEMALLOC is set)."""
    shown: dict[str, Any] = {"objects": len(gc.get_objects()), "frozen": gc.get_freeze_count(), "tracing": False}
    if not tracemalloc.is_tracing():
        return {**shown, "hint": "start the process with PYTHONTRACEMALLOC=1 to see what takes memory"}
    traced, peak = tracemalloc.get_traced_memory()
    top = tracemalloc.take_snapshot().statistics("lineno")[:_MOST]
    lines = [{"where": str(each.traceback), "bytes": each.size, "blocks": each.count} for each in top]
    return {**shown, "tracing": True, "traced_bytes": traced, "peak_bytes": peak, "top": lines}

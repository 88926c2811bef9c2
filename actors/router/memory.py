"""Whether a model that is to be loaded fits into this machine's memory."""

from __future__ import annotations

import math
from typing import Final

_MEGABYTE: Final = 2**20


def shortage(
    size_bytes: int | None, available_mb: int | None, floor_mb: int, overhead: float
) -> tuple[int, int] | None:
    """Return the megabytes that the model needs and those that it may have, where the first are more; None where it fits, or nobody knows.

    Args:
        size_bytes: Size of its files, or None.
        available_mb: What could be had, or None.
        floor_mb: What is left alone.
        overhead: What it takes when it runs, over the size of its files.
    """
    if size_bytes is None or available_mb is None:
        return None
    needed, room = math.ceil(size_bytes * overhead / _MEGABYTE), max(0, available_mb - floor_mb)
    return (needed, room) if needed > room else None

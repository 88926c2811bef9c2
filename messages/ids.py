"""Ids: unique, but no secrets."""

from __future__ import annotations

import os
import random

# Seeded by the operating system, anew in a forked child. Not asked for every id: the call gives up the GIL, which another thread then takes.
_ids = random.Random()  # noqa: S311 - ids are no secrets
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ids.seed)


def random_hex(digits: int) -> str:
    """Return so many random hex digits; an even number."""
    return _ids.randbytes(digits // 2).hex()


def new_id(prefix: str, digits: int = 24) -> str:
    """Return `prefix` and random hex digits ("req_3f…")."""
    return prefix + _ids.randbytes(digits // 2).hex()

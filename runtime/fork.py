"""What a fork leaves behind: threads do not survive it, so a system, its replies and its streams belong to the process that made them."""

from __future__ import annotations

import os

from ..messages.errors import ForkedProcess

# Counts the forks between the first interpreter and this one. A value remembered from before a fork differs from it ever after.
_generation = 0


def _forked() -> None:
    global _generation  # noqa: PLW0603 - the one process-wide fact: which side of a fork we are on
    _generation += 1


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_forked)


def generation() -> int:
    """Return the number to remember at birth and to hand to `check` later."""
    return _generation


def check(born: int, what: str) -> None:
    """Refuse to go on in a forked child: locks may be held by threads that no longer exist.

    Raises:
        ForkedProcess: The process was forked since `born` was read.
    """
    if born != _generation:
        raise ForkedProcess(
            f"{what} was started before this process was forked (pid {os.getpid()}); its threads live in the parent only. "
            "Start a new one in the child."
        )

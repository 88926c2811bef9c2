"""What counts as a bug: what ends an actor, and must end nothing else."""

from __future__ import annotations

import asyncio

import trio

# How the two libraries, and the interpreter, end a task; these must pass through.
_ENDINGS = (trio.Cancelled, asyncio.CancelledError, GeneratorExit)


class Killed(Exception):
    """An operator, or a test, wants this actor to crash."""


def is_bug(error: BaseException) -> bool:
    """Whether an exception that left an actor's code is a bug, rather than a task's end on its way to whoever cancelled it.

    SystemExit is a bug, too, alone or in a group: an actor that calls sys.exit() must not take the host's loop along.
    """
    if isinstance(error, BaseExceptionGroup):
        # trio takes its own part out of such a group further up; what remains then comes by once more, without it.
        return error.subgroup(_ENDINGS) is None
    return not isinstance(error, _ENDINGS)


def described(error: BaseException) -> str:
    """Return the line by which people know an error."""
    return f"{type(error).__name__}: {error}"

"""Kills writers of one and the same file, again and again, and looks at what they leave."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
from inquest import findings
from journal import notes_of

_HERE = Path(__file__).parent

# Seconds for which a writer writes, at most.
_LONGEST = 0.1
# How many die before they write: while they open the file, or make it.
_EARLY = 0.15
# How often a whole gateway writes instead of the stores alone: it takes longer to start.
_GATEWAYS = 0.1
# Seconds within which a writer has begun, on any machine.
_PATIENCE = 30.0


@attrs.frozen(kw_only=True)
class Death:
    """One writer, and what it left.

    Attributes:
        after: Seconds from its birth, or from the moment when it began to write, to its death.
        is_early: Whether they are counted from its birth.
        kept: Writes that were told to be kept.
    """

    number: int
    kind: str
    after: float
    is_early: bool
    kept: int
    findings: tuple[str, ...]


@attrs.frozen
class Zygote:
    """The process that bears writers."""

    process: subprocess.Popen[str]

    def kill_one(self, order: dict[str, object], begun: Path | None, after: float) -> bool:
        """Have a writer born, and kill it after so many seconds, from when the file `begun` is there; returns whether it still lived then."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        latest = time.monotonic() + _PATIENCE
        while begun is not None and not begun.exists() and _lives(child) and time.monotonic() < latest:
            time.sleep(0.001)
        time.sleep(after)  # its death must come at any moment, not at one that it could signal
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self.process.stdout.readline().strip() == "killed"


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def zygote() -> Iterator[Zygote]:
    """Start the process that bears writers."""
    command = [sys.executable, str(_HERE / "zygote.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Zygote(process)
        assert process.stdin is not None
        process.stdin.close()


def torture(folder: Path, kills: int, seed: int, told: Callable[[Death], None] = lambda _: None) -> list[Death]:
    """Kill so many writers, one after the other. A seed replays who writes what, and for how long; not where in it the death falls."""
    dice = random.Random(seed)
    deaths = []
    with zygote() as mother:
        for number in range(kills):
            kind = "gateway" if dice.random() < _GATEWAYS else "stores"
            is_early, after = dice.random() < _EARLY, dice.uniform(0.0, _LONGEST)
            order = {"kind": kind, "folder": str(folder), "number": number, "seed": dice.randrange(2**32)}
            lived = mother.kill_one(order, None if is_early else folder / f"journal.{number}", after)
            found = findings(folder, number) if lived else ["it had ended by itself before it was killed"]
            kept = sum(what == "kept" for what, _, _ in notes_of(folder / f"journal.{number}"))
            death = Death(number=number, kind=kind, after=after, is_early=is_early, kept=kept, findings=tuple(found))
            deaths.append(death)
            told(death)
    return [_looked_at_again(folder, death) for death in deaths]


def _looked_at_again(folder: Path, death: Death) -> Death:
    """Look whether what was there after a death is there still, after all that followed."""
    later = [f"in the end: {each}" for each in findings(folder, death.number) if each not in death.findings]
    return attrs.evolve(death, findings=(*death.findings, *later))

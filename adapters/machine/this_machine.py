"""The machine that we run on; implements `actors.discovery.port.Machine`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

from ...actors.discovery.port import Memory
from .linux import linux_memory
from .macos import SYSCTL, VM_STAT, macos_memory

# A file of the kernel's that tells numbers is short; the longest here is memory.stat with some kilobytes.
_MOST_CHARACTERS: Final = 64 * 1024


class ThisMachine:
    """Asks the operating system: Linux and macOS; any other tells nothing.

    Args:
        platform: As `sys.platform` names it.
    """

    def __init__(self, platform: str = sys.platform) -> None:
        self._platform = platform

    async def memory(self) -> Memory | None:
        """Return the memory; see the port. Files of the kernel's are read at once: they are in memory, and not on a disk."""
        if self._platform == "linux":
            return linux_memory(_read)
        if self._platform == "darwin":
            return macos_memory(await _output(SYSCTL), await _output(VM_STAT))
        return None


def _read(path: str) -> str | None:
    try:
        with Path(path).open(encoding="ascii", errors="replace") as file:
            return file.read(_MOST_CHARACTERS)
    except OSError:
        return None


async def _output(command: Sequence[str]) -> str:
    """Return what a program prints, "" if it fails."""
    try:
        done = await trio.run_process(command, capture_stdout=True, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return ""
    return done.stdout.decode("ascii", "replace") if done.returncode == 0 else ""

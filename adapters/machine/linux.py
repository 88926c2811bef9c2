"""Memory on Linux: what the kernel calls available, within the limits of the control groups we run in.

MemAvailable counts the page cache that can be dropped; free plus inactive pages, which one could add up instead, count pages twice and
forget others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from ...actors.discovery.port import Memory

# Returns the text of a file, or None where it cannot be read.
ReadFile: TypeAlias = Callable[[str], str | None]

MEMINFO: Final = "/proc/meminfo"
OWN_GROUPS: Final = "/proc/self/cgroup"
GROUPS: Final = "/sys/fs/cgroup"

_FIELD: Final = re.compile(r"^(\w+):\s+(\d{1,15}) kB$", re.MULTILINE)
_RECLAIMABLE: Final = re.compile(r"^(?:total_)?inactive_file (\d{1,19})$", re.MULTILINE)


def linux_memory(read: ReadFile) -> Memory | None:
    """Return the memory that this process may use, or None where the kernel does not tell.

    Args:
        read: Reads the kernel's files.
    """
    memory = parse_meminfo(read(MEMINFO) or "")
    if memory is None:
        return None
    total, available = memory.total_bytes, memory.available_bytes
    for limit, used in _limits(read):
        total = min(total, limit)
        available = min(available, max(0, limit - used))
    return Memory(total_bytes=total, available_bytes=available)


def parse_meminfo(text: str) -> Memory | None:
    """Return what /proc/meminfo says, or None when it says nothing; kernels before 3.14 have no MemAvailable, there free and cached pages count."""
    fields = {name: int(kilobytes) * 1024 for name, kilobytes in _FIELD.findall(text)}
    total = fields.get("MemTotal")
    available = fields.get("MemAvailable")
    if available is None and "MemFree" in fields:
        available = fields["MemFree"] + fields.get("Cached", 0)
    return None if total is None or available is None else Memory(total_bytes=total, available_bytes=available)


def _limits(read: ReadFile) -> Iterator[tuple[int, int]]:
    """Yield limit and use of every control group that we are in and that has a limit, bytes; the ancestors' limits hold, too."""
    for line in (read(OWN_GROUPS) or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield from _limits_along(read, GROUPS, path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            yield from _limits_along(read, f"{GROUPS}/memory", path, *names)


def _limits_along(read: ReadFile, root: str, path: str, limit_name: str, used_name: str) -> Iterator[tuple[int, int]]:
    own = PurePosixPath("/") / path
    # In a container the path may be the host's, which is not to be seen from here: the root is our own group then.
    for group in (own, *own.parents):
        folder = f"{root}{group}".rstrip("/")
        limit, used = _number(read(f"{folder}/{limit_name}")), _number(read(f"{folder}/{used_name}"))
        if limit is not None and used is not None:
            # The page cache counts as used, but gives way as soon as somebody needs the memory.
            yield limit, used - min(used, _reclaimable(read(f"{folder}/memory.stat")))


def _number(text: str | None) -> int | None:
    """Return the number in a file; "max" is no limit."""
    stripped = (text or "").strip()
    return int(stripped) if stripped.isdecimal() else None


def _reclaimable(text: str | None) -> int:
    return max((int(number) for number in _RECLAIMABLE.findall(text or "")), default=0)

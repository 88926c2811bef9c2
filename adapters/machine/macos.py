"""Memory on macOS: pure functions of what `sysctl` and `vm_stat` print."""

from __future__ import annotations

import re
from typing import Final

from ...actors.discovery.port import Memory

SYSCTL: Final = ("/usr/sbin/sysctl", "-n", "hw.memsize")
VM_STAT: Final = ("/usr/bin/vm_stat",)

_PAGE_SIZE: Final = re.compile(r"page size of (\d{3,7}) bytes")
_PAGES: Final = re.compile(r"^Pages (free|inactive):\s+(\d{1,15})\.?$", re.MULTILINE)
# Of Apple's own processors, should a new version not print it.
_USUAL_PAGE_SIZE: Final = 16_384


def macos_memory(sysctl: str, vm_stat: str) -> Memory | None:
    """Return the memory: all of it, and free and inactive pages as available; None when the texts do not tell.

    Args:
        sysctl: Output of `sysctl -n hw.memsize`.
        vm_stat: Output of `vm_stat`.
    """
    total = sysctl.strip()
    pages = dict(_PAGES.findall(vm_stat))
    if not total.isdecimal() or pages.keys() != {"free", "inactive"}:
        return None
    size = _PAGE_SIZE.search(vm_stat)
    available = sum(map(int, pages.values())) * (int(size[1]) if size else _USUAL_PAGE_SIZE)
    return Memory(total_bytes=int(total), available_bytes=min(available, int(total)))

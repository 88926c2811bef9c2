from __future__ import annotations

import pytest
from legion_llm.actors.discovery.port import Memory
from legion_llm.adapters.machine.macos import macos_memory

VM_STAT = """\
Mach Virtual Memory Statistics: (page size of 4096 bytes)
Pages free:                               12345.
Pages active:                            400000.
Pages inactive:                          300000.
Pages speculative:                         2000.
Pages wired down:                        100000.
"""


def test_free_and_inactive_pages_are_available():
    assert macos_memory("17179869184\n", VM_STAT) == Memory(
        total_bytes=17179869184, available_bytes=(12345 + 300000) * 4096
    )


def test_a_page_size_that_is_not_printed_is_that_of_apples_processors():
    found = macos_memory("17179869184", VM_STAT.replace("page size of 4096 bytes", ""))

    assert found.available_bytes == (12345 + 300000) * 16384


def test_no_more_is_available_than_there_is():
    assert macos_memory("1000", VM_STAT).available_bytes == 1000


@pytest.mark.parametrize(
    ("sysctl", "vm_stat"),
    [("", VM_STAT), ("many", VM_STAT), ("17179869184", ""), ("17179869184", VM_STAT.replace("inactive", "idle"))],
)
def test_programs_that_print_something_else_tell_nothing(sysctl, vm_stat):
    assert macos_memory(sysctl, vm_stat) is None

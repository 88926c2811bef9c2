from __future__ import annotations

import sys

import pytest
from legion_llm.adapters.machine import this_machine
from legion_llm.adapters.machine.this_machine import ThisMachine


@pytest.mark.trio
@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="other systems tell nothing")
async def test_this_machine_has_memory_and_some_of_it_is_available():
    memory = await ThisMachine().memory()

    assert memory is not None
    assert 0 < memory.available_bytes <= memory.total_bytes


@pytest.mark.trio
async def test_an_unknown_system_tells_nothing():
    assert await ThisMachine("plan9").memory() is None


@pytest.fixture
def programs(monkeypatch):
    """Put other programs in the place of macOS's."""

    def put(sysctl, vm_stat):
        monkeypatch.setattr(this_machine, "SYSCTL", sysctl)
        monkeypatch.setattr(this_machine, "VM_STAT", vm_stat)

    return put


@pytest.mark.trio
async def test_macos_is_asked_through_its_programs(programs):
    programs(
        (sys.executable, "-c", "print(1000000)"),
        (sys.executable, "-c", "print('page size of 1000 bytes\\nPages free: 5.\\nPages inactive: 7.')"),
    )

    memory = await ThisMachine("darwin").memory()

    assert (memory.total_bytes, memory.available_bytes) == (1_000_000, 12_000)


@pytest.mark.trio
@pytest.mark.parametrize("broken", [("/nowhere/vm_stat",), (sys.executable, "-c", "raise SystemExit(3)")])
async def test_programs_that_fail_tell_nothing(programs, broken):
    programs((sys.executable, "-c", "print(1000000)"), broken)

    assert await ThisMachine("darwin").memory() is None

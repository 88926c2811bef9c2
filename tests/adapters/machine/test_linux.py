from __future__ import annotations

import pytest
from legion_llm.actors.discovery.port import Memory
from legion_llm.adapters.machine.linux import linux_memory, parse_meminfo

MEGABYTE = 2**20
MEMINFO = "MemTotal:       16384000 kB\nMemFree:         1000000 kB\nMemAvailable:    9000000 kB\nCached:          7000000 kB\n"
HOST = Memory(total_bytes=16384000 * 1024, available_bytes=9000000 * 1024)


def machine(files):
    return linux_memory({"/proc/meminfo": MEMINFO, **files}.get)


def test_the_kernels_own_estimate_is_taken():
    assert machine({}) == HOST


def test_an_old_kernel_without_an_estimate_counts_free_and_cached_pages():
    text = MEMINFO.replace("MemAvailable", "MemAvailability")

    assert parse_meminfo(text) == Memory(total_bytes=16384000 * 1024, available_bytes=8000000 * 1024)


@pytest.mark.parametrize("text", ["", "MemTotal: 5 kB\n", "MemAvailable: 5 kB\n", "MemTotal: many kB\nMemFree: 1 kB\n"])
def test_a_kernel_that_does_not_tell_tells_nothing(text):
    assert parse_meminfo(text) is None
    assert linux_memory(lambda path: text if path == "/proc/meminfo" else None) is None


V2 = "/sys/fs/cgroup/system.slice/app.service"


def test_the_limit_of_a_control_group_is_all_there_is():
    assert machine(
        {
            "/proc/self/cgroup": "0::/system.slice/app.service\n",
            f"{V2}/memory.max": f"{4096 * MEGABYTE}\n",
            f"{V2}/memory.current": f"{1024 * MEGABYTE}\n",
        }
    ) == Memory(total_bytes=4096 * MEGABYTE, available_bytes=3072 * MEGABYTE)


def test_page_cache_that_can_be_dropped_does_not_count_as_used():
    found = machine(
        {
            "/proc/self/cgroup": "0::/system.slice/app.service\n",
            f"{V2}/memory.max": f"{4096 * MEGABYTE}",
            f"{V2}/memory.current": f"{1024 * MEGABYTE}",
            f"{V2}/memory.stat": f"anon 5\ninactive_file {1000 * MEGABYTE}\nactive_file 7\n",
        }
    )

    assert found.available_bytes == 4072 * MEGABYTE


def test_the_limit_of_an_ancestor_holds_too():
    found = machine(
        {
            "/proc/self/cgroup": "0::/system.slice/app.service\n",
            f"{V2}/memory.max": "max\n",
            f"{V2}/memory.current": "5\n",
            "/sys/fs/cgroup/system.slice/memory.max": f"{2048 * MEGABYTE}",
            "/sys/fs/cgroup/system.slice/memory.current": f"{2000 * MEGABYTE}",
        }
    )

    assert found == Memory(total_bytes=2048 * MEGABYTE, available_bytes=48 * MEGABYTE)


def test_a_group_above_its_limit_has_nothing_left():
    found = machine(
        {
            "/proc/self/cgroup": "0::/\n",
            "/sys/fs/cgroup/memory.max": f"{100 * MEGABYTE}",
            "/sys/fs/cgroup/memory.current": f"{101 * MEGABYTE}",
        }
    )

    assert found.available_bytes == 0


def test_a_limit_above_what_the_machine_has_changes_nothing():
    assert (
        machine(
            {
                "/proc/self/cgroup": "0::/\n",
                "/sys/fs/cgroup/memory.max": f"{1024 * 1024 * MEGABYTE}",
                "/sys/fs/cgroup/memory.current": "1",
            }
        )
        == HOST
    )


@pytest.mark.parametrize("path", ["/docker/abc", "/"])
def test_the_older_groups_are_honoured_also_where_their_path_is_the_hosts(path):
    found = machine(
        {
            "/proc/self/cgroup": f"12:cpu,cpuacct:/docker/abc\n4:memory:{path}\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2048 * MEGABYTE}",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": f"{1024 * MEGABYTE}",
            "/sys/fs/cgroup/memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {512 * MEGABYTE}\n",
        }
    )

    assert found == Memory(total_bytes=2048 * MEGABYTE, available_bytes=1536 * MEGABYTE)


def test_the_older_groups_say_no_limit_with_a_huge_number():
    assert (
        machine(
            {
                "/proc/self/cgroup": "4:memory:/\n",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes": "5",
            }
        )
        == HOST
    )


@pytest.mark.parametrize("text", ["nonsense\n", "0\n", "::\n", "0::\n", "4:memory\n"])
def test_group_files_that_make_no_sense_limit_nothing(text):
    assert machine({"/proc/self/cgroup": text, "/sys/fs/cgroup/memory.max": "lots"}) == HOST

"""Every example runs, says what it is expected to say, and stays short."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
EXPECTED = {
    "escalate.py": "True vendor/demo\nhouse/demo: quality_failure custom_check_failed\nvendor/demo: success\n{'quality_failure': 1}",
    "embed.py": "demo end_turn True",
    "stream_asyncio.py": "True end_turn",
    "many_trio.py": "10",
    "own_actor.py": "Hello, you",
    "skills.py": "host:deploy waits until the user says yes\nhost:deploy is done",
    "knowledge.py": "('harbour.md',)\nnothing was looked up",
    "rules.py": "vendor by default\nhouse by thrift\nhouse by default\nvendor/demo: never_external forbids tier frontier",
}
PROGRAMS = sorted(EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_an_example_prints_what_is_expected(program, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    result = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (result.stdout.strip(), result.stderr) == (EXPECTED[program.name], "")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_an_example_has_fewer_than_60_lines(program):
    lines = program.read_text().splitlines()

    assert len(lines) < 60

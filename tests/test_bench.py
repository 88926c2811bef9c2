"""The bench runs. What it measures depends on the machine, so no number is looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent / "bench"


def test_the_bench_prints_its_rows_and_what_must_be_reached(tmp_path):
    rows = tmp_path / "rows.json"
    command = [sys.executable, str(BENCH), "--quick", "--only", "asks", "--json", str(rows)]

    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    assert "must reach" in output
    assert {row["what"] for row in json.loads(rows.read_text())} >= {"ask across loops", "ask from a host's thread"}

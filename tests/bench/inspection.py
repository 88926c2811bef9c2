"""What a debug port that nobody asks costs a call."""

from __future__ import annotations

import statistics
import tempfile

import calls
import legion_llm
import served

WIDTH = 32


def costs(port: int, count: int, rounds: int) -> tuple[float, float]:
    """CPU us of a call of the facade, without a debug port and with an idle one; rounds take turns."""
    without: list[float] = []
    idle: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        debug = {"address": f"ipc://{folder}/debug", "events": f"ipc://{folder}/events"}
        for _ in range(rounds):
            # One system at a time: a second one beside it would add its own loops to the CPU of the process.
            for found, more in ((without, {}), (idle, {"debug": debug})):
                with legion_llm.start(served.settings(port, **more), environ={}) as legion:
                    found.append(calls.from_a_thread(legion, WIDTH, count).cpu)
    return statistics.median(without), statistics.median(idle)

"""Plays scenarios in simulated time and compares our policy with simple ones on the same seeds. `make simulate ARGS="--help"`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

from policies import POLICIES
from run import Result, simulate
from scenarios import SCENARIOS

HEAD = f"  {'policy':<16}{'success':>9}{'p50 s':>9}{'p99 s':>9}{'calls/request':>15}{'wasted':>9}{'put aside':>11}"


def row(result: Result) -> str:
    return (
        f"  {result.policy:<16}{result.success:>9.2%}{result.latency(0.5):>9.2f}{result.latency(0.99):>9.2f}"
        f"{result.calls_per_request:>15.3f}{result.wasted:>9.2%}{sum(result.trips.values()) if result.trips else '-':>11}"
    )


def as_data(result: Result) -> dict[str, object]:
    return {
        "scenario": result.scenario,
        "policy": result.policy,
        "seed": result.seed,
        "success": result.success,
        "p99": result.latency(0.99),
        "calls_per_request": result.calls_per_request,
        "wasted": result.wasted,
        "trips": result.trips,
        "outcomes": [attrs.asdict(each) for each in result.outcomes],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="one alone; may be repeated")
    parser.add_argument("--policy", choices=POLICIES, action="append", help="one alone; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1); the same seed replays exactly")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other (default 1)")
    parser.add_argument("--json", metavar="FILE", help="write every outcome to a file, too")
    options = parser.parse_args()
    logging.getLogger("legion_llm").setLevel(
        logging.ERROR
    )  # who is put aside, and when, is what happens here all the time
    kept = []
    for name in options.scenario or SCENARIOS:
        for seed in range(options.seed, options.seed + options.seeds):
            scenario, started = SCENARIOS[name], time.perf_counter()
            print(f"\n{name}: {scenario.minutes:g} simulated minutes, seed {seed}\n{HEAD}")
            for policy in options.policy or POLICIES:
                result = simulate(name, scenario, policy, seed)
                kept.append(as_data(result))
                print(row(result), flush=True)
            print(f"  ({time.perf_counter() - started:.1f} s)")
    if options.json:
        Path(options.json).write_text(json.dumps(kept, indent=2))


if __name__ == "__main__":
    main()

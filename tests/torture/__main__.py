"""Kills writing processes with `kill -9`, and checks that all that was told to be kept is there, once. `make torture ARGS="--help"`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from kills import Death, torture


def show(death: Death) -> None:
    verdict = "ok" if not death.findings else "; ".join(death.findings)
    since = "birth" if death.is_early else "first write"
    print(
        f"{death.number + 1:5}  {death.kind:<8} {death.after * 1000:5.0f} ms after {since:<11} {death.kept:6} kept  {verdict}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="writers to kill (default 200)")
    parser.add_argument("--seed", type=int, help="replays who writes what and for how long (default: a new one)")
    parser.add_argument("--folder", type=Path, help="where the files go, and stay (default: a folder that is removed)")
    options = parser.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}: what wrote, when it was killed, how many of its writes were told to be kept, what was found")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        deaths = torture(folder, options.kills, seed, show)
    bad = [death for death in deaths if death.findings]
    for death in bad:
        show(death)
    kept = sum(death.kept for death in deaths)
    print(
        f"{len(deaths)} killed in {time.perf_counter() - started:.0f} s, {kept} writes told to be kept, {len(bad)} deaths with findings"
    )
    if bad:
        print(f'again with: make torture ARGS="--kills {options.kills} --seed {seed}"')
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())

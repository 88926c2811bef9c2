"""Measures side by side, in one run, and prints ratios; never fails. `python tests/bench --help`."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import calls
import fast_upstream
import inspection
import legion_llm
import pipeline
import routing
import served
import storing

WIDTHS = (1, 32, 256)

FRESH_IMPORT = "import time; t = time.perf_counter(); import legion_llm; print(time.perf_counter() - t)"
FRESH_START = """
import json, sys, time
import legion_llm, psutil
t = time.perf_counter()
legion = legion_llm.start(json.loads(sys.argv[1]), environ={})
took = time.perf_counter() - t
print(took, psutil.Process().memory_info().rss / 1e6)
legion.shutdown()
"""


@attrs.frozen(kw_only=True)
class Target:
    """What must be reached."""

    what: str
    limit: float
    unit: str
    at_least: bool = False

    def verdict(self, value: float) -> str:
        met = value >= self.limit if self.at_least else value <= self.limit
        sign = ">=" if self.at_least else "<="
        return (
            f"  {'met    ' if met else 'NOT MET'}  {self.what}: {value:.2f} {self.unit} (must be {sign} {self.limit:g})"
        )


TARGETS = {
    "facade": Target(what="facade call at 32 in flight, CPU over bare httpx", limit=0.30, unit="x"),
    "http": Target(what="HTTP path at 32 connections, per core", limit=3000, unit="requests/s", at_least=True),
    "inspection": Target(what="facade call, debug port on and idle, CPU over none", limit=1.02, unit="x"),
    "ask": Target(what="ask on one loop, async def handler", limit=20, unit="us"),
    "pipeline": Target(what="the whole pipeline over an empty one, plain request", limit=60, unit="us"),
    "ready": Target(what="start() to ready", limit=0.5, unit="s"),
    "memory": Target(what="idle memory", limit=80, unit="MB"),
    "decision": Target(what="a decision of the router, 10,000 rules that do not fit", limit=50, unit="us"),
    "commits": Target(what="durable appends, many at once over one by one", limit=10, unit="x", at_least=True),
    "history": Target(what="load of a history of 1,000 messages", limit=10, unit="ms"),
    "ledger": Target(what="the ledger, on a request's path", limit=15, unit="us"),
    "import": Target(what="import legion_llm", limit=0.2, unit="s"),
}


class Bench:
    """One run."""

    def __init__(self, *, quick: bool) -> None:
        self._rounds = 1 if quick else 3
        self._calls = 640 if quick else 3200
        self.rows: list[dict[str, object]] = []
        self.reached: dict[str, float] = {}

    def show(self, what: str, **columns: object) -> None:
        self.rows.append({"what": what, **columns})
        cells = [
            f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}" for name, value in columns.items()
        ]
        print(f"  {what:<46}{'   '.join(cells)}", flush=True)

    def calls(self, url: str, legion: legion_llm.Legion) -> None:
        ways: dict[str, Callable[[int, int], calls.Cost]] = {
            "bare httpx.AsyncClient on trio": lambda width, count: calls.bare_httpx(url, width, count),
            "our transport": lambda width, count: calls.our_transport(url, width, count),
            "our transport under httpx.AsyncClient": lambda width, count: calls.transport_under_httpx(
                url, width, count
            ),
            "whole path, from an actor's loop": lambda width, count: calls.from_an_actor(legion, width, count),
            "facade from trio": lambda width, count: calls.from_trio(legion, width, count),
            "facade from asyncio": lambda width, count: calls.from_asyncio(legion, width, count),
            "facade from a thread": lambda width, count: calls.from_a_thread(legion, width, count),
        }
        for width in WIDTHS:
            print(f"\ncalls, {width} in flight (CPU us per call; ratio to bare httpx)")
            # Rounds go over all ways in turn, so that a slow minute of the machine hits them alike.
            costs: dict[str, list[calls.Cost]] = {name: [] for name in ways}
            for _ in range(self._rounds):
                for name, way in ways.items():
                    costs[name].append(way(width, max(width, self._calls // (4 if width == 1 else 1))))
            cpu = {name: statistics.median([cost.cpu for cost in each]) for name, each in costs.items()}
            yardstick = cpu["bare httpx.AsyncClient on trio"]
            for name, each in costs.items():
                wall = statistics.median([cost.wall for cost in each])
                self.show(name, cpu_us=cpu[name], ratio=cpu[name] / yardstick, calls_per_s=1e6 / wall)
            if width == 32:
                self.reached["facade"] = (
                    max(cpu[f"facade from {host}"] for host in ("trio", "asyncio", "a thread")) / yardstick
                )

    def inspection(self, port: int) -> None:
        print("\nthe debug port (CPU us per call of the facade, 32 in flight)")
        without, idle = inspection.costs(port, self._calls, 2 * self._rounds + 1)
        self.show("no debug port", cpu_us=without)
        self.show("debug port on, nobody asks", cpu_us=idle, ratio=idle / without)
        self.reached["inspection"] = idle / without

    def streams(self, legion: legion_llm.Legion) -> None:
        print("\nstreams of 200 chunks through the facade")
        cost = calls.streamed(legion, 10 * self._rounds, fast_upstream.CHUNKS)
        self.show("stream read in a thread", cpu_us_per_chunk=cost.cpu, chunks_per_s=1e6 / cost.wall)

    def asks(self) -> None:
        print("\nasks between actors")
        for name, cost in calls.asks(self._calls * 3):
            self.show(name, cpu_us=cost.cpu, wall_us=cost.wall)
            if name == "ask on one loop, async def handler":
                self.reached["ask"] = cost.wall

    def pipeline(self) -> None:
        print("\nthe pipeline's steps (CPU us per plain request, answered at once)")
        empty, whole = pipeline.costs(self._calls, 2 * self._rounds + 1)
        self.show("routing and the call alone", cpu_us=empty)
        self.show("the whole table", cpu_us=whole)
        self.reached["pipeline"] = whole - empty

    def routing(self) -> None:
        print("\ndecisions of the router (CPU us; rules that do not fit)")
        for way, rules, cost in routing.decisions(self._calls):
            self.show(f"{way}, {rules:,} rules", cpu_us=cost)
            self.reached["decision"] = max(self.reached.get("decision", 0.0), cost)

    def storing(self) -> None:
        print("\nwhat is remembered (a file, every answered append on the disk)")
        found = storing.storing(self._rounds)
        self.show("appends, one after the other", per_s=found.alone)
        self.show(
            f"appends of {storing.TOGETHER} conversations at once",
            per_s=found.together,
            ratio=found.together / found.alone,
        )
        self.show(f"load of {storing.HISTORY:,} messages", ms=found.read_ms)
        ledger = storing.ledger_cost(self._calls, 2 * self._rounds + 1)
        self.show("telling the ledger of an attempt", cpu_us=ledger)
        self.reached.update(commits=found.together / found.alone, history=found.read_ms, ledger=ledger)

    def served(self, port: int) -> None:
        print("\nHTTP path (the gateway's own CPU; per_s is what one core of its own gives)")
        with served.gateway(port) as (gateway_port, process):
            for width in WIDTHS:
                result = served.load(gateway_port, process, width, self._calls)
                self.show(f"{width} connections", **attrs.asdict(result))
                if width == 32:
                    self.reached["http"] = result.per_second
            result = served.load(gateway_port, process, 8, 20 * self._rounds, streamed=True)
            self.show("streams of 200 chunks, 8 connections: per chunk", **attrs.asdict(result))

    def fresh(self, port: int) -> None:
        print("\nin a fresh process")
        self.reached["import"] = min(float(_python(FRESH_IMPORT)) for _ in range(self._rounds))
        started = [_python(FRESH_START, json.dumps(served.settings(port))).split() for _ in range(self._rounds)]
        self.reached["ready"] = min(float(took) for took, _ in started)
        self.reached["memory"] = min(float(memory) for _, memory in started)
        for what in ("import", "ready", "memory"):
            self.show(TARGETS[what].what, **{TARGETS[what].unit: self.reached[what]})


def _python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tests/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument(
        "--only",
        choices=("calls", "asks", "pipeline", "routing", "storing", "served", "fresh", "streams", "inspection"),
        help="one part alone",
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows to a file, too")
    options = parser.parse_args()
    bench = Bench(quick=options.quick)
    upstream, port = fast_upstream.start()
    url = f"http://127.0.0.1:{port}/v1"
    try:
        if options.only in (None, "served"):
            bench.served(port)
        if options.only in (None, "fresh"):
            bench.fresh(port)
        fast_upstream.pin(0)
        if options.only in (None, "calls", "streams"):
            with legion_llm.start(served.settings(port), environ={}) as legion:
                if options.only in (None, "calls"):
                    bench.calls(url, legion)
                bench.streams(legion)
        if options.only in (None, "inspection"):
            bench.inspection(port)
        for name, part in (
            ("asks", bench.asks),
            ("pipeline", bench.pipeline),
            ("routing", bench.routing),
            ("storing", bench.storing),
        ):
            if options.only in (None, name):
                part()
    finally:
        upstream.terminate()
    print("\nmust reach")
    for name, value in bench.reached.items():
        print(TARGETS[name].verdict(value))
    if options.json:
        with Path(options.json).open("w") as file:
            json.dump(bench.rows, file, indent=2)


if __name__ == "__main__":
    main()

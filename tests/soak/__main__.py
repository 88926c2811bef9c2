"""Kills workers and cuts the broker off at random, for as long as is wanted, and reconciles callers and ledgers to the last request.

make soak                            a minute on the embedded broker
make soak ARGS="--broker rabbitmq --seconds 300"
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import logging
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

import legion_llm
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.errors import LegionError
from legion_llm.messages.ledger import EntriesWanted, LedgerEntry
from plug import Plug

COMMAND = [sys.executable, "-c", "from legion_llm.adapters.cli.main import main; main()", "worker"]
PATIENCE = 60.0


class Worker:
    """A process that is killed and started again; every life has a ledger of its own."""

    def __init__(self, name: str, folder: Path, fleet: dict[str, Any]) -> None:
        self._name = name
        self._folder = folder
        self._fleet = fleet
        self.lives = 0
        self.start()

    def start(self) -> None:
        """Begin a life."""
        self.lives += 1
        path = self._folder / f"{self._name}-{self.lives}.json"
        settings = {
            "providers": {"demo": {"models": ["demo"], "demo": {"delay_seconds": 0.02, "tokens_per_second": 500}}},
            "fleet": {**self._fleet, "worker": {"name": self._name, "heartbeat": 0.2}},
            "store": {"path": str(path.with_suffix(".db"))},
        }
        path.write_text(json.dumps(settings))
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        self._process = subprocess.Popen(
            [*COMMAND, "--config", str(path)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """End it in peace."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)


class Callers:
    """Threads that ask, and write down what they get."""

    def __init__(self, gateway: Any, count: int) -> None:
        self._gateway = gateway
        self._stopping = threading.Event()
        self.answered: list[str] = []
        self.refused: collections.Counter[str] = collections.Counter()
        self.wrong: list[str] = []
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more, and wait for what was asked."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)

    def _ask(self, number: int) -> None:
        asked = 0
        while not self._stopping.is_set():
            asked += 1
            text = f"{number}-{asked}"
            try:
                said = self._answer(text, streamed=asked % 2 == 0)
            except LegionError as error:
                self.refused[type(error).__name__] += 1
                time.sleep(0.05)
                continue
            if said.text == f"Hello, I am the demo model. You said: {text}":
                self.answered.append(said.request_id)
            else:
                self.wrong.append(said.text)

    def _answer(self, text: str, *, streamed: bool) -> Any:
        if not streamed:
            return self._gateway.chat(text, model="demo").get(PATIENCE)
        stream = self._gateway.stream(text, model="demo")
        pieces = "".join(chunk.text for chunk in stream)
        whole = stream.reply.get(PATIENCE)
        if pieces != whole.text:
            self.wrong.append(f"{pieces!r} was streamed of {whole.text!r}")
        return whole


def main() -> int:
    """Run it; returns 1 where something does not add up."""
    logging.disable(logging.CRITICAL)  # of connections that are cut on purpose
    args = _arguments()
    chance = random.Random(args.seed)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateway, plug, fleet = _gateway(args.broker, folder / "gateway.sqlite", stack)
        workers = [Worker(f"w{number}", folder, fleet) for number in range(args.workers)]
        callers = Callers(gateway, args.callers)
        kills = cuts = 0
        end = time.monotonic() + args.seconds
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.5, 2.0))
            if chance.random() < args.cuts:
                plug.pull()
                time.sleep(chance.uniform(0.1, 1.5))
                plug.put_back()
                cuts += 1
            else:
                worker = chance.choice(workers)
                worker.kill()
                worker.start()
                kills += 1
        callers.stop()
        ours = _entries(gateway)
        for worker in workers:
            worker.end()
        theirs = _rows(folder)
        print(f"{args.seconds} s on {args.broker}: {kills} workers killed, {cuts} cuts")
        return _reconcile(callers, ours, theirs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.split("\n")[0])
    parser.add_argument("--broker", choices=["zmq", "rabbitmq"], default="zmq")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--cuts", type=float, default=0.25, help="share of cuts among what goes wrong")
    parser.add_argument("--seed", type=int, default=None)
    return parser.parse_args()


def _gateway(broker: str, store: Path, stack: contextlib.ExitStack) -> tuple[Any, Plug, dict[str, Any]]:
    """Start the gateway; return it, the plug between it and the workers, and the workers' settings of the fleet."""
    if broker == "rabbitmq":
        plug = stack.enter_context(Plug(5672))
        shared = {"exchange": "llm.fleet.soak", "url": f"amqp://guest@127.0.0.1:{plug.port}/"}
        own = fleet = {"broker": "rabbitmq", "rabbitmq": {**shared, "queue_expires": 10}}
    else:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        plug = stack.enter_context(Plug(port))
        own, fleet = {"listen": f"tcp://127.0.0.1:{port}"}, {"gateways": [f"tcp://127.0.0.1:{plug.port}"]}
    settings: dict[str, Any] = {
        "providers": {"fleet": {}},
        "fleet": {**own, "timeouts": {"chat": 10, "stream": 10}},
        "max_attempts": 5,
    }
    settings["store"] = {"path": str(store)}
    gateway = legion_llm.start(load_settings(overrides=settings, environ={}), environ={})
    stack.callback(gateway.shutdown, 1.0)
    return gateway, plug, fleet


def _entries(gateway: Any) -> list[LedgerEntry]:
    ledger = gateway._system.address("metering")
    found: list[LedgerEntry] = []
    while page := ledger.request(EntriesWanted(after=found[-1] if found else None)).get(10):
        found += page
    return found


def _rows(folder: Path) -> list[tuple[str, int, str]]:
    """Request, number of the attempt and outcome of all that any worker's ledger has."""
    rows: list[tuple[str, int, str]] = []
    for path in folder.glob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows += connection.execute("SELECT request_id, attempt, outcome FROM ledger")
    return rows


def _reconcile(callers: Callers, ours: list[LedgerEntry], theirs: list[tuple[str, int, str]]) -> int:
    succeeded = collections.Counter(row.request_id for row in ours if row.error is None)
    attempts = collections.Counter((row.request_id, row.attempt) for row in ours)
    done = collections.Counter((request, attempt) for request, attempt, outcome in theirs if outcome == "success")
    sums = {
        "wrong answers": len(callers.wrong),
        "answered, and not once in the gateway's ledger": sum(succeeded[each] != 1 for each in callers.answered),
        "attempts twice in the gateway's ledger": sum(count > 1 for count in attempts.values()),
        "attempts done twice by workers": sum(count > 1 for count in done.values()),
    }
    print(f"{len(callers.answered)} answered, {sum(callers.refused.values())} refused {dict(callers.refused)}")
    print(f"{len(ours)} attempts in the gateway's ledger, {len(theirs)} in those of the workers")
    for what, count in sums.items():
        print(f"  {count} {what}")
    return int(any(sums.values()) or not callers.answered)


if __name__ == "__main__":
    sys.exit(main())

"""Gateway and workers as users run them: processes of their own, one of which is killed."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import aio_pika
import httpx
import legion_llm
import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.ids import random_hex
from legion_llm.messages.ledger import EntriesWanted
from upstream import Fault, openai_upstream

COMMAND = [sys.executable, "-W", "error", "-c", "from legion_llm.adapters.cli.main import main; main()"]
PATIENCE = 30.0


@pytest.fixture
def start(tmp_path):
    """Start a command, and return it once it has said how it is stopped."""
    with contextlib.ExitStack() as stack:

        def start(name, *args, **settings):
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps({**settings, "store": {"path": "memory"}}))
            process = stack.enter_context(
                subprocess.Popen(
                    [*COMMAND, *args, "--config", str(path)],
                    env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            stack.callback(process.kill)
            said = ""
            while "press Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            process.said = said
            return process

        yield start


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def models_at(client):
    return {each["id"]: each["owned_by"] for each in client.get("/v1/models").json()["data"]}


def wait_for(client, model, owner):
    end = time.monotonic() + PATIENCE
    while models_at(client).get(model) != owner:
        assert time.monotonic() < end, models_at(client)
        time.sleep(0.02)


def ask(client, text, *, headers=None, **fields):
    body = {"model": "demo", "messages": [{"role": "user", "content": text}], **fields}
    return client.post("/v1/chat/completions", json=body, headers=headers)


def worker_at(client, name):
    """The arguments of a worker's command."""
    return name, "worker", "--name", name, "--gateway", client.meeting


def serving(upstream, **worker):
    """Settings of a worker that has its one model from an upstream."""
    up = {"kind": "openai_compat", "base_url": f"{upstream.url}/v1", "models": ["m-1"], "tier": "local"}
    return {
        "providers": {"up": up},
        "fleet": {"worker": {"heartbeat": 0.2, **worker}},
        "verification": {"enabled": False},
    }


@pytest.fixture
def client(start):
    """A client of a gateway that has a fleet, and a model of its own in a later tier."""
    port, meeting = free_port(), f"tcp://127.0.0.1:{free_port()}"
    start(
        "gateway",
        "serve",
        "--port",
        str(port),
        providers={"fleet": {}, "demo": {"tier": "cloud"}},
        fleet={"listen": meeting},
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
        client.meeting = meeting
        yield client


def test_a_worker_killed_mid_stream_is_told_and_the_next_request_spills_over(client, start):
    slow = {"demo": {"demo": {"tokens_per_second": 20}}}
    worker = start(*worker_at(client, "w1"), providers=slow, fleet={"worker": {"heartbeat": 0.2}})
    wait_for(client, "demo-slow", "fleet")
    long = {"stream": True, "messages": [{"role": "user", "content": "x " * 500}], "model": "demo"}

    with client.stream("POST", "/v1/chat/completions", json=long) as answer:
        lines = answer.iter_lines()
        while "content" not in next(lines):
            pass
        worker.send_signal(signal.SIGKILL)
        rest = [line for line in lines if line]

    assert any("worker_lost" in line for line in rest)
    spilled = ask(client, "Hello!")
    assert spilled.json()["choices"][0]["message"]["content"] == "Hello, I am the demo model. You said: Hello!"
    assert spilled.headers["x-legion-provider"] == "demo"


def test_a_worker_killed_before_it_answers_costs_its_caller_nothing_and_one_key_has_one_answer(client, start):
    with openai_upstream(Fault.HANG_BEFORE_FIRST_BYTE) as hanging, openai_upstream() as good:
        first = start(*worker_at(client, "w1"), **serving(hanging, rank=1))
        wait_for(client, "m-1", "fleet")
        once = {"model": "m-1", "headers": {"idempotency-key": "once"}}
        with ThreadPoolExecutor(1) as pool:
            answering = pool.submit(ask, client, "Hello!", **once)
            while not hanging.requests:
                time.sleep(0.01)
            start(*worker_at(client, "w2"), **serving(good))
            first.send_signal(signal.SIGKILL)
            answer = answering.result(PATIENCE)
        again = ask(client, "Hello!", **once)

        assert answer.status_code == 200, answer.text
        assert answer.headers["x-legion-provider"] == "fleet"
        assert again.json()["choices"] == answer.json()["choices"]
        assert (len(hanging.requests), len(good.requests)) == (1, 1)


def test_a_worker_says_what_it_is_and_drains_on_sigterm(client, start):
    worker = start(*worker_at(client, "w1"), providers={"demo": {}})
    wait_for(client, "demo-slow", "fleet")

    worker.send_signal(signal.SIGTERM)
    rest = worker.communicate(timeout=PATIENCE)[0]

    assert f"works as w1 for {client.meeting}" in worker.said
    assert "draining, up to 5 s" in rest
    assert worker.returncode == 0


# -- three of them, at RabbitMQ ---------------------------------------------------------------------------------------


@pytest.fixture
def at_rabbitmq(unless):
    """Settings of a fleet of its own at RabbitMQ, signed."""
    try:
        socket.create_connection(("127.0.0.1", 5672), timeout=1).close()
    except OSError:
        unless("no RabbitMQ on port 5672")
    exchange = f"llm.fleet.test.{random_hex(8)}"
    secret = "three workers and a gateway share this secret"
    yield {"broker": "rabbitmq", "rabbitmq": {"exchange": exchange, "queue_expires": 5}, "secret": secret}
    asyncio.run(forget(exchange))


async def forget(exchange):
    async with await aio_pika.connect() as connection, connection.channel() as channel:
        await channel.exchange_delete(exchange)


@pytest.mark.live
def test_of_three_workers_one_is_killed_under_load_and_everybody_has_an_answer_and_the_ledger_adds_up(
    start, at_rabbitmq
):
    providers = {"demo": {"models": ["demo"], "demo": {"delay_seconds": 0.05}}}
    own = {**at_rabbitmq, "worker": {"heartbeat": 0.2}}
    workers = [start(each, "worker", "--name", each, providers=providers, fleet=own) for each in ("w1", "w2", "w3")]
    patient = {"retries": {"backoff_initial": 0.01, "backoff_max": 0.05}}
    settings = {"providers": {"fleet": {}}, "fleet": at_rabbitmq, "routing": patient, "max_attempts": 5}
    with legion_llm.start(load_settings(overrides=settings, environ={}), environ={}) as gateway:
        until(lambda: len(gateway.inspect("fleet")["snapshot"]["workers"]) == 3)
        replies = [gateway.chat(str(number), model="demo") for number in range(60)]
        replies[5].get(timeout=PATIENCE)
        workers[0].send_signal(signal.SIGKILL)
        answers = [reply.get(timeout=PATIENCE) for reply in replies]
        ledger = gateway._system.address("metering").request(EntriesWanted()).get(5)

    assert [each.text for each in answers] == [f"Hello, I am the demo model. You said: {n}" for n in range(60)]
    succeeded = collections.Counter(row.request_id for row in ledger if row.error is None)
    assert set(succeeded) == {each.request_id for each in answers}
    assert set(succeeded.values()) == {1}
    assert len({(row.request_id, row.attempt) for row in ledger}) == len(ledger)


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

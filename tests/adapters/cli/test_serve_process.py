"""`legion-llm serve` as users run it: a process of its own, a demo model behind it, real signals."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from types import MappingProxyType

import httpx
import pytest

COMMAND = [sys.executable, "-W", "error", "-c", "from legion_llm.adapters.cli.main import main; main()", "serve"]

NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)
STEPS = """\
press Ctrl-C again to stop now
  not ready any more: new requests are refused
  running requests have ended
  the record of requests is written
  the ledger is written
  the store is closed
stopped
"""


@pytest.fixture
def environment(tmp_path):
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def serve(config_file, environment):
    """Start the server with the demo model and return it once it has said its URL."""
    with contextlib.ExitStack() as stack:

        def start(*args, settings=MappingProxyType({"providers": {"demo": {}}})):
            path = config_file(dict(settings))
            process = stack.enter_context(
                subprocess.Popen(
                    [*COMMAND, "--config", path, "--port", "0", *args],
                    env=environment,
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
            process.url = re.search(r"listens on (http://\S+)", said)[1]
            return process

        yield start


@contextlib.contextmanager
def _stream(url, model, text):
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": text}]}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=30, trust_env=False) as answer:
        yield answer


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_a_running_stream_finish(serve, stop):
    process = serve()

    with _stream(process.url, "demo-slow", "one two three") as answer:
        lines = answer.iter_lines()
        first = next(lines)
        process.send_signal(stop)
        rest = list(lines)
    said = process.stdout.read()

    assert first.startswith("data: {")
    assert "data: [DONE]" in rest
    assert (process.wait(timeout=10), said) == (0, f"draining, up to 5 s; {STEPS}")


def test_while_it_drains_others_are_sent_elsewhere_and_what_is_left_ends_with_an_error(serve, environment):
    process = serve(
        settings={"providers": {"demo": {}}, "runtime": {"drain_timeout": 2.0}, "api": {"drain_timeout": 2.0}}
    )
    body = {"model": "demo-hang", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}

    with (
        httpx.Client(base_url=process.url, timeout=30, trust_env=False, limits=NO_KEEP_ALIVE) as client,
        _stream(process.url, "demo-slow", "word " * 100) as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline().startswith("draining")
        assert "not ready" in process.stdout.readline()
        ready = _until_not_ready(client)
        refused = client.post("/v1/messages", json=body)
        rest = [line for line in lines if line]

    assert (ready.status_code, ready.json()["reason"]) == (503, "draining")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["type"] == "error"
    assert refused.headers["connection"] == "close"
    assert "shutting down" in rest[-2]
    assert rest[-1] == "data: [DONE]"
    said = process.stdout.read()
    assert "1 requests unfinished" in said
    steps = [line for line in said.splitlines(keepends=True) if line.startswith(("  ", "stopped"))]
    assert (process.wait(timeout=10), STEPS.endswith("".join(steps))) == (0, True)
    assert "demo-slow" in _usage(environment)


def _until_not_ready(client):
    while (answer := client.get("/readyz")).status_code == 200:
        pass
    return answer


def _usage(environment):
    command = [*COMMAND[:-1], "usage", "--rows", "--format", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
def test_sighup_reads_the_settings_anew(serve, config_file):
    process = serve()

    config_file({"providers": {"demo": {}}, "aliases": {"fast": "demo"}, "max_attempts": 5, "request_timeout": 30})
    process.send_signal(signal.SIGHUP)
    said = next(line for line in process.stdout if "reloaded" in line)  # notes of discovery may come between
    models = httpx.get(f"{process.url}/v1/models", trust_env=False).json()["data"]
    config_file({"providers": {"demo": {}}, "max_attempts": 0})
    process.send_signal(signal.SIGHUP)
    refused = next(line for line in process.stdout if "reloaded" in line)

    assert said == "reloaded: changed: max_attempts, aliases.fast; needs a restart: request_timeout\n"
    assert "fast" in {model["id"] for model in models}
    assert refused.startswith("not reloaded, the settings are as before: ")
    assert "max_attempts" in refused


def test_a_second_ctrl_c_stops_at_once(serve):
    process = serve()
    port = int(process.url.rpartition(":")[2])
    body = b'{"model": "demo-hang", "messages": [{"role": "user", "content": "x"}]}'

    with socket.create_connection(("127.0.0.1", port), timeout=10) as hanging:
        hanging.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n" % len(body) + body
        )
        httpx.get(f"{process.url}/healthz", trust_env=False)  # whoever came first has been accepted
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline().startswith("draining")
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=3) == 130


def test_a_port_in_use_is_told_in_one_line(serve, environment, config_file):
    taken = serve()
    path = config_file({"providers": {"demo": {}}, "store": {"path": "memory"}})

    second = subprocess.run(
        [*COMMAND, "--config", path, "--port", taken.url.rpartition(":")[2]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert second.returncode == 1
    assert re.fullmatch(r"error: port \d+ on 127\.0\.0\.1 is in use: choose another with --port.*\n", second.stderr)

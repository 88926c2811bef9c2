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
    assert (process.wait(timeout=10), said) == (
        0,
        "draining, up to 5 s; press Ctrl-C again to stop now\nstopped\n",
    )


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

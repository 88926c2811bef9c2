"""`legion-llm serve`, before a gateway that the test interrupts."""

from __future__ import annotations

import logging
import signal

import attrs
import pytest
from legion_llm.adapters import serving
from legion_llm.adapters.cli import foreground
from legion_llm.adapters.cli import serve as serve_module
from legion_llm.messages.errors import StartFailed
from legion_llm.messages.settings import Settings

DRAINING = "draining, up to 5 s; press Ctrl-C again to stop now\n  not ready any more: new requests are refused\n"
NOTES = (
    "provider openai (openai, frontier)",
    "not used: vllm: no answer",
    "NO PROVIDER IS CONFIGURED OR WAS FOUND: answering with the built-in demo model, which only echoes.",
)


@attrs.define
class ServedLegion:
    settings: Settings
    notes: tuple[str, ...] = NOTES
    state: str = "ready"
    drains: list[float | None] = attrs.field(factory=list)

    @property
    def url(self):
        return f"http://{self.settings.api.host}:{self.settings.api.port}"

    def shutdown(self, drain=None, told=None):
        self.drains.append(drain)
        for part in ("http api", "router", "store") if told is not None else ():
            told(part)


@pytest.fixture(autouse=True)
def _quiet_logging(monkeypatch):
    """The command sets logging up for its process, which is the tests' here."""
    monkeypatch.setattr(serve_module, "log_to_stderr", lambda *_, **__: None)


@pytest.fixture
def started(monkeypatch):
    """The gateways that were started."""
    legions = []

    def start_gateway(settings, reread):
        assert reread() == settings
        legions.append(ServedLegion(settings))
        return legions[-1]

    monkeypatch.setattr(serving, "start_gateway", start_gateway)
    return legions


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C comes as soon as the command waits."""

    def interrupt(_seconds):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(foreground, "_glance", interrupt)


@pytest.mark.usefixtures("interrupted")
def test_it_says_where_it_listens_and_how_to_try(run, started):
    result = run("serve")

    assert "listens on http://127.0.0.1:4567\n" in result.stdout
    assert "the dashboard is at http://127.0.0.1:4567/ui\n" in result.stdout
    assert "curl http://127.0.0.1:4567/v1/chat/completions " in result.stdout
    assert all(note in result.stdout for note in NOTES)
    assert len(started) == 1


@pytest.mark.usefixtures("interrupted")
def test_options_win_over_the_file(run, started, config_file):
    run("serve", "--config", config_file({"api": {"port": 1, "host": "::1"}}), "--port", "8080")

    api = started[0].settings.api
    assert (api.host, api.port) == ("::1", 8080)


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_drains(run, started):
    result = run("serve")

    assert result.exit_code == 0
    assert result.stdout.endswith(f"{DRAINING}  running requests have ended\n  the store is closed\nstopped\n")
    assert started[0].drains == [None]


def test_sigterm_drains_too(run, started, monkeypatch):
    monkeypatch.setattr(foreground, "_glance", lambda _: signal.raise_signal(signal.SIGTERM))

    result = run("serve")

    assert (result.exit_code, started[0].drains) == (0, [None])


@pytest.mark.usefixtures("interrupted")
def test_a_second_ctrl_c_does_not_wait(run, started, monkeypatch):
    left = []
    monkeypatch.setattr(ServedLegion, "shutdown", lambda self, told: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(foreground.os, "_exit", left.append)

    result = run("serve")

    assert left == [130]
    assert "stopped at once\n" in result.stdout


@pytest.mark.usefixtures("interrupted", "started")
def test_afterwards_signals_mean_what_they_meant(run):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    run("serve")

    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_gateway_that_fails_ends_the_process_with_1(run, started, monkeypatch):
    def fail(_seconds):
        started[0].state = "failed"

    monkeypatch.setattr(foreground, "_glance", fail)

    result = run("serve")

    assert (result.exit_code, started[0].drains) == (1, [0.0])
    assert "has failed" in result.stderr


def test_a_gateway_that_does_not_start_is_told(run, monkeypatch):
    def start_gateway(settings, reread):
        raise StartFailed("port 4567 on 127.0.0.1 is in use: choose another with --port")

    monkeypatch.setattr(serving, "start_gateway", start_gateway)

    result = run("serve")

    assert (result.exit_code, result.stderr) == (
        1,
        "error: port 4567 on 127.0.0.1 is in use: choose another with --port\n",
    )


def test_errors_of_ours_are_not_logged_with_a_traceback():
    keep = foreground.WithoutExpected().filter
    expected, bug = StartFailed("port in use"), ZeroDivisionError()

    records = [
        logging.LogRecord("x", logging.ERROR, "", 0, "", (), (type(error), error, None)) for error in (expected, bug)
    ]

    assert [keep(record) for record in records] == [False, True]

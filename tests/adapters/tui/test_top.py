"""The live view, driven by textual's pilot, before a running gateway."""

from __future__ import annotations

import asyncio
import builtins

import legion_llm
import pytest
from click.testing import CliRunner
from legion_llm.adapters.cli.main import cli
from legion_llm.adapters.debug.client import DebugClient
from legion_llm.adapters.tui import tables
from legion_llm.adapters.tui.app import Closer, Top
from legion_llm.adapters.tui.rates import rates
from legion_llm.messages.errors import TargetUnavailable
from textual.widgets import DataTable, Static, TabbedContent

DEBUG = {"address": "tcp://127.0.0.1:*", "admin": True}


@pytest.fixture
def watched():
    """A gateway, and one who asks its debug port."""
    with legion_llm.start({"providers": {"demo": {}}, "debug": DEBUG}, environ={}) as legion:
        address = legion.inspect("debug port")["snapshot"]["address"]
        with DebugClient(address, timeout=10) as client:
            yield legion, client


def play(app, script):
    """Run a script of key presses before the view."""

    async def run():
        async with app.run_test(size=(140, 40)) as pilot:
            await script(pilot)

    asyncio.run(run())


def shown(app, tab):
    table = app.query_one(f"#{tab}-table", DataTable)
    return {key.value: [str(cell) for cell in table.get_row(key)] for key in table.rows}


def test_the_keys_lead_through_actors_providers_requests_and_spend(watched):
    legion, port = watched
    response = legion.chat("a prompt").get(timeout=10)
    app = Top(port.ask, interval=60)
    seen = {}

    async def script(pilot):
        for key, tab in (("1", "actors"), ("2", "providers"), ("3", "requests"), ("4", "spend")):
            await pilot.press(key)
            await pilot.press("r")
            await pilot.pause()
            seen[tab] = shown(app, tab)
        seen["summary"] = str(app.query_one("#summary", Static).content)

    play(app, script)
    assert seen["actors"]["router"][:2] == ["  router", "ready"]
    assert seen["providers"]["connections/demo"][:2] == ["demo", "closed"]
    assert seen["requests"][response.request_id][2] == "success"
    assert seen["spend"]["demo/demo"][1] == "1"
    assert "1 of 1 providers well" in seen["summary"]


def test_enter_looks_closer_and_escape_comes_back(watched):
    legion, port = watched
    response = legion.chat("a prompt").get(timeout=10)
    app = Top(port.ask, interval=60)
    texts = []

    async def script(pilot):
        await pilot.press("3", "r")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Closer)
        texts.append(str(app.screen.query_one(Static).content))
        await pilot.press("escape")
        await pilot.pause()
        assert app.query_one(TabbedContent).active == "requests"

    play(app, script)
    assert response.request_id in texts[0]
    assert "routing:provider_selection" in texts[0]


def test_the_cursor_stays_where_it_was_and_a_circuit_that_opens_is_seen_at_the_next_look(watched):
    _, port = watched
    app = Top(port.ask, interval=60)

    async def script(pilot):
        await pilot.press("down", "down", "down", "r")
        await pilot.pause()
        assert app.query_one("#actors-table", DataTable).cursor_row == 3
        await pilot.press("2", "r")
        port.ask("circuit", instance="demo", state="open")
        while shown(app, "providers").get("connections/demo", ["", ""])[1] != "open":
            await pilot.press("r")
            await pilot.pause()
        assert "0 of 1 providers well" in str(app.query_one("#summary", Static).content)

    play(app, script)


def test_a_gateway_that_does_not_answer_is_said_so_and_asked_again():
    def nobody(*_, **__):
        raise TargetUnavailable("nobody answers at tcp://127.0.0.1:1")

    app = Top(nobody, interval=60)

    async def script(pilot):
        trouble = app.query_one("#trouble", Static)
        assert (str(trouble.content), trouble.has_class("shown")) == ("nobody answers at tcp://127.0.0.1:1", True)
        await pilot.press("p")
        assert "PAUSED" in str(app.query_one("#summary", Static).content)

    play(app, script)


def test_without_the_library_the_command_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "tui.app":
            raise ModuleNotFoundError("no textual", name="textual")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    result = CliRunner().invoke(cli, ["top", "--at", "tcp://127.0.0.1:1"])

    assert (result.exit_code, "pip install legion-llm[tui]" in result.output) == (1, True)


# -- what is shown


OVERVIEW = {
    "at": 10.0,
    "actors": [{"path": "router", "is_supervisor": False, "handled": 50}],
    "requests": {"ended": 20, "failed": 4},
    "spend": {"input_tokens": 100, "output_tokens": 50, "cost_usd": 1.0},
}
LATER = {
    "at": 12.0,
    "actors": [{"path": "router", "is_supervisor": False, "handled": 150}],
    "requests": {"ended": 30, "failed": 5},
    "spend": {"input_tokens": 200, "output_tokens": 150, "cost_usd": 2.0},
}


def test_rates_are_what_happened_between_two_looks():
    found = rates(OVERVIEW, LATER)

    assert (found.requests, found.failed, found.tokens, found.cost_usd) == (5.0, 0.5, 100.0, 0.5)
    assert found.handled == {"router": 50.0}


@pytest.mark.parametrize(
    ("before", "after"), [(None, OVERVIEW), (OVERVIEW, OVERVIEW), (LATER, {**OVERVIEW, "at": 20.0})]
)
def test_there_is_no_rate_without_two_looks_at_the_same_gateway(before, after):
    assert (rates(before, after).requests, rates(before, after).tokens) == (0.0, 0.0)


def test_requests_under_way_come_first_and_each_is_listed_once():
    running = {"request_id": "req_1", "seconds": 2.0, "step": "provider_call", "failed_attempts": 1}
    running |= {"target": "a/m", "model": None, "caller": None}
    ended = {"request_id": "req_0", "began_at": 0.0, "seconds": 0.5, "outcome": "target_sick", "error": "ProviderDown"}
    ended |= {"routing": None, "answered_by": None, "caller": "ann"}

    rows = tables.request_rows([running], [{**ended, "request_id": "req_1"}, ended], now=10.0)

    assert [(row.key, row.cells[2].text, row.cells[5].text) for row in rows] == [
        ("req_1", "running", "provider_call, 1 failed"),
        ("req_0", "target_sick", "ProviderDown"),
    ]


def test_what_has_no_known_price_is_not_shown_as_free():
    model = {"instance": "a", "model": "m", "attempts": 2, "succeeded": 1, "tokens": {"input": 1, "output": 2}}
    model |= {"p50_ms": None, "p95_ms": 1500.0, "cost_usd": 0.0, "unpriced": 1}

    [row] = tables.spend_rows({"models": [model]})

    assert [cell.text for cell in row.cells] == ["a/m", "2", "1", "1", "2", "", "1.5 s", "0.0000 + unknown"]

"""`legion-llm inspect`, `trace` and `events` before a running gateway."""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner
from legion_llm.adapters.cli.main import cli


@pytest.fixture
def run(embedded):
    """Starts a gateway; returns it, and what runs commands that look into it."""
    debug = {"address": "tcp://127.0.0.1:*", "events": "tcp://127.0.0.1:*", "interval": 0.02, "admin": True}
    legion = embedded({"demo": {}}, debug=debug)
    address = legion.inspect("debug port")["snapshot"]["address"]

    def invoke(*words, code=0):
        result = CliRunner().invoke(cli, [*words, "--at", address])
        assert result.exit_code == code, result.output
        return result.output

    return legion, invoke


def test_the_tree_is_a_line_an_actor(run):
    _, invoke = run

    lines = invoke("inspect").splitlines()

    assert lines[0].startswith("legion: ready; ")
    assert [line.split()[:2] for line in lines if line.strip().startswith("router")] == [["router", "ready"]]


def test_one_actor_and_every_other_question_are_answered_as_json(run):
    _, invoke = run

    assert json.loads(invoke("inspect", "router"))["snapshot"]["instances"]["demo"]["tier"] == "local"
    assert json.loads(invoke("inspect", "--op", "route", "model=demo"))["candidates"][0]["model"] == "demo"
    assert json.loads(invoke("inspect", "--op", "circuit", "instance=demo", "state=open"))["state"] == "open"


@pytest.mark.parametrize(
    ("words", "code"), [(("inspect", "nobody"), 1), (("inspect", "a", "b"), 2), (("trace", "req_0"), 1)]
)
def test_what_is_not_there_is_said(run, words, code):
    _, invoke = run

    assert invoke(*words, code=code)


def test_requests_are_listed_and_one_is_told_step_by_step(run):
    legion, invoke = run
    response = legion.chat("a secret question").get(timeout=10)
    stream = legion.stream("hi", model="demo-hang")
    while "running provider_call" not in (listed := invoke("trace")):
        threading.Event().wait(0.01)
    stream.close()

    told = invoke("trace", response.request_id)

    assert response.request_id in listed
    assert "step     provider_call" in told
    assert "routing:provider_selection" in told
    assert "secret" not in told


def test_events_are_lines_as_they_happen(run):
    legion, invoke = run
    heard = []
    listener = threading.Thread(target=lambda: heard.append(invoke("events", "--topic", "circuit.", "--silence", "1")))
    listener.start()
    while not legion.inspect("debug port")["snapshot"]["listeners"]:
        threading.Event().wait(0.01)
    while not legion.inspect("debug port")["snapshot"]["published"]:
        for state in ("open", "closed"):
            invoke("inspect", "--op", "circuit", "instance=demo", f"state={state}")
            threading.Event().wait(0.03)
    listener.join(20)

    assert "circuit.open" in heard[0] or "circuit.closed" in heard[0]
    assert "instance=demo from=" in heard[0]


def test_new_keys_are_a_pair_in_z85():
    lines = CliRunner().invoke(cli, ["inspect", "--new-keys"]).output.splitlines()

    assert [(line.split()[0], len(line.split()[1])) for line in lines] == [("public", 40), ("secret", 40)]

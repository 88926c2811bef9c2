"""Secrets and prompts are planted everywhere they can come from, and looked for everywhere they must not come out."""

from __future__ import annotations

import contextlib
import json
import logging
import threading

import httpx
import legion_llm
import pytest
from canned import answer
from legion_llm import Host
from legion_llm.adapters.debug.client import DebugClient, PortRefused
from legion_llm.adapters.serving import start_gateway
from legion_llm.adapters.settings import load_settings
from scripted import ScriptedServer, Send
from talking import TalkingModel, call

SECRETS = (
    "sk-canary-provider-0123456789abcdef",
    "canary-api-key-of-ann",
    "canary-api-key-of-watch",
    "canary-mcp-header",
)
PROMPTS = ("canary-system", "canary-question", "canary-echo", "canary-argument", "canary-result", "canary-metadata")
KEYS = {"ann": SECRETS[1], "watch": {"key": SECRETS[2], "inspect": True}}
# What is asked with arguments of its own, below.
ASKED_APART = {"actor", "mailbox", "request", "restart", "circuit", "log_level", "drain"}


def echoing(request):
    """An upstream that quotes key and prompt in its errors, as some do."""
    quoted = f"bad key {request.headers['authorization']} for {request.body.decode()} canary-echo"
    return (
        Send(
            answer(
                json.dumps({"error": {"message": quoted, "type": "invalid_request_error"}}).encode(),
                status="400 Bad Request",
            )
        ),
    )


def lookup(word: str) -> str:
    """Look a word up."""
    if word == "canary-argument-2":
        raise ValueError(f"canary-result: cannot find {word}")
    return "canary-result"


@pytest.fixture
def house(make_provider, caplog, tmp_path):
    """A gateway that serves, with every canary planted and every way taken; returns it, its debug client, and the log."""
    caplog.set_level(logging.DEBUG, logger="legion_llm")
    with contextlib.ExitStack() as stack:
        talking = stack.enter_context(TalkingModel())
        for argument in ("canary-argument", "canary-argument-2"):
            talking.will((None, call("lookup", json.dumps({"word": argument}))), ("canary-echo",))
        sick = stack.enter_context(ScriptedServer(echoing))
        providers = {
            "well": {**make_provider(talking), "api_key": SECRETS[0]},
            "sick": {**make_provider(sick), "api_key": SECRETS[0], "models": ["m-2"], "default_model": "m-2"},
        }
        given = {
            "providers": providers,
            "verification": {"enabled": False},
            "api": {"port": 0, "keys": KEYS},
            "debug": {
                "address": "tcp://127.0.0.1:*",
                "events": "tcp://127.0.0.1:*",
                "interval": 0.02,
                "slow_ms": 0.001,
            },
            "mcp": {
                "servers": {"idle": {"url": "http://127.0.0.1:9/mcp", "headers": {"x": SECRETS[3]}, "enabled": False}}
            },
            "audit": {"sinks": ["store", "log", "jsonl"], "path": str(tmp_path / "audit.jsonl")},
        }
        settings = load_settings(overrides=given, environ={})
        legion = stack.enter_context(start_gateway(settings, environ={}, host=Host(tools=(lookup,))))
        port = stack.enter_context(DebugClient(legion.inspect("debug port")["snapshot"]["address"], timeout=10))
        heard = []
        with listening(legion, heard):
            take_every_way(legion)
        yield legion, port, caplog, tmp_path, heard


@contextlib.contextmanager
def listening(legion, heard):
    """Within, whatever is published is written down."""
    addresses = legion.inspect("debug port")["snapshot"]

    def listen():
        with DebugClient(addresses["address"]) as listener:
            heard.extend(listener.events(addresses["events"], timeout=1.0))

    thread = threading.Thread(target=listen)
    thread.start()
    while not legion.inspect("debug port")["snapshot"]["listeners"]:
        threading.Event().wait(0.01)
    yield
    thread.join()


def take_every_way(legion):
    """Ask whole, streamed, with tools that work and that fail, what fails upstream, and over HTTP with good and bad keys."""
    asked = {"system": "canary-system", "metadata": {"note": "canary-metadata"}}
    for _ in range(2):
        legion.chat("canary-question", provider="well", **asked).get(timeout=10)
    list(legion.stream("canary-question", provider="well", **asked))
    with pytest.raises(legion_llm.LegionError):
        legion.chat("canary-question", provider="sick", **asked).get(timeout=10)
    body = {"model": "sick/m-2", "messages": [{"role": "user", "content": "canary-question"}]}
    with httpx.Client(base_url=legion.url, trust_env=False) as client:
        for key in (SECRETS[1], f"{SECRETS[1]}-wrong"):
            client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"})
        client.post("/v1/chat/completions", content=b'{"canary-question', headers={"x-api-key": SECRETS[1]})
    legion.usage().get(timeout=10)


def told_by_the_port(port):
    """Every answer of the debug port's to a question that changes nothing."""
    for op in {each["op"] for each in port.ask("ops")} - ASKED_APART:
        with contextlib.suppress(PortRefused):
            yield op, port.ask(op)
    for actor in port.ask("overview")["actors"]:
        if not actor["is_supervisor"]:
            yield f"actor {actor['path']}", port.ask("actor", path=actor["path"])
            yield f"mailbox {actor['path']}", port.ask("mailbox", path=actor["path"])
    for request in port.ask("requests", most=100):
        yield f"request {request['request_id']}", port.ask("request", id=request["request_id"])


def told_over_http(legion):
    """Everything that who may look in is told over HTTP."""
    with httpx.Client(base_url=legion.url, trust_env=False, headers={"x-api-key": SECRETS[2]}) as client:
        for path in (
            "/metrics",
            *(f"/api/llm/inspect/{what}" for what in ("overview", "requests", "usage", "actor?path=audit")),
        ):
            answered = client.get(path)
            assert answered.status_code == 200, path
            yield path, answered.text
        with client.stream("GET", "/api/llm/inspect/live") as live:
            yield "live", next(live.iter_text())


def sinks(legion, port, caplog, folder, heard):
    """Everything that operators get to see, by where they see it."""
    yield from told_by_the_port(port)
    yield from told_over_http(legion)
    yield "events", heard
    yield "notes", legion.notes
    yield "audit", [event.body for event in legion.audit().get(timeout=10)]
    yield "ledger", repr(legion.usage(group_by="model,caller,conversation").get(timeout=10))
    yield "reprs", [repr(legion), repr(legion.settings)]
    legion.shutdown()
    yield "audit file", (folder / "audit.jsonl").read_text()
    formatter = legion_llm.JsonLogFormatter()
    yield "log", [formatter.format(record) for record in caplog.records]


def test_no_sink_holds_a_secret_or_what_was_said(house):
    found = [
        (where, canary)
        for where, told in sinks(*house)
        for canary in (*SECRETS, *PROMPTS)
        if canary in (told if isinstance(told, str) else json.dumps(told, default=repr))
    ]

    assert found == []


def test_the_canaries_did_come_by(house):
    """Else the test above would prove nothing: requests were answered, tools ran, and the upstream's error was met."""
    _, port, _, _, heard = house

    outcomes = {request["outcome"] for request in port.ask("requests")}
    events = {event["key"] for request in port.ask("requests") for event in request["events"]}

    assert {"success"} < outcomes
    assert any(key.startswith("tool:") for key in events)
    assert {"request.slow", "request.failed"} <= {event["topic"] for event in heard}
    assert len(list(told_by_the_port(port))) > 30

"""The debug port of a running system, asked over real sockets."""

from __future__ import annotations

import json
import os
import random
import stat
import threading
import time

import pytest
import zmq
from legion_llm.adapters.debug.client import DebugClient, Keys, PortRefused
from legion_llm.messages.errors import NotFoundError, SettingsError, TargetUnavailable
from legion_llm.messages.settings import DebugSettings


@pytest.fixture
def looked_into(embedded):
    """Starts a system with a debug port and returns both the system and one who asks."""
    clients = []

    def start(providers=None, *, more=None, **debug):
        settings = {"address": "tcp://127.0.0.1:*", "events": "tcp://127.0.0.1:*", "interval": 0.02, **debug}
        legion = embedded(providers or {"demo": {}}, debug=settings, **(more or {}))
        port = legion.inspect("debug port")["snapshot"]
        client = DebugClient(port["address"], timeout=10)
        clients.append(client)
        return legion, client

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def port(looked_into):
    return looked_into()[1]


def test_it_is_off_by_default(embedded):
    assert "debug port" not in json.dumps(embedded({"demo": {}}).inspect())


def test_it_shows_the_tree(port):
    tree = port.ask("tree")

    assert tree["state"] == "ready"
    assert {"router", "health", "inference"} <= {child["name"] for child in tree["tree"]["children"]}


def test_it_shows_an_actor_with_its_own_state(port):
    assert port.ask("actor", path="router")["snapshot"]["instances"]["demo"]["tier"] == "local"


def test_it_shows_a_mailbox(port):
    assert port.ask("mailbox", path="router")["mailbox"]["depth"] == 0


def test_it_shows_requests_and_their_timelines(looked_into):
    legion, port = looked_into()
    response = legion.chat("a secret question").get(timeout=10)

    [listed] = port.ask("requests")
    one = port.ask("request", id=response.request_id)

    assert listed["request_id"] == response.request_id
    assert "routing:provider_selection" in [event["key"] for event in one["events"]]
    assert "secret" not in json.dumps([listed, one])


def test_it_shows_the_requests_that_are_under_way(looked_into):
    legion, port = looked_into()
    stream = legion.stream("a secret question", model="demo-hang")
    _until(lambda: [each for each in port.ask("running") if each["step"] == "provider_call"])

    [running] = port.ask("running")
    now = port.ask("request", id=running["request_id"])
    stream.close()
    _until(lambda: not port.ask("running"))

    assert (running["model"], running["target"], running["streamed"]) == ("demo-hang", "demo/demo-hang", True)
    assert (running["failed_attempts"], running["caller"], running["seconds"] > 0) == (0, None, True)
    assert (now["is_running"], now["outcome"], now["steps"][-1][0]) == (True, None, "provider_call")
    assert "routing:provider_selection" in [event["key"] for event in now["events"]]
    after = port.ask("request", id=running["request_id"])
    assert (after["is_running"], after["outcome"]) == (False, "cancelled")


def test_it_shows_all_that_a_person_watches(looked_into):
    legion, port = looked_into()
    legion.chat("a secret question").get(timeout=10)
    legion.usage().get(timeout=10)  # what came before is counted when this is answered

    seen = port.ask("overview")

    assert (seen["actors"][0]["path"], seen["actors"][0]["is_supervisor"]) == ("", True)
    assert {"router", "connections/demo"} <= {actor["path"] for actor in seen["actors"]}
    [provider] = seen["providers"]
    assert (provider["name"], provider["state"], provider["in_flight"]) == ("demo", "closed", 0)
    assert (seen["requests"]["ended"], seen["requests"]["failed"]) == (1, 0)
    assert (seen["models"][0]["attempts"], seen["spend"]["output_tokens"] > 0) == (1, True)
    assert "secret" not in json.dumps(seen)


def test_it_explains_where_a_request_would_go(port):
    explained = port.ask("route", model="demo", needs=["tools"])

    assert [each["model"] for each in explained["candidates"]][:1] == ["demo"]
    assert explained["strategy"] == "explicit"
    assert port.ask("requests") == []


def test_it_shows_settings_without_secrets(looked_into):
    _, port = looked_into({"openai": {"api_key": "sk-planted", "base_url": "http://127.0.0.1:9/v1"}})

    settings = port.ask("settings")

    assert settings["providers"]["openai"]["api_key"] == "***"
    assert "sk-planted" not in json.dumps(settings)


def test_it_shows_where_threads_and_tasks_are(port):
    stacks = port.ask("stacks")

    assert any("legion" in thread["name"] for thread in stacks["threads"])
    assert any("debug/actor.py" in line for task in stacks["asyncio"] for line in task["stack"])
    assert any("runtime" in line for task in stacks["trio"] for line in task["stack"])


def test_it_shows_memory_and_dead_letters_and_what_can_be_asked(port):
    assert port.ask("memory")["objects"] > 0
    assert port.ask("dead_letters")["total"] >= 0
    assert {"tree", "drain"} <= {each["op"] for each in port.ask("ops")}


@pytest.mark.parametrize(
    ("op", "args", "message"),
    [
        ("teee", {}, "no op 'teee'"),
        ("actor", {}, "missing a required argument: 'path'"),
        ("actor", {"path": 3}, "path must be a text"),
        ("actor", {"path": "router", "more": 1}, "unexpected keyword argument 'more'"),
        ("requests", {"most": 0}, "most must be 1 to 1000"),
        ("usage", {"hours": True}, "hours must be 1 to 744"),
        ("route", {"modle": "x"}, "route takes intent, model"),
        ("route", {"needs": ["wings"]}, "needs must be among"),
        ("restart", {"path": "router"}, "set debug.admin"),
        ("drain", {}, "set debug.admin"),
        ("fault", {"instance": "demo", "kind": "error"}, "set debug.admin"),
    ],
)
def test_what_cannot_be_answered_says_why(port, op, args, message):
    with pytest.raises(PortRefused, match=message):
        port.ask(op, **args)


@pytest.mark.parametrize(("op", "args"), [("actor", {"path": "nobody"}), ("request", {"id": "req_never"})])
def test_what_is_not_there_is_not_found(port, op, args):
    with pytest.raises(NotFoundError):
        port.ask(op, **args)


# -- changing


@pytest.fixture
def heard(looked_into):
    """Starts a system whose events are read in a thread: returns the system, one who asks, and what was heard."""
    threads = []

    def start(topic, count):
        legion, port = looked_into(admin=True)
        told = []
        addresses = legion.inspect("debug port")["snapshot"]

        def listen():
            with DebugClient(addresses["address"]) as listener:
                events = listener.events(addresses["events"], (topic,), timeout=20)
                for _ in range(count):
                    told.append(next(events))  # noqa: PERF401 - one by one: the test waits for the first
                events.close()

        threads.append(threading.Thread(target=listen))
        threads[0].start()
        _until(lambda: legion.inspect("debug port")["snapshot"]["listeners"] > 0)
        threading.Event().wait(0.2)  # one look to compare with
        return legion, port, told

    yield start
    for thread in threads:
        thread.join(20)


def test_an_administrator_restarts_actors_and_listeners_hear_of_it(heard):
    legion, port, told = heard("actor.", 1)

    assert port.ask("restart", path="router") == {"restarting": "router"}
    _until(lambda: told)

    assert (told[0]["topic"], told[0]["actor"]) == ("actor.restarted", "router")
    assert legion.chat("hi").get(timeout=10).text


def test_an_administrator_opens_and_closes_circuits_and_listeners_hear_of_it(heard):
    legion, port, told = heard("circuit.", 2)

    port.ask("circuit", instance="demo", state="open")
    _until(lambda: told)
    opened = legion.providers().get(timeout=5)[0].state
    port.ask("circuit", instance="demo", state="closed")
    _until(lambda: len(told) == 2)

    assert (opened, [each["topic"] for each in told]) == ("open", ["circuit.open", "circuit.closed"])
    assert legion.chat("hi").get(timeout=10).text


@pytest.mark.parametrize(
    ("args", "error"),
    [({"instance": "demo", "state": "ajar"}, PortRefused), ({"instance": "x", "state": "open"}, NotFoundError)],
)
def test_a_circuit_that_is_none_is_refused(looked_into, args, error):
    _, port = looked_into(admin=True)

    with pytest.raises(error):
        port.ask("circuit", **args)


TWO = {"demo": {}, "other": {"kind": "demo"}}


@pytest.mark.parametrize("kind", ["error", "rate_limit", "silence"])
def test_a_fault_that_an_administrator_sets_is_met_as_the_providers_own(looked_into, kind):
    legion, port = looked_into(TWO, more={"default_provider": "demo"}, admin=True)

    port.ask("fault", instance="demo", kind=kind, calls=2)
    first = legion.chat("hi").get(timeout=10)

    assert first.text
    assert first.escalation_history[0].outcome == {"rate_limit": "throttled"}.get(kind, "target_sick")
    rows = legion.usage(group_by=("instance", "outcome")).get(timeout=10).rows
    assert ("demo", first.escalation_history[0].outcome) in [row.group for row in rows]


def test_it_is_met_so_often_and_no_more(looked_into):
    legion, port = looked_into(admin=True)

    port.ask("fault", instance="demo", kind="slow", calls=2, seconds=0.001)
    legion.chat("hi").get(timeout=10)
    left = port.ask("actor", path="connections/demo")["snapshot"]["fault"]
    legion.chat("hi").get(timeout=10)

    assert left == {"kind": "slow", "calls": 1}
    assert port.ask("actor", path="connections/demo")["snapshot"]["fault"] is None


def test_it_can_be_taken_back(looked_into):
    legion, port = looked_into(admin=True)

    port.ask("fault", instance="demo", kind="error", calls=100)
    port.ask("fault", instance="demo", kind="none")

    assert legion.chat("hi").get(timeout=10).text


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"instance": "demo", "kind": "ajar"}, PortRefused),
        ({"instance": "demo", "kind": "error", "calls": 0}, PortRefused),
        ({"instance": "demo", "kind": "slow", "seconds": -1}, PortRefused),
        ({"instance": "x", "kind": "error"}, NotFoundError),
    ],
)
def test_a_fault_that_is_none_is_refused(looked_into, args, error):
    _, port = looked_into(admin=True)

    with pytest.raises(error):
        port.ask("fault", **args)


def test_an_administrator_drains_the_system(looked_into):
    legion, port = looked_into(admin=True)

    assert port.ask("drain") == {"state": "draining"}
    _until(lambda: legion.state == "stopped")


def test_levels_of_our_own_loggers_can_be_set(looked_into):
    _, port = looked_into(admin=True)

    assert port.ask("log_level", level="INFO") == {"logger": "legion_llm", "level": "INFO"}
    port.ask("log_level", level="WARNING")
    with pytest.raises(PortRefused):
        port.ask("log_level", level="INFO", logger="root")


# -- who may


def test_a_file_is_its_owners_alone(looked_into, tmp_path):
    path = tmp_path / "debug"
    legion, _ = looked_into(address=f"ipc://{path}", events=None)
    with DebugClient(f"ipc://{path}") as port:
        assert port.ask("tree")["state"] == "ready"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    legion.shutdown()
    assert not path.exists()


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:4568", "tcp://192.0.2.1:4568", "tcp://example.org:1"])
def test_an_address_that_others_reach_needs_keys(address):
    with pytest.raises(SettingsError, match="secret_key and allowed_keys"):
        DebugSettings(address=address)


@pytest.mark.parametrize("address", ["here", "udp://127.0.0.1:1", "tcp://127.0.0.1", "ipc://relative"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(SettingsError, match="ipc:///PATH or tcp://HOST:PORT"):
        DebugSettings(address=address)


def test_with_keys_only_those_on_the_list_are_heard(embedded):
    server_public, server_secret = zmq.curve_keypair()
    friend_public, friend_secret = zmq.curve_keypair()
    _, stranger_secret = zmq.curve_keypair()
    settings = {
        "address": "tcp://127.0.0.1:*",
        "secret_key": server_secret.decode(),
        "allowed_keys": [friend_public.decode()],
    }
    legion = embedded({"demo": {}}, debug=settings)
    address = legion.inspect("debug port")["snapshot"]["address"]

    with DebugClient(address, keys=Keys(server=server_public.decode(), secret=friend_secret.decode())) as friend:
        assert friend.ask("tree")["state"] == "ready"
    with (
        DebugClient(
            address, keys=Keys(server=server_public.decode(), secret=stranger_secret.decode()), timeout=0.3
        ) as stranger,
        pytest.raises(TargetUnavailable),
    ):
        stranger.ask("tree")
    with DebugClient(address, timeout=0.3) as plain, pytest.raises(TargetUnavailable):
        plain.ask("tree")


# -- bad days


def test_hostile_frames_disturb_nothing(looked_into):
    legion, port = looked_into()
    dice = random.Random(7)
    address = legion.inspect("debug port")["snapshot"]["address"]
    frames = int(os.environ.get("LEGION_DEBUG_FRAMES", "5000"))
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(address)
        for _ in range(frames):
            socket.send_multipart([dice.randbytes(dice.randrange(60)) for _ in range(dice.randrange(1, 5))])
            while socket.poll(0):
                socket.recv_multipart()

        assert port.ask("tree")["state"] == "ready"
    assert legion.inspect("debug port")["restarts"] == 0
    assert legion.chat("hi").get(timeout=10).text


def test_a_flooded_system_can_still_be_looked_at(looked_into):
    legion, port = looked_into(more={"runtime": {"mailbox_capacity": 8}})
    system = legion._system
    held = threading.Event()
    system.trio.post(lambda: held.wait(5))  # the loop of every decider stands still, and its mailboxes fill
    for name in ("router", "health", "inference"):
        for _ in range(20):
            system.address(name).offer(object())

    port.ask("ops")  # the first question of a connection waits for the connection
    began = time.monotonic()
    tree = port.ask("tree")
    took = time.monotonic() - began
    stacks = port.ask("stacks")
    held.set()

    depths = {child["name"]: child["mailbox"]["depth"] for child in tree["tree"]["children"] if "mailbox" in child}
    assert depths["router"] == 8
    assert took < 0.1
    assert "unavailable" in stacks["trio"]


def _until(condition):
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never happened")

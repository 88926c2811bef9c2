"""Batches through the whole house: answered, tried again, cancelled, put off, and found again after the process was killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading

import legion_llm
import pytest
from scripted import Hang, ScriptedServer, Signal
from upstream import Fault, openai_upstream

SOON = 20.0


def states(batch):
    return [str(result.state) for result in batch.results().get(timeout=SOON)]


def asked(server):
    return [json.loads(request.body)["messages"][-1]["content"] for request in server.requests]


def test_all_requests_are_answered_in_their_order(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    batch = legion.batch(["one", {"id": "second", "message": "two", "temperature": 0.5}, "three"])

    assert batch.submitted.get(timeout=SOON).total == 3
    results = batch.results().get(timeout=SOON)
    assert [result.id for result in results] == ["1", "second", "3"]
    assert all(result.response.text for result in results)
    assert batch.status().get(timeout=SOON).is_finished
    assert sorted(asked(upstream)) == ["one", "three", "two"]


def test_results_are_told_one_by_one_and_a_callback_that_fails_disturbs_nobody(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    told, all_told = [], threading.Event()

    def on_result(result):
        told.append(result.id)
        if len(told) == 3:
            all_told.set()
        raise ValueError("mine")

    batch = legion.batch(["one", "two", "three"], on_result=on_result)

    assert sorted(result.id for result in batch.stream()) == ["1", "2", "3"]
    assert all_told.wait(SOON)
    assert sorted(told) == ["1", "2", "3"]


def test_a_request_that_is_submitted_twice_is_answered_once(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    legion.batch(["one", "two"], id="mine").results().get(timeout=SOON)

    batch = legion.batch(["one", "two", "three"], id="mine")

    assert states(batch) == ["completed"] * 3
    assert sorted(asked(upstream)) == ["one", "three", "two"]


def test_what_may_pass_is_tried_again_as_often_as_the_settings_say(embedded, make_provider):
    with openai_upstream(Fault.STATUS_500) as server:
        legion = embedded({"up": make_provider(server)}, batch={"retry_seconds": 0.01, "max_attempts": 2})

        (result,) = legion.batch(["one"]).results().get(timeout=SOON)

    assert (result.state, result.fault.type, result.attempts) == ("failed", "ProviderError", 2)


def test_what_fails_for_good_says_why(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    (result,) = legion.batch([{"message": "one", "provider": "nobody"}]).results().get(timeout=SOON)

    assert (result.state, result.fault.type, result.attempts) == ("failed", "UnknownProviderError", 1)


def test_in_the_peak_a_batch_waits_unless_it_is_for_now(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)}, scheduling={"enabled": True, "peak_hours": ["0-23"]})

    waiting = legion.batch(["later"])
    states_now = states(legion.batch(["now"], immediate=True))

    status = waiting.status().get(timeout=SOON)
    assert states_now == ["completed"]
    assert (status.counts, status.not_before - status.created_at) == ({"waiting": 1}, 8 * 3600.0)
    assert waiting.cancel().get(timeout=SOON).is_finished
    assert states(waiting) == ["cancelled"]
    assert asked(upstream) == ["now"]


def test_what_is_being_answered_can_be_cancelled(embedded, make_provider):
    asked = threading.Event()
    with ScriptedServer([Signal(asked), Hang()]) as server:
        legion = embedded({"up": make_provider(server)})
        batch = legion.batch(["one"])
        assert asked.wait(SOON)

        batch.cancel().get(timeout=SOON)

        assert states(batch) == ["cancelled"]
        assert server.client_closed.wait(SOON)


@pytest.mark.parametrize(
    ("requests", "more", "param"),
    [
        ("text", {}, "requests"),
        (["one"], {"urgency": "asap"}, "urgency"),
        (["one"], {"id": "a b"}, "id"),
        (["one"], {"on_result": 3}, "on_result"),
        ([{"message": "one", "id": 3}], {}, "requests.0.id"),
    ],
)
def test_what_is_no_batch_is_refused_at_once(embedded, make_provider, upstream, requests, more, param):
    legion = embedded({"up": make_provider(upstream)})

    with pytest.raises(legion_llm.InvalidRequestError) as caught:
        legion.batch(requests, **more)

    assert caught.value.param == param


def test_a_batch_that_is_not_there_is_not_found(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    with pytest.raises(legion_llm.NotFoundError):
        legion.batch(id="nothing").status().get(timeout=SOON)


KILLED = """
import sys, time
import legion_llm
settings = {"providers": {"demo": {}}, "store": STORE, "batch": {"concurrency": 1}}
legion = legion_llm.start(settings, environ={})
legion.batch([f"number {n}" for n in range(400)], id="mine").submitted.get(timeout=20)
for count, result in enumerate(legion.batch(id="mine").stream()):
    if count == 5:
        print("go", flush=True)
time.sleep(60)
"""


def after_a_kill(store):
    program = KILLED.replace("STORE", repr(store))
    with subprocess.Popen([sys.executable, "-c", program], cwd="/", stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"go\n"
        process.send_signal(signal.SIGKILL)
    settings = {"providers": {"demo": {}}, "store": store, "batch": {"concurrency": 50, "lease_seconds": 5}}
    with legion_llm.start(settings, environ={}) as legion:
        return legion.batch(id="mine").results().get(timeout=SOON)


def test_a_process_that_is_killed_loses_no_request_that_was_acknowledged(tmp_path):
    results = after_a_kill({"path": str(tmp_path / "store.db")})

    assert [result.seq for result in results] == list(range(1, 401))
    assert all(f"number {result.seq - 1}" in result.response.text for result in results)


@pytest.mark.live
def test_two_hosts_share_the_work(embedded, make_provider, upstream, postgres):
    one, other = (embedded({"up": make_provider(upstream)}, store=postgres.settings()) for _ in range(2))

    batch = one.batch([f"number {number}" for number in range(40)])
    batch.submitted.get(timeout=SOON)

    assert states(other.batch(id=batch.id)) == ["completed"] * 40
    assert states(batch) == ["completed"] * 40
    assert len(upstream.requests) == 40

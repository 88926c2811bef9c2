"""Exactly one event per request, on every way out of the house."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import threading
import time

import legion_llm
import pytest
from upstream import Fault, Hang, ScriptedServer, Signal, openai_upstream

SOON = 10.0


def record(legion, **which):
    """The events as (request, outcome, error)."""
    return [
        (event.request_id, str(event.outcome), event.body["error"]) for event in legion.audit(**which).get(timeout=SOON)
    ]


def outcomes(legion):
    return [(outcome, error) for _, outcome, error in record(legion)]


def in_time(legion, expected):
    """Whether the outcomes come to be what is expected: who gives up is not told when that has been noticed everywhere."""
    deadline = time.monotonic() + SOON
    while outcomes(legion) != expected:
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.005)
    return True


@pytest.fixture
def hanging():
    """An upstream that tells when it was asked, and never answers."""
    asked = threading.Event()
    with ScriptedServer([Signal(asked), Hang()]) as server:
        server.asked = asked
        yield server


def test_an_answer_has_one_event(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    response = legion.chat("Hello!").get(timeout=SOON)

    assert record(legion) == [(response.request_id, "success", None)]


def test_a_stream_has_one_event_with_its_tokens(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    for _ in legion.stream("Hello!"):
        pass

    (event,) = legion.audit().get(timeout=SOON)
    assert event.body["asked"]["stream"] is True
    assert event.body["tokens"]["output"] > 0


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.STATUS_500, Fault.STATUS_401, Fault.HALF_BODY])
def test_a_failure_has_one_event(embedded, make_provider, fault):
    with openai_upstream(fault) as server:
        legion = embedded({"up": make_provider(server)})

        with pytest.raises(legion_llm.LegionError) as caught:
            legion.chat("Hello!").get(timeout=SOON)

        assert [error for _, error in outcomes(legion)] == [type(caught.value).__name__]


def test_a_failover_has_one_event_and_a_row_per_attempt(embedded, make_provider, upstream):
    with openai_upstream(Fault.STATUS_500) as sick:
        legion = embedded({"a": make_provider(sick), "b": make_provider(upstream)})

        legion.chat("Hello!").get(timeout=SOON)

        (event,) = legion.audit().get(timeout=SOON)
        report = legion.usage(group_by="instance").get(timeout=SOON)
        rows = {row.group: row.attempts for row in report.rows}
        assert rows.keys() == {("a",), ("b",)}
        assert event.body["routing"]["attempts"] == report.total.attempts


def test_a_refusal_before_anything_was_sent_has_one_event(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    with pytest.raises(legion_llm.UnknownModelError):
        legion.chat("Hello!", model="nobody-has-it").get(timeout=SOON)

    assert outcomes(legion) == [("caller_mistake", "UnknownModelError")]


def test_a_caller_who_gives_up_has_one_event(embedded, make_provider, hanging):
    legion = embedded({"up": make_provider(hanging)})
    reply = legion.chat("Hello!")
    hanging.asked.wait()

    reply.cancel()

    assert in_time(legion, [("cancelled", "CancelledError")])


def test_a_reader_who_closes_the_stream_has_one_event(embedded, make_provider):
    with openai_upstream(Fault.HANG_BETWEEN_CHUNKS) as server:
        legion = embedded({"up": make_provider(server)})
        stream = legion.stream("Hello!")
        next(iter(stream))

        stream.close()

        assert in_time(legion, [("cancelled", "CancelledError")])


def test_a_deadline_that_passes_has_one_event(embedded, make_provider, hanging):
    legion = embedded({"up": make_provider(hanging, timeouts={"first_byte": 30.0})})

    with pytest.raises(legion_llm.DeadlineExceeded):
        legion.chat("Hello!", timeout=0.1).get(timeout=SOON)

    assert in_time(legion, [("deadline_short", "DeadlineExceeded")])


def test_a_connection_that_dies_has_one_event(embedded, make_provider, hanging):
    legion = embedded({"up": make_provider(hanging, timeouts={"first_byte": 30.0})})
    reply = legion.chat("Hello!")
    hanging.asked.wait()

    legion._system.kill("connections/up")

    with pytest.raises(legion_llm.ActorCrashed):
        reply.get(timeout=SOON)
    assert in_time(legion, [("internal", "ActorCrashed")])


def test_requests_whose_own_actor_dies_have_one_event_each(embedded, make_provider, hanging):
    legion = embedded({"up": make_provider(hanging, timeouts={"first_byte": 30.0})})
    replies = [legion.chat("Hello!") for _ in range(3)]
    hanging.asked.wait()

    legion._system.kill("inference")

    for reply in replies:
        with pytest.raises(legion_llm.ActorCrashed):
            reply.get(timeout=SOON)
    assert len(outcomes(legion)) == 3


def test_of_many_requests_and_random_deaths_every_one_has_exactly_one_event(embedded, make_provider, upstream):
    legion = embedded(
        {"up": make_provider(upstream)}, runtime={"max_restarts": 1000, "backoff_initial": 0.0, "backoff_max": 0.0}
    )
    random.seed(7)
    replies = []
    for _ in range(100):
        replies.append(legion.chat("Hello!"))
        if random.random() < 0.15:
            legion._system.kill(random.choice(["audit", "metering", "health", "router", "connections/up"]))
    for reply in replies:
        with contextlib.suppress(legion_llm.LegionError):
            reply.get(timeout=SOON)

    ids = [request_id for request_id, _, _ in record(legion)]
    assert len(ids) == len(set(ids)) == 100


def test_vectors_have_one_event_too(embedded):
    legion = embedded({"demo": {}})

    legion.embed("text").get(timeout=SOON)
    with pytest.raises(legion_llm.LegionError) as caught:
        legion.embed("text", model="nobody/has-it").get(timeout=SOON)

    assert {event.body["request_type"] for event in legion.audit().get(timeout=SOON)} == {"embedding"}
    assert outcomes(legion) == [("success", None), ("caller_mistake", type(caught.value).__name__)]


def test_what_was_said_is_nowhere_unless_it_is_asked_for(serving, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="legion_llm.audit")
    lines = tmp_path / "audit.jsonl"
    audit = {"sinks": ["store", "log", "jsonl"], "path": str(lines)}
    legion = serving({"demo": {}}, audit=audit, store={"path": str(tmp_path / "store.db")})

    legion.chat("the secret plan", model="demo").get(timeout=SOON)
    record(legion)
    legion.shutdown()

    assert json.loads(lines.read_text())["outcome"] == "success"
    assert b"secret plan" not in (tmp_path / "store.db").read_bytes() + lines.read_bytes()
    assert "secret plan" not in caplog.text


def test_no_record_is_kept_where_none_is_wanted(embedded):
    legion = embedded({"demo": {}}, audit={"enabled": False})
    legion.chat("Hello!", model="demo").get(timeout=SOON)

    with pytest.raises(legion_llm.NotFoundError):
        legion.audit().get(timeout=SOON)


def test_a_wrong_question_is_told(embedded):
    legion = embedded({"demo": {}})

    with pytest.raises(legion_llm.InvalidRequestError, match="did you mean 'request_id'"):
        legion.audit(request="req_1")
    with pytest.raises(legion_llm.InvalidRequestError, match="is no outcome"):
        legion.audit(outcome="succes?")
    with pytest.raises(legion_llm.InvalidRequestError, match="between 1 and 1000"):
        legion.audit(limit=0)


def test_a_strict_ledger_has_the_rows_before_the_answer_is_given(embedded, tmp_path):
    file = tmp_path / "store.db"
    legion = embedded({"demo": {}}, metering={"strict": True}, store={"path": str(file)})

    legion.chat("Hello!", model="demo").get(timeout=SOON)

    assert legion.inspect("metering")["snapshot"]["ledger"]["written"] == 1
    assert legion.inspect("metering")["snapshot"]["ledger"]["waiting"] == 0


def test_a_strict_ledger_that_cannot_be_written_fails_the_answer(embedded, tmp_path):
    (tmp_path / "store.db").write_text("no database " * 100)
    store = {"path": str(tmp_path / "store.db"), "timeout": 0.1}
    legion = embedded({"demo": {}}, metering={"strict": True}, store=store)

    with pytest.raises(legion_llm.StoreUnavailable, match=str(tmp_path)):
        legion.chat("Hello!", model="demo").get(timeout=SOON)


def test_routing_goes_on_without_a_store(embedded, tmp_path):
    (tmp_path / "store.db").write_text("no database " * 100)
    legion = embedded({"demo": {}}, store={"path": str(tmp_path / "store.db")})

    assert legion.chat("Hello!", model="demo").get(timeout=SOON).text
    assert any("NOTHING IS KEPT" in note for note in legion.notes)

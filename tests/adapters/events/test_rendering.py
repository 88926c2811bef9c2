"""What is told outside, to the letter."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from legion_llm.adapters.events import rendering
from legion_llm.messages.audit import AuditEvent
from legion_llm.messages.chat import Usage
from legion_llm.messages.ledger import LedgerEntry
from legion_llm.messages.outcome import Outcome

GOLDEN = Path(__file__).parent / "golden"

ENTRY = LedgerEntry(
    id="att_1",
    request_id="req_1",
    attempt=2,
    recorded_at=1_800_000_000.5,
    provider="openai",
    instance="openai/eu",
    model="gpt-4o",
    tier="frontier",
    outcome=Outcome.SUCCESS,
    usage=Usage(uncached_input=3, visible_output=2),
    latency=0.25,
    caller="alice",
    caller_type="human",
    conversation_id="conv_1",
)
BODY = {
    "id": "aud_1",
    "request_type": "chat",
    "request_id": "req_1",
    "caller": {"identity": "alice", "type": "human"},
    "routing": {"provider": "good", "model": "m", "tier": "cloud", "attempts": 2, "chain": ["bad/m: target_sick"]},
    "classification": "internal",
}
RECORD = AuditEvent(
    id="aud_1", at=1_800_000_000.5, request_id="req_1", outcome=Outcome.SUCCESS, caller="alice", body=BODY
)


@pytest.fixture(autouse=True)
def _named_host(monkeypatch):
    monkeypatch.setattr(rendering.socket, "gethostname", lambda: "host-1")


def shown(event):
    return {**attrs.asdict(event), "body": json.loads(event.body), "headers": dict(event.headers)}


def test_events_look_as_they_always_did():
    told = [rendering.metering_event(ENTRY), *rendering.audit_events(RECORD)]

    assert holds([shown(each) for each in told], json.loads((GOLDEN / "events.json").read_text()))


def holds(said, stood):
    """Whether all that stood there stands there still; fields may have been added."""
    if isinstance(stood, dict):
        return all(name in said and holds(said[name], stood[name]) for name in stood)
    if isinstance(stood, list):
        return len(said) == len(stood) and all(map(holds, said, stood))
    return said == stood


def test_a_request_with_one_attempt_is_no_escalation():
    routing = {**BODY["routing"], "attempts": 1}

    [only] = rendering.audit_events(attrs.evolve(RECORD, body={**BODY, "routing": routing}))

    assert only.key == "audit.prompt.chat"


def test_a_request_without_an_answer_is_told_too():
    [only] = rendering.audit_events(attrs.evolve(RECORD, body={**BODY, "routing": None}))

    assert "x-legion-llm-provider" not in only.headers

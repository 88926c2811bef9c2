"""Which steps each profile takes, whatever a request has use for."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.inference.pipeline.table import ORDER, TABLE
from legion_llm.actors.inference.pipeline.walk import Walk
from legion_llm.messages.caller import Profile

_CONTEXT = {
    *("conversation_uuid", "context_load", "gaia_advisory", "trigger_match", "sticky_runners", "skill_injector"),
    *("tool_history_inject", "tool_discovery", "sticky_persist", "context_store"),
}
_GAIA = _CONTEXT | {"idempotency", "rbac", "classification", "billing", "post_response"}
SPARED = {
    Profile.EXTERNAL: set(),
    Profile.HUMAN: set(),
    Profile.GAIA: _GAIA,
    Profile.SYSTEM: _GAIA | {"rag_context", "rag_guard"},
    Profile.QUICK_REPLY: _CONTEXT
    | {
        "idempotency",
        "classification",
        "rag_context",
        "debate",
        "rag_guard",
        "confidence_scoring",
        "tool_calls",
        "post_response",
        "knowledge_capture",
    },
    Profile.SERVICE: _CONTEXT
    | {"rag_context", "debate", "rag_guard", "confidence_scoring", "tool_calls", "knowledge_capture"},
    Profile.SUBCALL: set(ORDER) - {"routing", "provider_call", "metering"},
}


@pytest.mark.parametrize("profile", Profile)
def test_a_profile_takes_every_step_but_those_that_it_is_spared(profile, run, services, flow_of, answer):
    taken = []

    def noting(step):
        def note(flow):
            taken.append(step.name)
            flow.response = answer

        return attrs.evolve(step, run=note, offered=None, wanted=None, in_conversation=False)

    run(Walk(map(noting, TABLE), profile, services).answer, flow_of())

    assert taken == [step.name for step in TABLE if step.name not in SPARED[profile]]

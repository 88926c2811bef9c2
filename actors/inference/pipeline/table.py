"""The pipeline: every step that a request takes, from top to bottom, whoever calls."""

from __future__ import annotations

from typing import Final

from ....messages.caller import Profile
from .step import OnFailure, Phase, Step
from .steps import provider_call, response_return, routing

BEFORE, PROVIDER, AFTER = Phase.BEFORE, Phase.PROVIDER, Phase.AFTER
FATAL, DEGRADE = OnFailure.FATAL, OnFailure.DEGRADE

# Who skips what. A call that a step of another request makes takes the way to the provider and nothing else: whoever asks was looked at already.
SUBCALL: Final = frozenset({Profile.SUBCALL})

# The names and their order; a step that is not in the table is not built yet.
ORDER: Final = (
    "tracing_init",
    "idempotency",
    "conversation_uuid",
    "context_load",
    "rbac",
    "classification",
    "billing",
    "gaia_advisory",
    "tier_assignment",
    "rag_context",
    "trigger_match",
    "sticky_runners",
    "skill_injector",
    "tool_history_inject",
    "tool_discovery",
    "routing",
    "request_normalization",
    "token_budget",
    "provider_call",
    "response_normalization",
    "metering",
    "debate",
    "confidence_scoring",
    "tool_calls",
    "sticky_persist",
    "context_store",
    "post_response",
    "knowledge_capture",
    "response_return",
)

TABLE: Final = (
    Step("routing", BEFORE, FATAL, routing.run),
    Step("provider_call", PROVIDER, FATAL, provider_call.run),
    Step(
        "response_return",
        AFTER,
        FATAL,
        response_return.run,
        wanted=response_return.wanted,
        skipped_by=SUBCALL,
    ),
)

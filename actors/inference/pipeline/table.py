"""The pipeline: every step that a request takes, from top to bottom, whoever calls."""

from __future__ import annotations

from typing import Final

from ....messages.caller import Profile
from .step import OnFailure, Phase, Step
from .steps import (
    after_hooks,
    before_hooks,
    billing,
    classification,
    confidence_scoring,
    context_load,
    context_store,
    conversation_uuid,
    gaia_advisory,
    idempotency,
    metering,
    provider_call,
    rag_context,
    rbac,
    request_normalization,
    response_normalization,
    response_return,
    routing,
    skill_injector,
    sticky_persist,
    sticky_runners,
    tier_assignment,
    token_budget,
    tool_calls,
    tool_discovery,
    tool_history_inject,
    tracing_init,
    trigger_match,
)

# The names and their order; a step that is not in the table below is not built yet.
ORDER: Final = (
    "tracing_init",
    "before_hooks",
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
    "after_hooks",
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

BEFORE, PROVIDER, AFTER = Phase.BEFORE, Phase.PROVIDER, Phase.AFTER
FATAL, DEGRADE = OnFailure.FATAL, OnFailure.DEGRADE

GAIA, SYSTEM, QUICK, SERVICE = Profile.GAIA, Profile.SYSTEM, Profile.QUICK_REPLY, Profile.SERVICE

# A call that a step of another request makes takes the way to the provider and nothing else: who asks was looked at already.
SUBCALL: Final = frozenset({Profile.SUBCALL})
# The host's own are not governed; a quick reply is not read closely.
OWN: Final = SUBCALL | {GAIA, SYSTEM}
OWN_OR_QUICK: Final = OWN | {QUICK}
# Nobody whose words should be remembered, or added to.
CONTEXTLESS: Final = OWN_OR_QUICK | {SERVICE}

TABLE: Final = (
    Step("tracing_init", BEFORE, FATAL, tracing_init.run, skipped_by=SUBCALL),
    Step("before_hooks", BEFORE, FATAL, before_hooks.run, skipped_by=SUBCALL, wanted=before_hooks.wanted),
    Step(
        "idempotency",
        BEFORE,
        FATAL,
        idempotency.run,
        skipped_by=OWN_OR_QUICK,
        offered=idempotency.offered,
        wanted=idempotency.wanted,
    ),
    Step(
        "conversation_uuid",
        BEFORE,
        FATAL,
        conversation_uuid.run,
        skipped_by=CONTEXTLESS,
        wanted=conversation_uuid.wanted,
    ),
    Step(
        "context_load",
        BEFORE,
        FATAL,
        context_load.run,
        skipped_by=CONTEXTLESS,
        offered=context_load.offered,
        in_conversation=True,
    ),
    Step("rbac", BEFORE, FATAL, rbac.run, skipped_by=OWN, offered=rbac.offered),
    Step(
        "classification",
        BEFORE,
        FATAL,
        classification.run,
        skipped_by=OWN_OR_QUICK,
        offered=classification.offered,
    ),
    Step("billing", BEFORE, FATAL, billing.run, skipped_by=OWN, wanted=billing.wanted),
    Step(
        "gaia_advisory",
        BEFORE,
        DEGRADE,
        gaia_advisory.run,
        skipped_by=CONTEXTLESS,
        offered=gaia_advisory.offered,
    ),
    Step("tier_assignment", BEFORE, DEGRADE, tier_assignment.run, skipped_by=SUBCALL, wanted=tier_assignment.wanted),
    Step(
        "rag_context",
        BEFORE,
        DEGRADE,
        rag_context.run,
        skipped_by=CONTEXTLESS - {GAIA},  # the host's own mind lives by what it knows
        offered=rag_context.offered,
    ),
    Step("trigger_match", BEFORE, DEGRADE, trigger_match.run, skipped_by=CONTEXTLESS, wanted=trigger_match.wanted),
    Step(
        "sticky_runners",
        BEFORE,
        DEGRADE,
        sticky_runners.run,
        skipped_by=CONTEXTLESS,
        offered=sticky_runners.offered,
        wanted=sticky_runners.wanted,
        in_conversation=True,
    ),
    Step(
        "skill_injector",
        BEFORE,
        DEGRADE,
        skill_injector.run,
        skipped_by=CONTEXTLESS,
        offered=skill_injector.offered,
        wanted=skill_injector.wanted,
    ),
    Step(
        "tool_history_inject",
        BEFORE,
        DEGRADE,
        tool_history_inject.run,
        skipped_by=CONTEXTLESS,
        offered=tool_history_inject.offered,
        wanted=tool_history_inject.wanted,
        in_conversation=True,
    ),
    Step("tool_discovery", BEFORE, DEGRADE, tool_discovery.run, skipped_by=CONTEXTLESS, wanted=tool_discovery.wanted),
    Step("routing", BEFORE, FATAL, routing.run),
    Step("request_normalization", BEFORE, FATAL, request_normalization.run, skipped_by=SUBCALL),
    Step("token_budget", BEFORE, FATAL, token_budget.run, skipped_by=SUBCALL, wanted=token_budget.wanted),
    Step("provider_call", PROVIDER, FATAL, provider_call.run),
    Step("response_normalization", AFTER, FATAL, response_normalization.run, skipped_by=SUBCALL),
    Step("after_hooks", AFTER, FATAL, after_hooks.run, skipped_by=SUBCALL, wanted=after_hooks.wanted),
    Step("metering", AFTER, FATAL, metering.run, offered=metering.offered),
    Step(
        "confidence_scoring",
        AFTER,
        DEGRADE,
        confidence_scoring.run,
        skipped_by=SUBCALL | {QUICK, SERVICE},
        wanted=confidence_scoring.wanted,
    ),
    Step(
        "tool_calls",
        AFTER,
        DEGRADE,
        tool_calls.run,
        skipped_by=SUBCALL | {QUICK, SERVICE},
        wanted=tool_calls.wanted,
    ),
    Step(
        "sticky_persist",
        AFTER,
        DEGRADE,
        sticky_persist.run,
        skipped_by=CONTEXTLESS,
        offered=sticky_persist.offered,
        wanted=sticky_persist.wanted,
        in_conversation=True,
    ),
    Step(
        "context_store",
        AFTER,
        DEGRADE,
        context_store.run,
        skipped_by=CONTEXTLESS,
        offered=context_store.offered,
        wanted=context_store.wanted,
        in_conversation=True,
    ),
    Step(
        "response_return",
        AFTER,
        FATAL,
        response_return.run,
        wanted=response_return.wanted,
        skipped_by=SUBCALL,
        closes=True,
    ),
)

"""What spans and measurements say: in the words of the GenAI semantic conventions, else in ours. Never what was said in a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...actors.inference.pipeline.table import TABLE
from ...messages.audit import AuditEntry, RequestFinished
from ...messages.chat import Response
from ...messages.embedding import EmbedRequest
from ...messages.outcome import Outcome
from ...messages.routing import AttemptFinished
from ...messages.settings import InstanceSettings, Kind

# The conventions' names of who is behind a kind of provider; kinds without one there go by their own.
_SYSTEMS: Final[Mapping[Kind, str]] = {
    "anthropic": "anthropic",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "openai": "openai",
}


def systems_of(instances: tuple[InstanceSettings, ...]) -> dict[str, str]:
    """Return the conventions' name of who is behind each instance."""
    return {each.name: _SYSTEMS.get(each.kind, each.kind) for each in instances}


def operation_of(what: RequestFinished | AttemptFinished) -> str:
    """Return the conventions' word for what was asked."""
    is_embedding = (
        isinstance(what.request, EmbedRequest)
        if isinstance(what, RequestFinished)
        else what.request_type == "embedding"
    )
    return "embeddings" if is_embedding else "chat"


def request_attributes(finished: RequestFinished) -> dict[str, Any]:
    """Return what the span of a request says."""
    request, response = finished.request, finished.response
    routing = None if response is None else response.routing
    taken = [name for name, _ in finished.steps]
    return _known(
        {
            "legion.request.id": request.id,
            "legion.profile": str(finished.profile),
            "legion.outcome": str(finished.outcome),
            "legion.answered_by": finished.answered_by,
            "legion.pipeline.steps_executed": taken,
            "legion.pipeline.steps_skipped": [step.name for step in TABLE if step.name not in taken] if taken else None,
            "gen_ai.conversation.id": getattr(request, "conversation_id", None),
            "gen_ai.request.model": request.model,
            "error.type": finished.error,
            "routing.strategy": None if routing is None else routing.strategy,
            "routing.tier": None if routing is None else routing.tier,
            "routing.rule": None if routing is None else routing.rule,
            "routing.attempts": None if routing is None else routing.attempts,
            "rbac.outcome": _outcome_of(finished.decisions, "rbac"),
            "classification.level": None if finished.level is None else str(finished.level),
            "rag.entry_count": finished.enrichments.get("rag:context", {}).get("entries"),
            "gen_ai.usage.cost_usd": None if response is None else response.usage.cost_usd,
            "confidence.score": response.quality.score if isinstance(response, Response) and response.quality else None,
        }
    )


def attempt_attributes(attempt: AttemptFinished, system: str, answer: Response | None) -> dict[str, Any]:
    """Return what the span of an attempt says; `answer` is the one that it brought."""
    usage = attempt.usage
    counted = usage.total_tokens > 0
    return _known(
        {
            **measured_attributes(attempt, system),
            "gen_ai.conversation.id": attempt.conversation_id,
            "gen_ai.usage.input_tokens": usage.input_tokens if counted else None,
            "gen_ai.usage.output_tokens": usage.output_tokens if counted else None,
            "gen_ai.usage.cache_read.input_tokens": usage.cache_read or None,
            "gen_ai.usage.cache_creation.input_tokens": usage.cache_write or None,
            "gen_ai.response.id": None if answer is None else answer.id,
            "gen_ai.response.model": None if answer is None else answer.model or None,
            "gen_ai.response.finish_reasons": None if answer is None else [str(answer.stop_reason)],
            "legion.attempt": attempt.attempt,
            "legion.attempt.id": attempt.id,
            "legion.instance": attempt.target.instance,
            "legion.tier": attempt.target.tier,
            "legion.outcome": str(attempt.outcome),
            "legion.sent": attempt.sent,
        }
    )


def measured_attributes(attempt: AttemptFinished, system: str) -> dict[str, Any]:
    """Return what a measurement of an attempt says: few values, since each combination is a series."""
    return _known(
        {
            "gen_ai.operation.name": operation_of(attempt),
            "gen_ai.provider.name": system,
            "gen_ai.request.model": attempt.target.model,
            "error.type": None if attempt.outcome is Outcome.SUCCESS else attempt.error or str(attempt.outcome),
        }
    )


def _outcome_of(decisions: tuple[AuditEntry, ...], step: str) -> str | None:
    return next((entry.outcome for entry in decisions if entry.step == step), None)


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}

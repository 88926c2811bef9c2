"""From a call within the gateway to the envelope that travels, and back again at the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from ...messages.caller import ANONYMOUS
from ...messages.chat import Chunk, Request, Response
from ...messages.fleet import FleetCall, FleetChat, FleetEmbed, FleetStream, FleetVectors, Operation
from ...messages.ids import new_id
from ...messages.tokens import estimated_embedding_tokens, estimated_input_tokens
from ...messages.tracing import inherited, traceparent_of

# As brokers count them: more is sooner.
PRIORITIES: Final[Mapping[str, int]] = {"critical": 9, "high": 7, "normal": 5, "low": 2}


@attrs.frozen(kw_only=True)
class Terms:
    """How long a request of the fleet may take.

    Attributes:
        wait: Seconds until it must have been begun, or answered where it is not streamed.
        work: Seconds that it may take in all.
    """

    wait: float
    work: float


def operation_of(call: FleetCall | FleetStream | FleetVectors) -> Operation:
    """Return what is asked for."""
    if isinstance(call, FleetVectors):
        return "embed"
    return "stream" if isinstance(call, FleetStream) else "chat"


def tokens_of(call: FleetCall | FleetStream | FleetVectors) -> int:
    """Return about how many tokens prompt and answer have together."""
    if isinstance(call, FleetVectors):
        return estimated_embedding_tokens(call.batch.inputs)
    return estimated_input_tokens(call.request) + (call.request.generation.max_tokens or 0)


def priority_of(call: FleetCall | FleetStream | FleetVectors) -> int:
    """Return how soon it shall be taken, 0 to 9."""
    return PRIORITIES["normal" if isinstance(call, FleetVectors) else call.request.priority]


def envelope_of(
    call: FleetCall | FleetStream | FleetVectors, *, reply_to: str, terms: Terms, now: float, frames: int
) -> FleetChat | FleetEmbed:
    """Return the envelope for a call; its key is still to be filled in.

    What only the gateway does is left out of it: routing, tools of the host's, idempotency and the conversation.

    Args:
        call: What is asked for.
        reply_to: Where replies go.
        terms: How long it may take.
        now: Unix seconds.
        frames: Frames that may be sent before the reader asks for more.
    """
    common: dict[str, Any] = {
        "idempotency_key": "",
        "operation": operation_of(call),
        "model": call.target.model,
        "attempt": call.attempt,
        "reply_to": reply_to,
        "timeout_seconds": terms.work,
        "expires_at": now + terms.wait,
    }
    if isinstance(call, FleetVectors):
        return FleetEmbed(**common, request_id=call.request_id, caller=call.caller, params=call.batch)
    request = call.request
    return FleetChat(
        **common,
        request_id=request.id,
        caller=request.caller,
        message_context=_context(request),
        trace_context=None if request.trace is None else traceparent_of(request.trace),
        credits=frames if isinstance(call, FleetStream) else 0,
        params=attrs.evolve(
            request,
            model=call.target.model,
            provider=None,
            tier=None,
            caller=ANONYMOUS,
            exclude=(),
            escalation=None,
            confidence=None,
            conversation_id=None,
            idempotency_key=None,
            trace=None,
            allowed_models=None,
            terms=None,
            timeout=None,
            host_tools=(),
        ),
    )


def _context(request: Request) -> dict[str, Any]:
    last = request.messages[-1].id if request.messages else None
    return {
        "conversation_id": request.conversation_id,
        "message_id": last,
        "request_id": request.id,
        "exchange_id": new_id("exch_"),
    }


def request_of(envelope: FleetChat) -> Request:
    """Return the request as the worker makes it: the caller's, in its trace, with a span of its own."""
    trace = None if envelope.trace_context is None else inherited(envelope.trace_context)
    return attrs.evolve(envelope.params, caller=envelope.caller, trace=trace)


def travelling(chunks: list[Chunk]) -> tuple[Chunk, ...]:
    """Return chunks without the provider's own bytes: those are relayed to clients of the same dialect only, and weigh as much again."""
    return tuple([attrs.evolve(chunk, raw=None, raw_dialect=None) for chunk in chunks])


def answered(response: Response) -> Response:
    """Return an answer without what only the worker's own house means by it."""
    return attrs.evolve(response, routing=None, trace=None, conversation_id=None, rate_limit=None, enrichments={})

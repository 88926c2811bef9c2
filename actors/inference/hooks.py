"""Calls a host's hooks, each within its time; the first that blocks ends it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

import trio

from ...messages.chat import ChatMessage, Response, StopReason
from ...messages.content import TextBlock
from ...messages.errors import HostError, LegionError, PipelineError
from ...messages.hooks import Block, Hook
from .pipeline.flow import Flow

logger = logging.getLogger(__name__)

BLOCKED: Final = "hook:blocked"


async def blocking(flow: Flow, hooks: Iterable[Hook], *args: Any) -> tuple[Hook, Block] | None:
    """Call the hooks in order until one blocks; returns it with what it said, or None.

    Raises:
        PipelineError: One that must not fail did, or took too long.
    """
    for hook in hooks:
        said = await _said(flow, hook, *args)
        if isinstance(said, Block):
            flow.enrichments[BLOCKED] = {"hook": hook.name, **said.data}
            flow.note("failure", f"blocked by hook {hook.name}")
            flow.timeline.add(f"{flow.step}:blocked", "audit", source=hook.name)
            return hook, said
    return None


async def _said(flow: Flow, hook: Hook, *args: Any) -> object:
    """Return what a hook says; None where it failed and that is allowed."""
    problem = f"took longer than {hook.timeout:g} s"
    try:
        with trio.move_on_after(hook.timeout):
            return await hook.call(*args)
    except HostError as error:
        logger.warning("hook %s failed", hook.name, exc_info=error)
        problem = error.message
    except LegionError as error:
        problem = error.message
    if hook.is_closed:
        raise PipelineError(f"hook {hook.name} has no say, and nothing goes on without it: {problem}", step=flow.step)
    flow.warn(f"hook {hook.name} has no say: {problem}")
    return None


def answer_of(flow: Flow, block: Block, answer: Response | None = None) -> Response:
    """Return what the caller gets instead of an answer; usage and routing are those of the answer that was blocked."""
    message = ChatMessage(role="assistant", content=(TextBlock(text=block.text),))
    if answer is None:
        return Response(message=message, request_id=flow.request.id, stop_reason=StopReason.REFUSAL)
    return Response(
        message=message,
        id=answer.id,
        request_id=answer.request_id,
        model=answer.model,
        created=answer.created,
        stop_reason=StopReason.REFUSAL,
        usage=answer.usage,
        routing=answer.routing,
        warnings=answer.warnings,
        conversation_id=answer.conversation_id,
        trace=answer.trace,
        rate_limit=answer.rate_limit,
    )

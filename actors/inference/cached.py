"""Answers that were given before: looked for in front of the provider, behind everything that may refuse a request."""

from __future__ import annotations

from typing import Final

import attrs

from ...messages.caching import AnswerFound, AnswerWanted
from ...messages.chat import Response, StopReason
from ...messages.errors import LegionError
from ..cache.key import key_of, may_share
from .pipeline.flow import Flow

# Endings that the same request would meet again.
_LASTING: Final = frozenset({StopReason.END_TURN, StopReason.STOP_SEQUENCE, StopReason.MAX_TOKENS, StopReason.TOOL_USE})


def shared_key(flow: Flow) -> str | None:
    """Return the key under which the request's answer may be remembered, or None where it may not."""
    if flow.services.cache is None or not may_share(flow.request):
        return None
    return key_of(flow.request)


async def answer_from(flow: Flow, key: str) -> bool:
    """Answer with what is remembered, if anything is; a cache that cannot say knows nothing."""
    assert flow.services.cache is not None
    try:
        response = await flow.services.cache.ask(AnswerWanted(key=key))
    except LegionError as error:
        flow.timeline.add("cache:failed", source="pipeline", detail=type(error).__name__)
        return False
    if response is None:
        return False
    flow.timeline.add("cache:hit", source="pipeline", detail=response.request_id)
    await flow.answer_early(attrs.evolve(response, request_id=flow.request.id, cached=True))
    return True


def remember(flow: Flow, key: str, response: Response) -> None:
    """Remember an answer that the same request would get again; nobody waits for that."""
    assert flow.services.cache is not None
    if response.stop_reason in _LASTING:
        flow.services.cache.offer(AnswerFound(key=key, response=response))

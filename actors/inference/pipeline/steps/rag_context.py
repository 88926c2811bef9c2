"""What the host knows that may help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import trio

from .....messages.errors import HostError
from .....messages.knowledge import Knowledge, KnowledgeWanted
from .....messages.tokens import estimated_input_tokens
from ...knowledge.measure import fitting, limit_for, strategy_for, told
from ..additions import add
from ..flow import Flow, Services
from ..spoken import last_words

_NAME: Final = "knowledge"


def offered(services: Services) -> bool:
    """Whether anybody knows anything."""
    return services.retriever is not None and services.rag.enabled


async def run(flow: Flow) -> None:
    """Look up what the user's last words are about, unless they are trivial or there is no room, and tell the model what was found.

    Raises:
        HostError: The retriever failed, or took too long.
    """
    settings, request = flow.services.rag, flow.request
    query = last_words(flow)
    utilization = estimated_input_tokens(request) / flow.services.conversation.context_tokens
    terms = request.terms
    strategy = strategy_for(None if terms is None else terms.context_strategy, query, utilization, settings)
    limit = limit_for(strategy, None if flow.advice is None else flow.advice.context_window, settings)
    if limit < 1 or not query.strip():
        return
    wanted = KnowledgeWanted(
        query=query,
        limit=limit,
        min_confidence=settings.min_confidence,
        caller=request.caller.identity,
        conversation_id=request.conversation_id,
        metadata=request.metadata,
    )
    entries = fitting(await _found(flow, wanted), limit, settings.min_confidence)
    if entries and add(flow, _NAME, told(entries)):
        flow.knowledge = entries
        sources = tuple(dict.fromkeys(entry.source for entry in entries if entry.source is not None))
        flow.enrichments["rag:context"] = {"entries": len(entries), "strategy": strategy, "sources": sources}
    flow.timeline.add(
        "rag:retrieved", "enrichment", source="retriever", detail=strategy, data={"entries": len(flow.knowledge)}
    )


async def _found(flow: Flow, wanted: KnowledgeWanted) -> Sequence[Knowledge]:
    retriever, timeout = flow.services.retriever, flow.services.rag.timeout
    assert retriever is not None
    with trio.move_on_after(timeout):
        return await retriever.retrieve(wanted)
    raise HostError(f"the retriever has not answered within {timeout:g} s")

"""A request that is sent again is answered once."""

from __future__ import annotations

import copy

from .....messages.errors import CancelledError, DeadlineExceeded, InvalidRequestError
from ..flow import Flow, Services
from ..repeats import Entry, digest_of, key_of

# How the first one's own caller ended it, which says nothing to the others.
_ITS_OWN = (CancelledError, DeadlineExceeded)


def offered(services: Services) -> bool:
    """Whether answers are remembered."""
    return services.repeats is not None


def wanted(flow: Flow) -> bool:
    """Whether the request has a key."""
    return flow.request.idempotency_key is not None


async def run(flow: Flow) -> None:
    """Give a request whose key was used before the first one's answer, waiting for it where need be.

    One that waited hears the first one's failure too, for it was the same call; later ones are made anew. Where the first one's caller gave up, one
    of those who wait takes its place. A stream gets the finished answer as chunks.

    Raises:
        InvalidRequestError: The key was used for another request.
        LegionError: What the request waited for ended with.
    """
    repeats = flow.services.repeats
    assert repeats is not None
    assert flow.request.idempotency_key is not None
    key = key_of(flow.request.caller, flow.request.idempotency_key)
    digest = digest_of(flow.original)
    while (entry := repeats.find(key)) is not None:
        if entry.digest != digest:
            raise InvalidRequestError("this idempotency key was used for another request", param="idempotency_key")
        await entry.done.wait()
        if entry.response is not None:
            await _repeat(flow, entry)
            return
        if entry.error is not None and not isinstance(entry.error, _ITS_OWN):
            raise copy.copy(entry.error)
    repeats.begin(key, digest)
    flow.at_end(lambda ended: repeats.finish(key, ended.response, ended.error))


async def _repeat(flow: Flow, entry: Entry) -> None:
    assert entry.response is not None
    flow.enrichments["idempotency:repeats"] = entry.response.request_id
    flow.timeline.add("idempotency:repeated", detail=entry.response.request_id)
    await flow.answer_early(entry.response)

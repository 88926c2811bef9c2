"""Batches as a host holds them: what `legion.batch()` returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from ...messages.batch import (
    URGENCIES,
    BatchItem,
    BatchStatus,
    BatchWanted,
    CancelBatch,
    ItemResult,
    ResultsWanted,
    Submit,
    WatchBatch,
)
from ...messages.chat import Request
from ...messages.errors import InvalidRequestError
from ...runtime import Address, Reply, Stream
from ..host_request import host_request
from .functions import HostFunctions

# A request in any form in which a host may have it: text is one user message, a mapping the arguments of `Legion.chat`, with an "id" of its own.
Given: TypeAlias = BatchItem | Request | Mapping[str, Any] | str


class BatchHandle:
    """One batch. Making one asks nothing.

    Every method returns a future (`Reply`), but for `stream`, which returns a `Stream`. They raise `NotFoundError` where there is no such batch, and
    a `StoreError` where the store cannot be used now.

    Args:
        batch_id: Its id.
        scheduler: The actor that works on it.
        timeout: Seconds that an answer may take, where it does not wait for the end of the batch.
        submitted: A future of the moment at which it was durable, or None for a batch that is looked up.
    """

    def __init__(
        self, batch_id: str, scheduler: Address, timeout: float, submitted: Reply[BatchStatus] | None = None
    ) -> None:
        self.id = batch_id
        self._scheduler = scheduler
        self._timeout = timeout
        self._submitted = submitted

    def __repr__(self) -> str:
        return f"<Batch {self.id}>"

    @property
    def submitted(self) -> Reply[BatchStatus]:
        """A future that is there when the batch is durable, and holds why it was not taken where it was not."""
        return self.status() if self._submitted is None else self._submitted

    def status(self) -> Reply[BatchStatus]:
        """Return how far it is."""
        return self._scheduler.request(BatchWanted(batch_id=self.id), timeout=self._timeout)

    def results(self, *, timeout: float | None = None) -> Reply[tuple[ItemResult, ...]]:
        """Return all results in the order of the requests, when all are finished.

        Args:
            timeout: Seconds that this may take, or None for as long as it does.
        """
        return self._scheduler.request(ResultsWanted(batch_id=self.id, wait=True), timeout=timeout)

    def page(self, after: int = 0, limit: int = 100) -> Reply[tuple[ItemResult, ...]]:
        """Return how the requests behind a place are now, finished or not.

        Args:
            after: `seq` of the last one that is known.
            limit: At most (1 to 1000).

        Raises:
            InvalidRequestError: The limit is none.
        """
        if not 1 <= limit <= 1000:  # noqa: PLR2004 - it stands above
            raise InvalidRequestError(f"limit must be between 1 and 1000, got {limit}", param="limit")
        wanted = ResultsWanted(batch_id=self.id, after=after, limit=limit)
        return self._scheduler.request(wanted, timeout=self._timeout)

    def stream(self) -> Stream[ItemResult, BatchStatus]:
        """Return each result when it is there, in no order; `stream.reply` is how the batch is at its end."""
        return self._scheduler.stream(WatchBatch(batch_id=self.id))

    def cancel(self, *ids: str) -> Reply[BatchStatus]:
        """Answer those no more that are not finished.

        Args:
            *ids: Which ones; none for all.
        """
        return self._scheduler.request(CancelBatch(batch_id=self.id, ids=ids or None), timeout=self._timeout)


def submission(
    batch_id: str, requests: Iterable[Given], options: Mapping[str, Any], functions: HostFunctions
) -> Submit:
    """Return what the arguments of `Legion.batch` describe.

    Raises:
        InvalidRequestError: They make no batch.
    """
    if isinstance(requests, (str, Mapping, Request)):
        raise InvalidRequestError("requests must be a list of requests", param="requests")
    urgency, hook = options["urgency"], options["on_result"]
    if urgency not in URGENCIES:
        raise InvalidRequestError(f"urgency must be {', '.join(URGENCIES)}, not {urgency!r}", param="urgency")
    return Submit(
        batch_id=batch_id,
        items=tuple(_item(given, number) for number, given in enumerate(requests, 1)),
        urgency=urgency,
        intent=options["intent"],
        immediate=options["immediate"],
        on_result=None if hook is None else _bound(hook, functions),
    )


def _item(given: Given, number: int) -> BatchItem:
    if isinstance(given, BatchItem):
        return given
    if isinstance(given, Request):
        return BatchItem(id=str(number), request=given)
    if isinstance(given, str):
        return BatchItem(id=str(number), request=host_request(given, None, {}))
    parameters = dict(given)
    item_id = parameters.pop("id", str(number))
    if not isinstance(item_id, str):
        raise InvalidRequestError(
            f"an id must be text, not {type(item_id).__name__}", param=f"requests.{number - 1}.id"
        )
    message, messages = parameters.pop("message", None), parameters.pop("messages", None)
    return BatchItem(id=item_id, request=host_request(message, messages, parameters))


def _bound(hook: Any, functions: HostFunctions) -> Callable[..., Any]:
    if not callable(hook):
        raise InvalidRequestError(
            f"on_result must be a function of the result, not {type(hook).__name__}", param="on_result"
        )
    return functions.bound(hook, "on_result")

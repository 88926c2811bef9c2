"""/v1/responses: answers that clients may go on from, come back for, and delete."""

from __future__ import annotations

from typing import Final

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Scope, Send

from ....messages.chat import Request
from ....messages.errors import InvalidRequestError
from ...dialects.protocol import ServedDialect
from ..admission import asker_of
from ..answers import fresh_request_id
from ..config import HttpApiConfig
from ..gateway import Gateway
from ..recall import KEEPER, Recall
from .chat import ChatEndpoint

_MOST_ITEMS: Final = 100


class ResponsesEndpoint(ChatEndpoint):
    """A chat whose answers are kept, unless the client says `store: false`.

    Args:
        gateway: Who answers, and remembers.
        dialect: OpenAI's responses.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, dialect: ServedDialect, config: HttpApiConfig) -> None:
        super().__init__(gateway, dialect, config)
        self._recall = Recall(gateway, keeps=config.settings.keep_responses)

    async def answer(self, request: Request, request_id: bytes, scope: Scope, send: Send) -> None:
        """Answer what goes on from an earlier answer with all that was said before it."""
        request, keeper = await self._recall.recalled(request)
        if keeper is not None:
            scope[KEEPER] = keeper
        await super().answer(request, request_id, scope, send)

    async def kept(self, request: HttpRequest) -> HttpResponse:
        """Answer with an answer as its client got it; or forget it, for DELETE.

        Raises:
            NotFoundError: It is not there, or not for this caller.
            InvalidRequestError: It shall come as a stream.
        """
        shown, asker = request.path_params["id"], asker_of(request.scope)
        if request.method == "DELETE":
            await self._recall.delete(shown, asker)
            return _json(request, orjson.dumps({"id": shown, "object": "response", "deleted": True}))
        if request.query_params.get("stream") == "true":
            raise InvalidRequestError("an answer that is kept is not streamed again: leave stream out", param="stream")
        return _json(request, await self._recall.answer(shown, asker))

    async def input_items(self, request: HttpRequest) -> HttpResponse:
        """Answer with what was said before an answer, a page at a time: `order` (desc, asc), `limit` (1 to 100), `after` (an item's id).

        Raises:
            NotFoundError: The answer is not there, or not for this caller.
            InvalidRequestError: A parameter says something that cannot be meant.
        """
        query = request.query_params
        order, limit = query.get("order", "desc"), _limit(query.get("limit", "20"))
        if order not in ("asc", "desc"):
            raise InvalidRequestError(f"order must be asc or desc, not {order[:50]!r}", param="order")
        items = await self._recall.input_items(request.path_params["id"], asker_of(request.scope))
        if order == "desc":
            items.reverse()
        after = query.get("after")
        first = next((number for number, item in enumerate(items, 1) if item["id"] == after), 0)
        page = items[first : first + limit]
        body = {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(items) > first + limit,
        }
        return _json(request, orjson.dumps(body))


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_ITEMS:
        raise InvalidRequestError(f"limit must be 1 to {_MOST_ITEMS}, not {text[:50]!r}", param="limit")
    return int(text)


def _json(request: HttpRequest, body: bytes) -> HttpResponse:
    headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
    return HttpResponse(body, 200, headers, "application/json")

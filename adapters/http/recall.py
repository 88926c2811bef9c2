"""Answers of the responses API that clients go on from and come back for: kept as conversations, one for each chain of answers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import orjson

from ...messages.chat import ChatMessage, Request, Response
from ...messages.conversation import NewMessage, Page, StoredMessage
from ...messages.errors import LegionError, NotFoundError
from ..dialects.openai_responses import (
    STORE,
    ResponseId,
    input_items,
    item_place,
    previous,
    references,
    resolved,
    unknown_response,
)
from ..host.conversation import ConversationHandle
from .gateway import Gateway

logger = logging.getLogger(__name__)

# Where the keeper of its answer stands in the scope of a request whose answer shall be kept.
KEEPER: Final = "legion_llm.keeper"

# In the metadata of the message that is the answer: the answer as its client got it, JSON.
_ANSWER: Final = "response"
# In the state of a conversation, before the id of an answer that was deleted.
_DELETED: Final = "deleted:"


class AnswerKeeper:
    """Keeps the answer to one request.

    Args:
        conversation: Where.
        answer: Id of the answer.
        before: Answer that it goes on from, or None.
        said: What is new in the request.
    """

    def __init__(
        self,
        conversation: ConversationHandle,
        answer: ResponseId,
        before: ResponseId | None,
        said: tuple[ChatMessage, ...],
    ) -> None:
        self._conversation = conversation
        self._id = answer
        self._before = before
        self._said = said

    async def keep(self, response: Response, answer: bytes) -> None:
        """Keep what was said in this turn; returns when it is durable. Where it cannot be kept the client has its answer all the same.

        Args:
            response: The answer.
            answer: The same, as its client gets it.
        """
        follows = None if self._before is None else _message_id(self._before)
        turn: list[NewMessage] = []
        for message in self._said:
            turn.append(NewMessage(message=message, parent_id=follows, request_id=response.request_id or None))
            follows = None
        routing, usage = response.routing, response.usage
        whole = NewMessage(
            message=response.message,
            id=_message_id(self._id),
            parent_id=follows,
            provider=None if routing is None else routing.provider,
            model=response.model or None,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            request_id=response.request_id or None,
            metadata={_ANSWER: answer.decode()},
        )
        try:
            await self._conversation.append(*turn, whole)
        except LegionError as error:
            logger.warning("%s could not be kept, and nobody can go on from it: %s", self._id, error)


class Recall:
    """What was kept of answers.

    An answer belongs to the caller who got it: for others it is not there.

    Args:
        gateway: Remembers conversations.
        keeps: Whether anything is kept from now on.
    """

    def __init__(self, gateway: Gateway, *, keeps: bool = True) -> None:
        self._gateway = gateway
        self._keeps = keeps

    async def recalled(self, request: Request) -> tuple[Request, AnswerKeeper | None]:
        """Return a request with all that it goes on from, and the keeper of its answer where that shall be kept.

        Raises:
            UnknownResponseError: It goes on from an answer that is not there.
            InvalidRequestError: It names an item that is not there.
            StoreError: What was kept cannot be read now.
        """
        if not self._keeps:
            request = attrs.evolve(request, extra={**request.extra, STORE: False})
        before, asker = previous(request), request.caller.identity
        said = request.messages
        named = references(said)
        if named:
            said = resolved(said, await self._items(named, asker))
        past = () if before is None else await self._past(before, asker)
        answer = ResponseId.of(request)
        keeper = None
        if answer is not None and request.extra.get(STORE) is not False:
            keeper = AnswerKeeper(self._conversation(answer, asker), answer, before, said)
        if not past and said is request.messages:
            return request, keeper
        return attrs.evolve(request, messages=(*past, *said)), keeper

    async def answer(self, shown: str, asker: str | None) -> bytes:
        """Return an answer as its client got it.

        Raises:
            NotFoundError: It is not there.
            StoreError: It cannot be read now.
        """
        page = await self._page(_read(shown), asker)
        return _answer_of(page.messages[-1])

    async def input_items(self, shown: str, asker: str | None) -> list[dict[str, Any]]:
        """Return all that was said before an answer, oldest first, as items.

        Raises:
            NotFoundError: The answer is not there.
            StoreError: It cannot be read now.
        """
        page = await self._page(_read(shown), asker)
        return [item for stored in page.messages[:-1] for item in _items_of(stored)]

    async def delete(self, shown: str, asker: str | None) -> None:
        """Forget an answer. What was said in its turn goes with the last answer of its chain: until then others build on it.

        Raises:
            NotFoundError: It is not there.
            StoreError: It cannot be forgotten now.
        """
        answer = _read(shown)
        await self._page(answer, asker)
        conversation = self._conversation(answer, asker)
        head = await conversation.set_state(_DELETED + answer.own, True)  # noqa: FBT003 - a value, no flag
        left = [
            stored.id
            async for stored in conversation.export()
            if _ANSWER in stored.metadata and _DELETED + _own(stored) not in head.state
        ]
        if not left:
            await conversation.delete()

    async def _past(self, before: ResponseId, asker: str | None) -> tuple[ChatMessage, ...]:
        try:
            page = await self._page(before, asker)
        except NotFoundError:
            raise unknown_response(str(before)) from None
        return tuple([stored.message for stored in page.messages])

    async def _page(self, answer: ResponseId, asker: str | None) -> Page:
        """Return all that was said up to an answer."""
        try:
            page = await self._conversation(answer, asker).line(_message_id(answer))
        except NotFoundError:
            raise _not_found(str(answer)) from None
        if _DELETED + answer.own in page.conversation.state:
            raise _not_found(str(answer))
        return page

    async def _items(self, named: Iterable[str], asker: str | None) -> dict[str, Mapping[str, Any]]:
        """Return the items of answers, as far as they are there, by their ids."""
        places = {item_id: place for item_id in named if (place := item_place(item_id)) is not None}
        found: dict[str, Mapping[str, Any]] = {}
        for answer in {answer for answer, _ in places.values()}:
            try:
                output = orjson.loads(await self.answer(str(answer), asker))["output"]
            except NotFoundError:
                continue
            found.update({item["id"]: item for item in output})
        return found

    def _conversation(self, answer: ResponseId, asker: str | None) -> ConversationHandle:
        return self._gateway.conversation(f"conv_{answer.root}", asker)


def _message_id(answer: ResponseId) -> str:
    return f"msg_{answer.own}"


def _own(stored: StoredMessage) -> str:
    return stored.id.removeprefix("msg_")


def _answer_of(stored: StoredMessage) -> bytes:
    text = stored.metadata[_ANSWER]
    assert isinstance(text, str)
    return text.encode()


def _items_of(stored: StoredMessage) -> list[dict[str, Any]]:
    """Return the items of a message: those of an answer as its client knows them."""
    if _ANSWER in stored.metadata:
        given: list[dict[str, Any]] = orjson.loads(_answer_of(stored))["output"]
        return given
    return input_items(stored.message, _own(stored))


def _read(shown: str) -> ResponseId:
    answer = ResponseId.read(shown)
    if answer is None:
        raise _not_found(shown)
    return answer


def _not_found(shown: str) -> NotFoundError:
    return NotFoundError(f"Response with id {shown[:100]!r} not found.")

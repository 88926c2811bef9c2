"""After a turn: shortens what was said long ago, and tells the beginning of a long conversation in short. Nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ...messages.caller import Caller
from ...messages.chat import ChatMessage, Generation, Request
from ...messages.conversation import Compaction
from ...messages.errors import LegionError
from ...messages.routing import Infer
from ...messages.settings.conversation import ConversationSettings
from ...runtime import Address
from .compaction import INSTRUCTION, Plan, by_stopwords, compaction_of, plan, transcript
from .context import Past, is_long, old_part
from .curator.curate import curations_of
from .desk import Desks
from .port import ConversationStore
from .shelf import Shelf

logger = logging.getLogger(__name__)

# Words per token of a summary, on the safe side.
_WORDS_PER_TOKEN: Final = 0.6

# A summary is one step of another request: it takes the way to the provider and nothing else, so that it cannot come back to a conversation.
_ASKER: Final = Caller(identity="conversations", type="subcall")


class Tending:
    """Tends one conversation after the other.

    Args:
        settings: What is shortened, and from when on.
        store: Where conversations are kept.
        shelf: Reads them.
        desks: Those at hand.
        inference: Whom to ask for a summary.
        now: Unix seconds.
    """

    def __init__(
        self,
        settings: ConversationSettings,
        store: ConversationStore,
        shelf: Shelf,
        desks: Desks,
        inference: Address,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._store = store
        self._desks = desks
        self._shelf = shelf
        self._inference = inference
        self._now = now

    async def tend(self, conversation_id: str) -> None:
        """Shorten what can be shortened; a failure leaves the conversation as it was said.

        Raises:
            LegionError: The store failed.
        """
        past = await self._past(conversation_id)
        if past is None:
            return
        await self._curate(past)
        if self._settings.auto_compact:
            planned = plan(past.behind, past.compaction, self._settings)
            if planned is not None:
                await self._compact(past, planned)

    async def _past(self, conversation_id: str) -> Past | None:
        async with self._desks.turn(conversation_id) as desk:
            head = await self._shelf.head(desk)
            if head is None or head.count == 0:
                return None
            # As much as a summary is made of, and what is kept as it was said beside it.
            line = await self._shelf.line(desk, 2 * self._settings.summarize_threshold)
            compaction = await self._shelf.compaction(desk)
            return Past(conversation=head, line=line, is_whole=desk.is_whole, compaction=compaction)

    async def _curate(self, past: Past) -> None:
        settings = self._settings.curation
        if not is_long(past, settings):
            return
        curations = curations_of(old_part(past, settings), settings)
        async with self._desks.turn(past.conversation.id) as desk:
            new = [each for each in curations if desk.curations.get(each.message_id) != each]
            if new and await self._shelf.head(desk) is not None:
                await self._store.curate(desk.id, new)
                desk.curations.update({each.message_id: each for each in new})

    async def _compact(self, past: Past, planned: Plan) -> None:
        summary, method = await self._summary(planned)
        compaction = compaction_of(planned, summary, method, self._now())
        async with self._desks.turn(past.conversation.id) as desk:
            if await self._still_there(desk.id, compaction) and await self._shelf.head(desk) is not None:
                await self._store.compact(desk.id, compaction)
                desk.compaction, desk.knows_compaction = compaction, True

    async def _still_there(self, conversation_id: str, compaction: Compaction) -> bool:
        """Whether nobody has replaced the messages meanwhile."""
        known = await self._store.known(conversation_id, [compaction.up_to_id])
        return known.get(compaction.up_to_id) == compaction.up_to

    async def _summary(self, planned: Plan) -> tuple[str, str]:
        """Return a summary and how it was made; without a model, or where it fails, the words that carry most."""
        model = self._settings.summary_model
        if model is None:
            return by_stopwords(planned), "stopwords"
        request = Request(
            model=None if model == "auto" else model,
            system=INSTRUCTION.format(words=int(planned.max_tokens * _WORDS_PER_TOKEN)),
            messages=(ChatMessage(content=transcript(planned)),),
            generation=Generation(max_tokens=planned.max_tokens),
            tools=(),
            caller=_ASKER,
        )
        try:
            response = await self._inference.ask(Infer(request=request))
        except LegionError as error:
            logger.warning(
                "no model could summarise a conversation (%s); its words that carry most stand for it", error
            )
            return by_stopwords(planned), "stopwords"
        return (response.text, "model") if response.text.strip() else (by_stopwords(planned), "stopwords")

"""Pages of a conversation's main line, or of an aside."""

from __future__ import annotations

from ...messages.conversation import Conversation, HistoryWanted, Page
from ...messages.errors import NotFoundError
from .line import line_to
from .port import ConversationStore, PageWanted


async def page_of_log(store: ConversationStore, head: Conversation, wanted: HistoryWanted) -> Page:
    """Return a page of a log that is its own main line, or of an agent's aside.

    Raises:
        StoreError: It cannot be read now.
    """
    forward = wanted.after is not None
    found = await store.page(
        head.id,
        PageWanted(
            limit=wanted.limit + 1,  # one more, to know whether there are more
            before=None if forward else wanted.before,
            after=wanted.after,
            newest_first=not forward,
            agent_id=wanted.agent_id,
        ),
    )
    has_more = len(found) > wanted.limit
    if forward:
        shown = found[: wanted.limit]
        before = shown[0].seq if shown and wanted.after else None
        return Page(conversation=head, messages=shown, before=before, after=shown[-1].seq if has_more else None)
    shown = found[1:] if has_more else found
    after = shown[-1].seq if shown and wanted.before is not None else None
    return Page(conversation=head, messages=shown, before=shown[0].seq if has_more else None, after=after)


async def page_of_line(
    store: ConversationStore, head: Conversation, places: tuple[int, ...], wanted: HistoryWanted
) -> Page:
    """Return a page of a main line that is followed from link to link.

    Args:
        store: Where it is kept.
        head: The conversation.
        places: The main line.
        wanted: Which page; `before` and `after` are places on the line, others count as its end and its beginning.

    Raises:
        StoreError: It cannot be read now.
    """
    if wanted.after is not None:
        start = places.index(wanted.after) + 1 if wanted.after in places else 0
        end = min(len(places), start + wanted.limit)
    else:
        end = places.index(wanted.before) if wanted.before in places else len(places)
        start = max(0, end - wanted.limit)
    found = {each.seq: each for each in await store.at(head.id, places[start:end])}
    return Page(
        conversation=head,
        messages=tuple(found[place] for place in places[start:end] if place in found),
        before=places[start] if 0 < start < len(places) else None,
        after=places[end - 1] if 0 < end < len(places) else None,
    )


async def page_up_to(store: ConversationStore, head: Conversation, message_id: str) -> Page:
    """Return all that was said up to a message, as one page.

    Raises:
        NotFoundError: There is no such message.
        StoreError: It cannot be read now.
    """
    places = line_to(message_id, await store.links(head.id))
    if places is None:
        raise NotFoundError(f"no message {message_id!r} in conversation {head.id!r}")
    return Page(conversation=head, messages=await store.at(head.id, places))

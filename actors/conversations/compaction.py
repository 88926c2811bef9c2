"""The beginning of a long conversation, told in short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from ...messages.chat import ChatMessage
from ...messages.content import TextBlock, ToolResultBlock, ToolUseBlock, text_of
from ...messages.conversation import Compaction, StoredMessage
from ...messages.settings.conversation import ConversationSettings
from .compress import HIGHEST, compress
from .pairs import safe_starts
from .window import size_of

# A summary is asked for, and made, of so many characters of text per token that it may have.
_CHARS_PER_TOKEN: Final = 4
# Of what was said so much is looked at per token of the summary; more would not find room in it.
_LOOKED_AT: Final = 8
_LONGEST_RESULT: Final = 400

INSTRUCTION: Final = (
    "Summarise the conversation below for the assistant who will go on with it. Keep decisions, facts, names, numbers, code identifiers, open"
    " questions and tasks, and who said what where it matters. Leave out pleasantries. Answer with the summary alone, in at most {words} words."
)


@attrs.frozen(kw_only=True)
class Plan:
    """What is to be summarised.

    Attributes:
        older: The messages that the summary will stand for, oldest first, those of the summary before left out.
        before: That summary, or None.
        max_tokens: Tokens that the new one may have.
    """

    older: tuple[StoredMessage, ...]
    before: Compaction | None
    max_tokens: int


def plan(messages: Sequence[StoredMessage], before: Compaction | None, settings: ConversationSettings) -> Plan | None:
    """Return what is to be summarised now, or None where nothing is.

    Args:
        messages: The main line behind the summary before, oldest first.
        before: That summary, or None.
        settings: From when on, and how much.
    """
    said = [stored.message for stored in messages]
    summary = 0 if before is None else len(before.summary) // _CHARS_PER_TOKEN
    if size_of(said) + summary < settings.summarize_threshold:
        return None
    latest = len(messages) - settings.preserve_recent
    end = max((place for place in safe_starts(said) if 0 < place <= latest), default=0)
    if end == 0:
        return None
    return Plan(older=tuple(messages[:end]), before=before, max_tokens=settings.target_tokens // 2)


def compaction_of(plan: Plan, summary: str, method: str, now: float) -> Compaction:
    """Return what stands for the beginning from now on."""
    last = plan.older[-1]
    earlier = 0 if plan.before is None else plan.before.count
    return Compaction(
        up_to=last.seq,
        up_to_id=last.id,
        count=earlier + len(plan.older),
        summary=summary[: plan.max_tokens * _CHARS_PER_TOKEN],
        method=method,
        created_at=now,
    )


def transcript(plan: Plan) -> str:
    """Return what is to be summarised as text; of a text that is too long, its end."""
    parts = [] if plan.before is None else [f"earlier: {plan.before.summary}"]
    parts += [f"{stored.message.role}: {_said(stored.message)}" for stored in plan.older]
    return _end("\n".join(parts), plan.max_tokens * _LOOKED_AT)


def by_stopwords(plan: Plan) -> str:
    """Return a summary without a model: the words that carry most, the newest of them where there is no room for all."""
    return _end(compress(transcript(plan), HIGHEST), plan.max_tokens * _CHARS_PER_TOKEN)


def _end(text: str, chars: int) -> str:
    """Return the end of a text, from the beginning of a line on where there is one."""
    if len(text) <= chars:
        return text
    end = text[-chars:]
    return end[end.find("\n") + 1 :] or end


def summary_message(compaction: Compaction) -> ChatMessage:
    """Return the message that a model is shown in place of the beginning. The same from turn to turn, so that caches of prompts keep hitting."""
    return ChatMessage(
        role="system",
        content=f"[Summary of the first {compaction.count} messages of this conversation]\n{compaction.summary}",
    )


def _said(message: ChatMessage) -> str:
    parts = []
    for block in message.blocks:
        if isinstance(block, TextBlock):
            parts.append(block.text)
        elif isinstance(block, ToolUseBlock):
            parts.append(f"[called {block.name} {block.arguments[:_LONGEST_RESULT]}]")
        elif isinstance(block, ToolResultBlock):
            parts.append(f"[answered: {text_of(block.content)[:_LONGEST_RESULT]}]")
    return " ".join(parts)

"""What a model's name gives away where its provider says nothing."""

from __future__ import annotations

import re
from typing import Final

import attrs

from ...messages.catalogue import Capability, ModelFacts

_EMBEDDING: Final = re.compile(r"embed|\bbge-|(^|/)(bge|gte|e5|minilm|all-minilm)[-:]", re.IGNORECASE)
# Neither answers messages nor embeds: speech, pictures, films, judgements.
_OTHER: Final = re.compile(
    r"(^|/)(whisper|tts|dall-e|gpt-image|chatgpt-image|sora|omni-moderation|text-moderation|babbage|davinci)"
    r"|-(transcribe|tts)\b|rerank",
    re.IGNORECASE,
)
_CHATS: Final = frozenset({Capability.CHAT, Capability.STREAM, Capability.TOOLS})


def with_guesses(facts: ModelFacts) -> ModelFacts:
    """Return the facts, with what the name says of chat and embedding if nothing else does.

    A name that says nothing leaves everything unknown, which forbids nothing.
    """
    if (facts.can | facts.cannot) & {Capability.CHAT, Capability.EMBED}:
        return facts
    if _EMBEDDING.search(facts.name):
        return attrs.evolve(facts, can=facts.can | {Capability.EMBED}, cannot=facts.cannot | (_CHATS - facts.can))
    if _OTHER.search(facts.name):
        return attrs.evolve(facts, cannot=facts.cannot | (_CHATS - facts.can) | {Capability.EMBED})
    return facts

"""Which models do not chat, by their names: catalogues list them side by side with those that do, and mostly do not say so."""

from __future__ import annotations

import re
from typing import Final

from ...messages.catalogue import Capability, ModelFacts

_OTHERS: Final = re.compile(
    r"embed|(^|[-/])(bge|e5|gte|mxbai|nomic)-|rerank|whisper|transcribe|(^|[-/])tts|-tts|dall-e|imagen|(^|[-/])(gpt-)?image|moderation|realtime"
    r"|sora|veo-|speech|guard|-audio|babbage|davinci",
    re.IGNORECASE,
)


def may_chat(facts: ModelFacts) -> bool:
    """Whether a model that a catalogue lists can be taken to answer messages: known to, or called like nothing else."""
    if Capability.CHAT in facts.can:
        return True
    return Capability.CHAT not in facts.cannot and _OTHERS.search(facts.name) is None

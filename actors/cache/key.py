"""Which requests may share an answer: a pure function of the request."""

from __future__ import annotations

import hashlib
from typing import Final

from ...messages.chat import Request

_SCHEMA: Final = "1"


def may_share(request: Request) -> bool:
    """Whether the same request deserves the same answer: its temperature is 0 (stated, not left out), and it is not part of a conversation.

    An answer within a conversation depends on what was said before, and becomes a part of it.
    """
    return request.generation.temperature == 0 and request.conversation_id is None


def key_of(request: Request) -> str:
    """Return what the answer depends on, hashed: 64 hex digits.

    That is all that is sent to a provider, where it may go (model, provider, tier, intent, allowed models), and whose it is: nobody gets an answer
    that was made for somebody else.
    """
    said = (
        _SCHEMA,
        request.caller,
        request.model,
        request.provider,
        request.tier,
        sorted(request.intent.items()),
        request.allowed_models,
        request.system,
        request.messages,
        request.tools,
        request.tool_choice,
        request.generation,
        request.response_format,
        request.thinking,
        request.dialect,
        request.extra,
    )
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()

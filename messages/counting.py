"""How long a prompt is, asked before it is sent."""

from __future__ import annotations

from typing import Literal

import attrs

from .base import Message
from .chat import Request
from .routing import Target


@attrs.frozen(kw_only=True)
class TokenCount:
    """How many tokens a prompt has.

    Attributes:
        input_tokens: System prompt, messages and tools together.
        source: provider (it has counted) or estimated (nobody could, or was to be asked; within some 15 % for text).
        provider: Instance that would be asked, or None where nobody is known to serve the request.
        model: Model that would be asked, or None.
        reason: Why it was estimated, or None.
    """

    input_tokens: int
    source: Literal["provider", "estimated"]
    provider: str | None = None
    model: str | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class CountTokens(Message[TokenCount]):
    """How long is this prompt for the model that would get it?"""

    request: Request


@attrs.frozen(kw_only=True)
class CountCall(Message[int]):
    """Ask one provider to count."""

    request: Request
    target: Target

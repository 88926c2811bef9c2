"""Anthropic's messages API, both ways: spoken to a provider, and by clients to us."""

from __future__ import annotations

from .dialect import AnthropicMessages
from .words import VERSION

__all__ = ["VERSION", "AnthropicMessages"]

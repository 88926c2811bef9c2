"""OpenAI's responses API, as clients speak it to us."""

from __future__ import annotations

from .dialect import OpenAIResponses

__all__ = ["OpenAIResponses"]

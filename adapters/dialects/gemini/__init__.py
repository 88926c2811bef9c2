"""Google's Gemini API (generateContent), both ways: spoken to a provider, and by clients to us."""

from __future__ import annotations

from .dialect import Gemini, GeminiCall
from .embed import GeminiEmbed, GeminiEmbedCall

__all__ = ["Gemini", "GeminiCall", "GeminiEmbed", "GeminiEmbedCall"]

"""Ollama's own APIs for chats and for embeddings."""

from __future__ import annotations

from .dialect import Ollama
from .embed import OllamaEmbed

__all__ = ["Ollama", "OllamaEmbed"]

"""Ollama's own APIs for chats and for embeddings, both ways."""

from __future__ import annotations

from .dialect import Ollama
from .embed import OllamaEmbed
from .served import Loading, OllamaChat, OllamaGenerate

__all__ = ["Loading", "Ollama", "OllamaChat", "OllamaEmbed", "OllamaGenerate"]

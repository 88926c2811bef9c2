"""Ollama's own chat API, spoken to a provider."""

from __future__ import annotations

from .dialect import Ollama

__all__ = ["Ollama"]

"""OpenAI's embeddings API, both ways."""

from __future__ import annotations

from .dialect import OpenAIEmbeddings

__all__ = ["OpenAIEmbeddings"]

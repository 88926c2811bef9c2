"""Amazon Bedrock's Converse API, and its makers' APIs for embeddings, spoken to a provider."""

from __future__ import annotations

from .dialect import Bedrock
from .embed import BedrockEmbed

__all__ = ["Bedrock", "BedrockEmbed"]

"""Amazon Bedrock's Converse API, spoken to a provider."""

from __future__ import annotations

from .dialect import Bedrock

__all__ = ["Bedrock"]

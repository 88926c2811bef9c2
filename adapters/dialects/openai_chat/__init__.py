"""OpenAI's chat completions, spoken both ways."""

from __future__ import annotations

from .dialect import OpenAIChat
from .message_parsing import parse_message
from .tokenize import Tokenizing
from .tools import parse_tool

__all__ = ["OpenAIChat", "Tokenizing", "parse_message", "parse_tool"]

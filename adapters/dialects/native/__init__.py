"""The gateway's own dialect: /api/llm/inference and /api/llm/chat."""

from __future__ import annotations

from .chat import NativeChat
from .errors import NativeErrors
from .inference import NativeInference

__all__ = ["NativeChat", "NativeErrors", "NativeInference"]

"""The HTTP API described in OpenAPI's words, made from the table of routes."""

from __future__ import annotations

from .document import describe
from .operations import OPERATIONS, Operation

__all__ = ["OPERATIONS", "Operation", "describe"]

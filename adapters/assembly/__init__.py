"""Wires actors and adapters together; the one place that knows both sides of every port."""

from __future__ import annotations

from .tree import tree_of

__all__ = ["tree_of"]

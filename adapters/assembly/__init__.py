"""Wires actors and adapters together; the one place that knows both sides of every port."""

from __future__ import annotations

from .plan import Plan
from .reload import Reloader
from .tree import tree_of

__all__ = ["Plan", "Reloader", "tree_of"]

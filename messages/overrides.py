"""How far a tool of the host's is trusted to take the place of an MCP server's."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class OverrideRecord:
    """What is known of an override.

    Attributes:
        tool: Name of the server's tool.
        override: Name of the host's tool that may take its place.
        confidence: 0 to 1.
        hits: How often the two agreed, or the host's did alone.
        misses: How often they did not, or the host's failed.
        updated_at: Unix seconds of the last of these.
    """

    tool: str
    override: str
    confidence: float
    hits: int = 0
    misses: int = 0
    updated_at: float = 0.0

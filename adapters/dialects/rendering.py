"""What the functions that write one request share."""

from __future__ import annotations

from typing import Any

import attrs

from ...messages.chat import Request, ToolDefinition
from ...messages.errors import UnsupportedCapability


@attrs.define
class Rendering:
    """One request on its way out.

    Attributes:
        is_own: Whether the caller spoke this dialect, or is a host: then fields without a name of ours go along.
        is_imitation: Whether the server only imitates the vendor; such servers know other parameters.
        dialect: What the caller spoke, for warnings.
        warnings: What could not be carried.
    """

    is_own: bool
    is_imitation: bool
    dialect: str
    warnings: list[str] = attrs.field(factory=list)

    @classmethod
    def of(cls, request: Request, name: str, *, is_imitation: bool = False) -> Rendering:
        """Begin to write `request` in the dialect `name`."""
        dialect = request.dialect
        return cls(is_own=dialect is None or dialect == name, is_imitation=is_imitation, dialect=dialect or "the host")

    def foreign_tool(self, tool: ToolDefinition, name: str) -> dict[str, Any] | None:
        """Return a vendor's own tool for its own dialect, `name`; elsewhere an offer is left out with a warning.

        Raises:
            UnsupportedCapability: Elsewhere, and it is no mere offer.
        """
        assert tool.opaque is not None
        if self.is_own:
            return dict(tool.opaque)
        if not tool.is_offer:
            raise UnsupportedCapability(f"{name} has no tool like {tool.name!r} of {self.dialect}", capability="tool")
        self.warn(f"tool {tool.name!r} of {self.dialect} was left out: {name} has none like it")
        return None

    def warn(self, text: str) -> None:
        """Note what was lost; once, however often it happens."""
        if text not in self.warnings:
            self.warnings.append(text)

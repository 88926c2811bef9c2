"""What the functions that write one request share."""

from __future__ import annotations

import attrs

from ...messages.chat import Request


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

    def warn(self, text: str) -> None:
        """Note what was lost; once, however often it happens."""
        if text not in self.warnings:
            self.warnings.append(text)

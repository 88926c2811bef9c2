"""What came of new settings for a system that runs."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class ReloadReport:
    """Settings were read anew, and hold from now on as far as they can.

    Attributes:
        applied: Paths of the settings that have changed, and hold now ("providers.openai.base_url", "api.keys").
        waiting: Paths of those that have changed, and will hold after a restart.
    """

    applied: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.applied and not self.waiting:
            return "the settings are as they were"
        parts = [f"changed: {', '.join(self.applied)}"] if self.applied else []
        parts += [f"needs a restart: {', '.join(self.waiting)}"] if self.waiting else []
        return "; ".join(parts)

"""The record in the host's log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from ...messages.audit import AuditEvent
from .lines import json_of

LOGGER: Final = logging.getLogger("legion_llm.audit")


class LogSink:
    """Logs every event as one line of JSON, level INFO; where it goes is the host's matter."""

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Log the events."""
        if LOGGER.isEnabledFor(logging.INFO):
            for event in events:
                LOGGER.info("%s", json_of(event).decode())

    async def aclose(self) -> None:
        """Nothing is held open for this sink alone."""

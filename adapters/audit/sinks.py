"""Which sinks the settings mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ...actors.audit.port import AuditSink
from ...messages.settings import IN_MEMORY, Settings
from ..stores.choose import Stores
from ..stores.paths import USUAL, file_of
from .jsonl import JsonLines, JsonLinesSink
from .log import LogSink

_NAME: Final = "audit.jsonl"


def sinks_of(settings: Settings, stores: Stores) -> Mapping[str, AuditSink]:
    """Return the sinks by name; nothing is opened yet."""
    made: dict[str, AuditSink] = {}
    for name in settings.audit.sinks:
        if name == "store":
            made[name] = stores.audit
        elif name == "log":
            made[name] = LogSink()
        else:
            made[name] = JsonLinesSink(
                JsonLines(lines_file(settings), settings.audit.max_bytes, settings.audit.keep_files)
            )
    return made


def lines_file(settings: Settings) -> Path:
    """Return the file of the sink jsonl."""
    if settings.audit.path is not None:
        return file_of(settings.audit.path)
    store = settings.store.path
    return (file_of(USUAL) if store in (None, IN_MEMORY) else file_of(str(store))).with_name(_NAME)

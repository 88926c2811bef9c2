"""The record of who asked for what, and how it ended."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import attrs

from .checks import between, fault, not_blank

AuditSink: TypeAlias = Literal["store", "log", "jsonl"]


def _patterns(_: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for number, pattern in enumerate(value):
        try:
            re.compile(pattern)
        except re.error as error:
            raise fault(f"{attribute.name}.{number}", f"is no regular expression: {error}") from error


def _sinks(_: object, attribute: attrs.Attribute[tuple[AuditSink, ...]], value: tuple[AuditSink, ...]) -> None:
    for number, sink in enumerate(value):
        if sink not in {"store", "log", "jsonl"}:
            raise fault(f"{attribute.name}.{number}", f"{sink!r} is not possible; valid are jsonl, log, store")
    if len(set(value)) != len(value):
        raise fault(attribute.name, "names a sink twice")


@attrs.frozen(kw_only=True)
class AuditSettings:
    """The record of who asked for what, and how it ended: one event per request.

    Attributes:
        enabled: Default True.
        sinks: Where events go: store (that of `store.path`), jsonl (a file), log (the logger "legion_llm.audit", level INFO). Default store alone.
        prompts: Whether events hold what was said, with secrets masked. Default False.
        max_messages: Last messages of the conversation that an event holds (at least 1); the others are counted, and a hash of all is kept.
            Default 20.
        max_text: Characters of each text that an event holds (at least 0). Default 20000.
        redact: Regular expressions of what else must be masked, beside keys, tokens and the like. Default none.
        path: File of the sink jsonl. Default None: audit.jsonl in the folder of the store, or in `~/.legionio/data` where that is in memory.
        max_bytes: Size at which that file is put aside and a new one begun (at least 4096). Default 64 MiB.
        keep_files: Files put aside that are kept (at least 0). Default 5.
        buffer: Events that may wait for a sink that is away (at least 1). Past it the oldest are dropped, counted and logged. Default 10000.
    """

    enabled: bool = True
    sinks: tuple[AuditSink, ...] = attrs.field(default=("store",), converter=tuple, validator=_sinks)
    prompts: bool = False
    max_messages: int = attrs.field(default=20, validator=between(1))
    max_text: int = attrs.field(default=20_000, validator=between(0))
    redact: tuple[str, ...] = attrs.field(default=(), converter=tuple, validator=_patterns)
    path: str | None = attrs.field(default=None, validator=not_blank)
    max_bytes: int = attrs.field(default=64 * 1024 * 1024, validator=between(4096, unit="bytes"))
    keep_files: int = attrs.field(default=5, validator=between(0))
    buffer: int = attrs.field(default=10_000, validator=between(1))

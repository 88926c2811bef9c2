"""The tools there are, arranged so that a request finds those it needs quickly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ....messages.tools import Tool

_WORD: Final = re.compile(r"[\w-]+")


class Toolset:
    """The tools there are. Immutable; replaced when they change."""

    __slots__ = ("always", "by_group", "by_name", "by_word")

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self.by_name: Mapping[str, Tool] = {tool.name: tool for tool in tools}
        self.always: tuple[Tool, ...] = tuple(tool for tool in self.by_name.values() if not tool.is_deferred)
        self.by_word: Mapping[str, tuple[Tool, ...]] = _by_word(self.by_name.values())
        self.by_group: Mapping[str, tuple[Tool, ...]] = _by_group(self.by_name.values())

    def __bool__(self) -> bool:
        return bool(self.by_name)


def words_of(text: str) -> Iterable[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def _by_word(tools: Iterable[Tool]) -> dict[str, tuple[Tool, ...]]:
    """Index the deferred tools by the words that call for them; the others are there in any case."""
    index: dict[str, tuple[Tool, ...]] = {}
    for tool in tools:
        if tool.is_deferred:
            for word in dict.fromkeys(tool.triggers):
                index[word] = (*index.get(word, ()), tool)
    return index


def _by_group(tools: Iterable[Tool]) -> dict[str, tuple[Tool, ...]]:
    index: dict[str, tuple[Tool, ...]] = {}
    for tool in tools:
        if tool.group:
            index[tool.group] = (*index.get(tool.group, ()), tool)
    return index

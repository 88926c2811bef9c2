"""Shortens a text by words that carry little; code stays as it is. Pure, and linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from ...messages.chat import ChatMessage, Request
from ...messages.content import Content, TextBlock

LIGHT: Final = (
    *("a", "an", "the", "just", "very", "really", "basically", "actually", "simply", "quite", "rather", "somewhat"),
)
MODERATE: Final = (
    *("however", "moreover", "furthermore", "additionally", "consequently", "therefore", "thus", "hence"),
    *("meanwhile", "nevertheless", "nonetheless", "accordingly", "indeed", "certainly"),
)
AGGRESSIVE: Final = ("also", "then", "still", "even", "already", "yet", "again", "please", "note", "that")
# No list holds a negation: a text may become clumsy, never its opposite.
LEVELS: Final[tuple[tuple[str, ...], ...]] = ((), LIGHT, (*LIGHT, *MODERATE), (*LIGHT, *MODERATE, *AGGRESSIVE))
HIGHEST: Final = len(LEVELS) - 1

# A word goes with one blank behind it, where blanks, or an end of the line, stand on both sides: what touches punctuation stays.
_WORDS: Final = tuple(
    re.compile(rf"(?<!\S)(?:{'|'.join(words)})(?: |(?=\s|\Z))", re.IGNORECASE) if words else None for words in LEVELS
)
# Blanks that begin a line are a list's or a quotation's shape.
_BLANKS: Final = re.compile(r"(?<=\S) {2,}(?=\S)")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_INDENTED: Final = re.compile(r"(?: {4}|\t)")
_TICKS_OR_END: Final = re.compile(r"`+|\n")


def compress(text: str, level: int) -> str:
    """Return the text without its least telling words.

    Fenced code, also where its fence is never closed, indented code and code spans stay as they are, and so does the shape of the lines.

    Args:
        text: Any text.
        level: 0 or less for none, 1 light, 2 moderate, 3 or more for all.
    """
    if not text or level <= 0:
        return text
    level = min(level, HIGHEST)
    return "".join(part if is_code else _prose(part, level) for part, is_code in _parts(text))


def compress_request(request: Request, level: int) -> Request:
    """Return the request with what its user and its host say shortened; what models and tools said stays as it is."""
    if level <= 0:
        return request
    messages = tuple(
        attrs.evolve(message, content=_content(message.content, level)) if _is_prompt(message) else message
        for message in request.messages
    )
    system = None if request.system is None else _content(request.system, level)
    return attrs.evolve(request, messages=messages, system=system)


def _is_prompt(message: ChatMessage) -> bool:
    return message.role in {"user", "system", "developer"}


def _content(content: Content, level: int) -> Content:
    if isinstance(content, str):
        return compress(content, level)
    return tuple(
        attrs.evolve(block, text=compress(block.text, level)) if isinstance(block, TextBlock) else block
        for block in content
    )


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield prose and code in turn, whole lines of each."""
    prose: list[str] = []
    code: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        opened = _FENCE.match(line)
        is_fence = opened is not None and (
            not fence or (opened[1].startswith(fence) and not line[opened.end() :].strip())
        )
        if fence or is_fence or _INDENTED.match(line):
            if prose:
                yield "".join(prose), False
                prose.clear()
            code.append(line)
        else:
            if code:
                yield "".join(code), True
                code.clear()
            prose.append(line)
        if is_fence and opened is not None:
            fence = "" if fence else opened[1]
    if prose:
        yield "".join(prose), False
    if code:
        yield "".join(code), True


def _prose(text: str, level: int) -> str:
    done: list[str] = []
    at = 0
    for start, end in _spans(text):
        done += [_words(text[at:start], level), text[start:end]]
        at = end
    done.append(_words(text[at:], level))
    return "".join(done)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where code spans begin and end: between two runs of as many backticks, on one line."""
    runs = [(found.start(), found.end()) for found in _TICKS_OR_END.finditer(text)]
    # Of each run the next one of its length on the same line; found from the end, so that no run is looked at twice.
    closing: list[int | None] = [None] * len(runs)
    following: dict[int, int] = {}
    for number in range(len(runs) - 1, -1, -1):
        start, end = runs[number]
        if text[start] == "\n":
            following.clear()
        else:
            closing[number] = following.get(end - start)
            following[end - start] = number
    number = 0
    while number < len(runs):
        closed_by = closing[number]
        if closed_by is None:
            number += 1
        else:
            yield runs[number][0], runs[closed_by][1]
            number = closed_by + 1


def _words(text: str, level: int) -> str:
    pattern = _WORDS[level]
    assert pattern is not None
    shorter = _BLANKS.sub(" ", pattern.sub("", text))
    return _EMPTY_LINES.sub("\n\n", shorter) if level == HIGHEST else shorter

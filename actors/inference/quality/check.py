"""Whether an answer is good enough: pure rules over its text, each in time that grows no faster than the text."""

from __future__ import annotations

import json
import re
from typing import Final

import attrs

from ....messages.chat import Response, StopReason
from ....messages.content import TextBlock, ThinkingBlock
from ....messages.settings import QualitySettings

EMPTY: Final = "empty_response"
TOO_SHORT: Final = "too_short"
REPETITION: Final = "repetition"
TRUNCATED: Final = "truncated"
REFUSAL: Final = "refusal"
NO_JSON: Final = "json_parse_failure"
CUSTOM: Final = "custom_check_failed"

_DEFAULT: Final = QualitySettings()

# A text of which one part of 20 characters comes three times says the same again; rulers and empty cells of tables do not count.
_CHUNK: Final = 20
_OFTEN: Final = 3
# Shorter answers often end without a full stop ("Paris").
_LONG: Final = 100
_TAIL: Final = 3
# Beyond that a first line is no refusal any more.
_FIRST_LINE: Final = 300

_REFUSALS: Final = re.compile(
    r"""
    \b as\ an\ ai \b
    | ^ (?: (?:(?:i'm|i\ am|we're|we\ are)\ )? (?:very\ |so\ )? (?:sorry|afraid) | unfortunately | (?:my\ )?apologies | regrettably | no )?
        [,.:;!-]* \ * (?:but\ |that\ )?
        (?:
            (?:i|we) \ (?:
                can't | cannot | can\ not | couldn't | could\ not | won't\ be\ able | will\ not\ be\ able | (?:must|have\ to)\ decline
                | am\ (?:un|not\ )able | are\ (?:un|not\ )able | am\ not\ allowed | are\ not\ allowed
                | (?:don't|do\ not)\ have\ (?:the\ |any\ )?(?:access|ability) | have\ no\ (?:access|ability|way)
                | lack\ (?:the\ )?(?:access|ability)
            )
            | (?:i'm|we're) \ (?:unable|not\ able|not\ allowed)
        ) \b
    """,
    re.VERBOSE,
)
# The apostrophe that models like to write, and the one that the pattern knows.
_APOSTROPHES: Final = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'"})


@attrs.frozen(kw_only=True)
class Checked:
    """What the rules found.

    Attributes:
        failures: By name, in the order of the rules; () for an answer that is good enough.
        json_valid: Whether it is JSON, where that was expected; else None.
    """

    failures: tuple[str, ...] = ()
    json_valid: bool | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.failures


def check(
    response: Response, *, threshold: int = 50, json_expected: bool = False, rules: QualitySettings = _DEFAULT
) -> Checked:
    """Return what is wrong with an answer.

    A turn that calls tools, or that has only thought so far, has no text to be judged by.

    Args:
        response: The answer.
        threshold: Least length in characters.
        json_expected: Whether anything but JSON is wrong.
        rules: Which of the rules hold that can be switched off.
    """
    if response.tool_calls:
        return Checked()
    text = response.text
    if not text.strip():
        return Checked() if _says_something_else(response) else Checked(failures=(EMPTY,))
    json_valid = is_json(text) if json_expected else None
    # Data is not prose: it may be short, repeat itself, and end with a bracket.
    found = (
        (TOO_SHORT, rules.too_short and not json_valid and len(text) < threshold),
        (REPETITION, not json_valid and repeats_itself(text)),
        (TRUNCATED, rules.truncated and response.stop_reason is not StopReason.STOP_SEQUENCE and breaks_off(text)),
        (REFUSAL, response.stop_reason is StopReason.REFUSAL or (rules.refusal and refuses(text))),
        (NO_JSON, json_valid is False),
    )
    return Checked(failures=tuple([name for name, holds in found if holds]), json_valid=json_valid)


def repeats_itself(text: str) -> bool:
    """Whether one of its pieces of 20 characters, cut one after the other, comes three times."""
    seen: dict[str, int] = {}
    for start in range(0, len(text) - _CHUNK + 1, _CHUNK):
        chunk = text[start : start + _CHUNK]
        if len(set(chunk)) <= _OFTEN:  # a ruler
            continue
        count = seen[chunk] = seen.get(chunk, 0) + 1
        if count >= _OFTEN:
            return True
    return False


def breaks_off(text: str) -> bool:
    """Whether a long text ends in the middle of a sentence: with three characters of a word."""
    tail = text[-_TAIL:]
    return len(text) >= _LONG and all(sign.isalnum() or sign == "_" for sign in tail)


def refuses(text: str) -> bool:
    """Whether the first line says that the model cannot, or may not."""
    line = text.lstrip()[:_FIRST_LINE].split("\n", 1)[0]
    return _REFUSALS.search(line.lower().translate(_APOSTROPHES)) is not None


def is_json(text: str) -> bool:
    """Whether the text is JSON, alone or in the fence that models like to put around it."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```"):
        # Cut by hand: a search for matching fences may take quadratic time.
        text = text.strip("`").partition("\n")[2]
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _says_something_else(response: Response) -> bool:
    """Whether there is content that is no text: a thought, a picture, a vendor's own block."""
    return any(
        bool(block.text or block.encrypted) if isinstance(block, ThinkingBlock) else not isinstance(block, TextBlock)
        for block in response.message.blocks
    )

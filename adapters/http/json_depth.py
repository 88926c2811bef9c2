"""How deep JSON nests, found without parsing it: a parser that recurses must never meet what is too deep."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

# Possessive, and with an optional closing quote: every byte is read once, whatever a hostile body holds.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)

_OPENING: Final = b"[{"
_CLOSING: Final = b"]}"
_NOT_A_BRACKET: Final = bytes(set(range(256)) - set(_OPENING) - set(_CLOSING))
# 0xff read as a signed byte is -1.
_STEPS: Final = bytes.maketrans(_OPENING + _CLOSING, b"\x01\x01\xff\xff")


def is_deeper_than(limit: int, body: bytes) -> bool:
    """Return whether arrays and objects nest deeper than `limit`; malformed JSON is judged by its brackets, and left to the parser.

    Takes time in proportion to the body: two counts where it holds few brackets, as nearly all do, and a pass in C otherwise.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    steps = _STRING.sub(b"", body).translate(_STEPS, _NOT_A_BRACKET)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > limit

"""What the demo model makes of a text: a vector in which texts that share words lie near each other."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Final

from ...messages.embedding import EmbedInput, Vector

DEMO_DIMENSIONS: Final = 1024
MAX_DIMENSIONS: Final = 4096

_WORD: Final = re.compile(r"\w+|[^\w\s]")
# Numbers of the vector that a word has a say in.
_PLACES: Final = 8


def tokens_of_input(content: EmbedInput) -> list[str]:
    """Return the words of a text in lower case, or its tokens as words."""
    return _WORD.findall(content.lower()) if isinstance(content, str) else [f"#{token}" for token in content]


def demo_vector(content: EmbedInput, dimensions: int = DEMO_DIMENSIONS) -> Vector:
    """Return a vector of length 1, the same one for the same words: each adds or subtracts 1 at a few places that its digest names."""
    numbers = [0.0] * dimensions
    for word in tokens_of_input(content) or [""]:
        digest = hashlib.shake_128(word.encode("utf-8", "replace")).digest(_PLACES * 3)
        for at in range(0, len(digest), 3):
            place = int.from_bytes(digest[at : at + 2], "big") % dimensions
            numbers[place] += 1.0 if digest[at + 2] % 2 else -1.0
    if not any(numbers):
        numbers[0] = 1.0  # its words cancel out
    length = math.hypot(*numbers)
    return tuple([number / length for number in numbers])

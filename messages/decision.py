"""A choice that a model has made."""

from __future__ import annotations

import attrs

from .structured import StructuredResult


@attrs.frozen(kw_only=True)
class Decision:
    """Which of several options a model has chosen.

    Attributes:
        index: Place of the option in the list that was given, from 0; always one of them.
        option: The option itself.
        reason: Why, in the model's words.
        result: The answer that says so, with its usage.
    """

    index: int
    option: str
    reason: str
    result: StructuredResult

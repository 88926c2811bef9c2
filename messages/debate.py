"""What a caller says of a debate about its answer."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class DebateTerms:
    """Whether other models shall argue about the answer.

    Attributes:
        enabled: True or False; None leaves it to the setting `debate.enabled`.
        rounds: Rounds of critique and rebuttal; at least one is held and at most `debate.max_rounds`. None: `debate.default_rounds`.
    """

    enabled: bool | None = None
    rounds: int | None = None

"""The section of the settings that is about debates."""

from __future__ import annotations

import attrs

from .checks import between, not_blank


@attrs.frozen(kw_only=True)
class DebateSettings:
    """Whether models argue about an answer before its caller has it; models are written "provider:model" or "instance/model".

    Attributes:
        enabled: Whether every answer is debated, and not only those whose caller asks for it. Default False: it costs three calls and more.
        default_rounds: Rounds of critique and rebuttal where the caller names no number (1 to 10). Default 1.
        max_rounds: Most rounds (1 to 10). Default 3.
        advocate_model: Who defends the answer, or None: the model that gave it. Default None.
        challenger_model: Who criticises it, or None: another model that the request might have gone to. Default None.
        judge_model: Who decides, or None: a third such model, else the advocate's. Default None.
    """

    enabled: bool = False
    default_rounds: int = attrs.field(default=1, validator=between(1, 10))
    max_rounds: int = attrs.field(default=3, validator=between(1, 10))
    advocate_model: str | None = attrs.field(default=None, validator=not_blank)
    challenger_model: str | None = attrs.field(default=None, validator=not_blank)
    judge_model: str | None = attrs.field(default=None, validator=not_blank)

"""The section of the settings that is about what a host learns from answers."""

from __future__ import annotations

import attrs

from .checks import above, between


@attrs.frozen(kw_only=True)
class ReflectionSettings:
    """Whether decisions, patterns and facts are read out of long answers, beside the answers themselves.

    Attributes:
        enabled: Default False: they are found by their wording, in English alone.
        min_chars: Characters from which an answer is long (at least 1). Default 200.
        cooldown_seconds: Seconds between two answers that are read (at least 0). Default 300.0.
    """

    enabled: bool = False
    min_chars: int = attrs.field(default=200, validator=between(1, unit="characters"))
    cooldown_seconds: float = attrs.field(default=300.0, validator=between(0, unit="s"))


@attrs.frozen(kw_only=True)
class LearningSettings:
    """What the host's learner is told; without a learner nobody is.

    Attributes:
        capture: Whether it is told of every answer. Default True.
        reflection: What is read out of long ones.
        timeout: Seconds that it may take for one answer (above 0). Default 30.0.
        queue: Answers that may wait for it; those that come while so many wait are not told (at least 1). Default 1000.
    """

    capture: bool = True
    reflection: ReflectionSettings = ReflectionSettings()
    timeout: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    queue: int = attrs.field(default=1000, validator=between(1))

"""The section of the settings that is about knowledge."""

from __future__ import annotations

from typing import Final

import attrs

from .checks import above, between, fault

_TRIVIAL: Final = (
    *("hi", "hello", "hey", "hi there", "hello there", "good morning", "good evening", "how are you"),
    *("thanks", "thank you", "ok", "okay", "yes", "no", "sure", "bye", "goodbye", "ping", "test"),
)


@attrs.frozen(kw_only=True)
class RagGuardSettings:
    """What becomes of an answer that does not keep to the knowledge that its model was told; the host's evaluators say so.

    Attributes:
        threshold: What each evaluator must say at least (0 to 1). Default 0.7.
        closed: Whether the request fails then; a stream's answer has been read by that time. Default False: a warning.
        timeout: Seconds that the evaluators may take (above 0); one that takes longer has said 0. Default 10.0.
    """

    threshold: float = attrs.field(default=0.7, validator=between(0, 1))
    closed: bool = False
    timeout: float = attrs.field(default=10.0, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class RagSettings:
    """When and how much of what the host's retriever knows a model is told.

    Attributes:
        enabled: Whether the retriever is asked. Default True; without a retriever nobody is.
        full_limit: Entries at most where there is room (at least 1). Default 10.
        compact_limit: Entries at most where there is less (at least 1). Default 5.
        min_confidence: How well an entry must fit (0 to 1). Default 0.5.
        utilization_compact_threshold: Share of `conversation.context_tokens` that the prompt fills, by estimate, from which there is less room
            (0 to 1). Default 0.7.
        utilization_skip_threshold: Share from which there is none (`utilization_compact_threshold` to 1). Default 0.9.
        trivial_max_chars: Characters up to which a single word is not looked up (at least 0). Default 20.
        trivial_patterns: Words of the user's that are not looked up, in lower case and without punctuation. Default greetings and the like.
        timeout: Seconds for which a request waits for the retriever (above 0). Default 5.0.
        guard: What becomes of answers that do not keep to what was found.
    """

    enabled: bool = True
    full_limit: int = attrs.field(default=10, validator=between(1))
    compact_limit: int = attrs.field(default=5, validator=between(1))
    min_confidence: float = attrs.field(default=0.5, validator=between(0, 1))
    utilization_compact_threshold: float = attrs.field(default=0.7, validator=between(0, 1))
    utilization_skip_threshold: float = attrs.field(default=0.9, validator=between(0, 1))
    trivial_max_chars: int = attrs.field(default=20, validator=between(0))
    trivial_patterns: tuple[str, ...] = _TRIVIAL
    timeout: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    guard: RagGuardSettings = RagGuardSettings()

    def __attrs_post_init__(self) -> None:
        if self.utilization_skip_threshold < self.utilization_compact_threshold:
            raise fault(
                "utilization_skip_threshold",
                f"must be at least utilization_compact_threshold ({self.utilization_compact_threshold:g}), "
                f"got {self.utilization_skip_threshold:g}",
            )

"""What is remembered of conversations, and how much of it a model is shown."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from .checks import between, not_blank, one_of

OnStoreFailure: TypeAlias = Literal["refuse", "degrade"]


@attrs.frozen(kw_only=True)
class CurationSettings:
    """How what was said long ago is shortened, after a turn, in a copy: the log itself stays as it is.

    Attributes:
        enabled: Default True.
        target_context_tokens: Tokens, estimated, up to which a conversation is shown as it was said; only a longer one is shown curated (at least 0).
            Default 40000.
        preserve_recent_turns: Last turns of the user that are never touched (at least 1). Default 2.
        tool_result_max_chars: Characters from which on what a tool answered is told in short (at least 200). Default 2000.
        thinking_eviction: Whether a model's reasoning is left out. Default True.
        superseded_eviction: Whether of several readings of one file only the last is shown. Default True.
        dedup_enabled: Whether of messages that say nearly the same only the last is shown. Default True.
        dedup_threshold: Share of words that two messages must have in common for that (0 to 1). Default 0.85.
        exchange_folding: Whether a question that was asked back and settled is told as one note. It goes by words such as "got it", and so goes wrong
            at times. Default False.
    """

    enabled: bool = True
    target_context_tokens: int = attrs.field(default=40_000, validator=between(0))
    preserve_recent_turns: int = attrs.field(default=2, validator=between(1))
    tool_result_max_chars: int = attrs.field(default=2000, validator=between(200))
    thinking_eviction: bool = True
    superseded_eviction: bool = True
    dedup_enabled: bool = True
    dedup_threshold: float = attrs.field(default=0.85, validator=between(0, 1))
    exchange_folding: bool = False


@attrs.frozen(kw_only=True)
class ConversationSettings:
    """What is remembered of conversations, and how much of it a model is shown.

    Attributes:
        hot: Conversations kept in memory, those used last (at least 1). Default 256.
        context_tokens: Tokens, estimated, that what was said before may have at most; what is older is left out (at least 256). Default 115000: nine
            tenths of the usual window of 128k.
        auto_compact: Whether the beginning of a long conversation is told as a summary. Default True.
        summarize_threshold: Tokens, estimated, from which on it is (at least 1000). Default 50000.
        target_tokens: Tokens, estimated, that summary and what follows it shall have together (at least 500). Default 20000.
        preserve_recent: Last messages that are never summarised (at least 1). Default 10.
        summary_model: Model that writes summaries ("auto" lets the router choose), or None: then they are the words that carry most, without a call
            that somebody must pay for. Default None.
        on_store_failure: What becomes of a request whose conversation cannot be read: refuse answers 503, degrade answers without what was said
            before, with a warning. Default refuse.
        curation: How what was said long ago is shortened.
    """

    hot: int = attrs.field(default=256, validator=between(1))
    context_tokens: int = attrs.field(default=115_000, validator=between(256))
    auto_compact: bool = True
    summarize_threshold: int = attrs.field(default=50_000, validator=between(1000))
    target_tokens: int = attrs.field(default=20_000, validator=between(500))
    preserve_recent: int = attrs.field(default=10, validator=between(1))
    summary_model: str | None = attrs.field(default=None, validator=not_blank)
    on_store_failure: OnStoreFailure = attrs.field(default="refuse", validator=one_of(OnStoreFailure))
    curation: CurationSettings = CurationSettings()

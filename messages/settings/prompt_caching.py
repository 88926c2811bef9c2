"""The section of the settings that is about the prompt caches of providers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from .checks import between, one_of

CacheTtl: TypeAlias = Literal["5m", "1h"]


@attrs.frozen(kw_only=True)
class PromptCachingSettings:
    """When what stays the same of a prompt is marked for a provider that keeps only what is marked (Anthropic's models, there and at Bedrock).

    Attributes:
        enabled: Whether we mark anything. A request that has marks of its own, or came in Anthropic's own dialect, is left as it is. Default True.
        min_tokens: Length of a prompt, estimated, from which it is marked (at least 0). Default 1024: less is not kept.
        cache_system_prompt: Whether the system prompt is marked. Default True.
        cache_tools: Whether the tools are. Default True.
        cache_conversation: Whether the message before the last one is, so that the next turn finds all up to there. Default True.
        ttl: For how long it is kept: 5m, or 1h at a higher price; None leaves it to the provider (5m). Default None.
    """

    enabled: bool = True
    min_tokens: int = attrs.field(default=1024, validator=between(0))
    cache_system_prompt: bool = True
    cache_tools: bool = True
    cache_conversation: bool = True
    ttl: CacheTtl | None = attrs.field(default=None, validator=one_of(CacheTtl))

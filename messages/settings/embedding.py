"""The section `embedding`: which models make vectors, and what becomes of texts and vectors on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import attrs

from .checks import EMPTY, between, fault, frozen_mapping, not_blank, not_blank_entries, one_of

# What models that have a choice are asked for where nobody says anything.
USUAL_DIMENSION: Final = 1024

Truncation: TypeAlias = Literal["trained", "always", "never"]
LongInput: TypeAlias = Literal["average", "refuse"]


@attrs.frozen(kw_only=True)
class PrefixSettings:
    """What a model wants written before a text.

    Attributes:
        document: Before a text that is to be found. Default "": nothing.
        query: Before a text that looks for others. Default "".
    """

    document: str = ""
    query: str = ""


_PREFIXES: Final = {
    "nomic-embed-text": PrefixSettings(document="search_document: ", query="search_query: "),
    "mxbai-embed-large": PrefixSettings(query="Represent this sentence for searching relevant passages: "),
}
_CONTEXT_CHARS: Final = {
    "mxbai-embed-large": 1400,
    "bge-large": 1400,
    "snowflake-arctic-embed": 1400,
    "nomic-embed-text": 24_000,
}


def _positive(_: object, attribute: attrs.Attribute[Mapping[str, int]], value: Mapping[str, int]) -> None:
    for name, chars in value.items():
        if chars < 1:
            raise fault(f"{attribute.name}.{name}", f"must be at least 1, got {chars}")


@attrs.frozen(kw_only=True)
class EmbeddingSettings:
    """How texts become vectors.

    Attributes:
        provider: Provider or instance that is asked first, or None. `default_provider`, which is for chats, has no say. Default None.
        default_model: Model for requests that name none, or None: the model of whichever provider is asked. Default None.
        provider_fallback: Providers to ask for requests that name neither provider nor model, in this order. Default ollama, bedrock, openai.
        provider_models: Embedding model by provider name, over the built-in ones. Default none.
        dimension: Length of the vectors where the request states none (1 to 100,000): a model that cannot make such is refused. None: 1024 from
            models that offer lengths or may be cut, and its own from every other. Default None.
        enforce_dimension: False: every model makes vectors of its own length, unless the request states one. Default True.
        truncation: Which models' vectors may be cut to a shorter length, after which they are scaled to length 1 again: "trained" those that were
            trained for it, "always" all, "never" none; a provider that offers lengths of its own is asked for one in any case. Default "trained".
        long_input: What becomes of a text that a model cannot read at once: "average" cuts it into pieces and averages their vectors, "refuse" is an
            error. Default "average".
        ollama_preferred: Models to look for on an Ollama server, best first. Default mxbai-embed-large, nomic-embed-text, bge-large,
            snowflake-arctic-embed.
        ollama_context_chars: Characters that a model on Ollama reads at once, by model name without tag (at least 1).
        ollama_default_context_chars: Likewise for those not named (at least 1). Default 1400.
        prefix_injection: Whether texts get the prefix that their model wants. Default True.
        prefix_registry: Prefixes by model name without tag. Default those of nomic-embed-text and mxbai-embed-large.
        max_batch: Texts per call to a provider at most (1 to 2048); some take fewer. Default 96.
        max_concurrency: Calls of one request in flight at once (1 to 64). Default 4.
    """

    provider: str | None = attrs.field(default=None, validator=not_blank)
    default_model: str | None = attrs.field(default=None, validator=not_blank)
    provider_fallback: tuple[str, ...] = attrs.field(
        default=("ollama", "bedrock", "openai"), validator=not_blank_entries
    )
    provider_models: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)
    dimension: int | None = attrs.field(default=None, validator=attrs.validators.optional(between(1, 100_000)))
    enforce_dimension: bool = True
    truncation: Truncation = attrs.field(default="trained", validator=one_of(Truncation))
    long_input: LongInput = attrs.field(default="average", validator=one_of(LongInput))
    ollama_preferred: tuple[str, ...] = attrs.field(
        default=("mxbai-embed-large", "nomic-embed-text", "bge-large", "snowflake-arctic-embed"),
        validator=not_blank_entries,
    )
    ollama_context_chars: Mapping[str, int] = attrs.field(
        default=_CONTEXT_CHARS, converter=frozen_mapping, validator=_positive
    )
    ollama_default_context_chars: int = attrs.field(default=1400, validator=between(1))
    prefix_injection: bool = True
    prefix_registry: Mapping[str, PrefixSettings] = attrs.field(default=_PREFIXES, converter=frozen_mapping)
    max_batch: int = attrs.field(default=96, validator=between(1, 2048))
    max_concurrency: int = attrs.field(default=4, validator=between(1, 64))

"""What is known of embedding models: data, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class ModelTraits:
    """What a model takes and gives.

    Attributes:
        max_tokens: Tokens that it reads at once, or None when unknown.
        max_bytes: Bytes of UTF-8 that its API takes per text, or None for no such limit.
        max_batch: Texts per call, or None for no limit of its own.
        lengths: Vector lengths that its API offers: () none but its own, None any up to its own.
        is_trained_for_cutting: Whether the first numbers of a vector are a vector, once scaled (Matryoshka).
        is_scaled: Whether vectors of a length that was asked for have length 1; Gemini leaves that to its callers.
    """

    max_tokens: int | None = None
    max_bytes: int | None = None
    max_batch: int | None = None
    lengths: tuple[int, ...] | None = ()
    is_trained_for_cutting: bool = False
    is_scaled: bool = True


_ANYTHING: Final = ModelTraits()
_TRAINED: Final = ModelTraits(is_trained_for_cutting=True)

# By the start of the model's base name; first match counts.
_TRAITS: Final[tuple[tuple[re.Pattern[str], ModelTraits], ...]] = (
    (
        re.compile(r"text-embedding-3-"),
        ModelTraits(max_tokens=8191, max_batch=2048, lengths=None, is_trained_for_cutting=True),
    ),
    (re.compile(r"text-embedding-ada"), ModelTraits(max_tokens=8191, max_batch=2048)),
    (
        re.compile(r"gemini-embedding"),
        ModelTraits(max_tokens=2048, max_batch=100, lengths=None, is_trained_for_cutting=True, is_scaled=False),
    ),
    (re.compile(r"text-embedding-00\d"), ModelTraits(max_tokens=2048, max_batch=100, lengths=None, is_scaled=False)),
    # Titan reads one text per call.
    (
        re.compile(r"amazon\.titan-embed-text-v2"),
        ModelTraits(
            max_tokens=8192, max_bytes=44_999, max_batch=1, lengths=(256, 512, 1024), is_trained_for_cutting=True
        ),
    ),
    (
        re.compile(r"amazon\.titan-embed-image"),
        ModelTraits(max_tokens=256, max_batch=1, lengths=(256, 384, 1024), is_trained_for_cutting=True),
    ),
    (
        re.compile(r"amazon\.nova-2-multimodal-embeddings"),
        ModelTraits(max_tokens=8172, max_batch=1, lengths=(256, 384, 1024, 3072), is_trained_for_cutting=True),
    ),
    (re.compile(r"amazon\.titan-embed"), ModelTraits(max_tokens=8192, max_bytes=44_999, max_batch=1)),
    (re.compile(r"cohere\.embed-v4"), ModelTraits(max_batch=96, max_bytes=8192, lengths=(256, 512, 1024, 1536))),
    (re.compile(r"cohere\.embed"), ModelTraits(max_tokens=512, max_batch=96, max_bytes=8192)),
    (re.compile(r"nomic-embed-text|mxbai-embed-large|qwen3-embedding|embeddinggemma|jina-embeddings-v[34]"), _TRAINED),
    (re.compile(r"snowflake-arctic-embed2|snowflake-arctic-embed-[ml]-v(1\.5|2)"), _TRAINED),
    (re.compile(r"demo"), ModelTraits(lengths=None, is_trained_for_cutting=True)),
)

# The model that a provider of this kind is asked for when nobody names one. Ollama has what was pulled.
USUAL_MODELS: Final[Mapping[str, str]] = {
    "bedrock": "amazon.titan-embed-text-v2:0",
    "openai": "text-embedding-3-small",
    "azure": "text-embedding-3-small",
    "gemini": "gemini-embedding-001",
    "demo": "demo",
}

# Kinds whose models are known by name where no catalogue lists them.
_HOMES: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = (
    (re.compile(r"text-embedding-(3-|ada)"), frozenset({"openai", "azure"})),
    (re.compile(r"gemini-embedding|text-embedding-00\d"), frozenset({"gemini"})),
    (re.compile(r"((us|eu|apac|global)\.)?(amazon\.titan-embed|cohere\.embed|amazon\.nova)"), frozenset({"bedrock"})),
    (re.compile(r"demo$"), frozenset({"demo"})),
)
# Kinds that may have any model while their catalogue is unknown.
GATEWAYS: Final = frozenset({"openai_compat", "vllm", "mlx", "azure", "ollama", "plugin"})
_NAMED_SO: Final = re.compile(r"embed|(^|/)(bge|gte|e5)-|minilm")


def base_name(model: str) -> str:
    """Return a model's name without its owner, its region and its tag: "nomic-ai/nomic-embed-text:v1.5" -> "nomic-embed-text"."""
    name = model.rpartition("/")[2].partition(":")[0].lower()
    return re.sub(r"^(us|eu|apac|global)\.", "", name)


def traits_of(model: str) -> ModelTraits:
    """Return what is known of a model; of one that nobody has heard of, nothing."""
    name = base_name(model)
    return next((traits for pattern, traits in _TRAITS if pattern.match(name)), _ANYTHING)


def homes_of(model: str) -> frozenset[str]:
    """Return the kinds of provider whose own model this is; none for a model that anybody may serve."""
    return next((kinds for pattern, kinds in _HOMES if pattern.match(model)), frozenset())


def is_embedding_model(model: str) -> bool:
    """Return whether a model's name says that it makes vectors."""
    return _NAMED_SO.search(model.lower()) is not None

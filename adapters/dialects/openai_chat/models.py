"""The provider's catalogue. OpenAI itself says little of its models; the servers that imitate it each say more in their own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.catalogue import Capability, ModelFacts
from ....messages.errors import ProviderError
from ..catalogue_fields import count, facts_of_all, first_count, moment, section, split, words
from ..classify import classify_value
from ..json_text import read_provider_json
from .response import is_error

# vLLM; OpenRouter and Together; Groq; Mistral.
_WINDOWS: Final = ("max_model_len", "context_length", "context_window", "max_context_length")
_LONGEST_ANSWERS: Final = ("max_completion_tokens", "max_output_tokens")

# Together's word for what a model is.
_TYPES: Final[Mapping[str, Mapping[Capability, bool]]] = {
    "chat": {Capability.CHAT: True, Capability.EMBED: False},
    "embedding": {Capability.EMBED: True, Capability.CHAT: False},
    **{each: {Capability.CHAT: False} for each in ("image", "audio", "video", "rerank", "moderation", "transcribe")},
}


def parse_models(body: bytes) -> tuple[ModelFacts, ...]:
    """Return the models; some servers (Together) send the list alone, without an object around it.

    Raises:
        ProviderError: The body is not a catalogue.
        UpstreamError: It is an error object under status 200.
    """
    catalogue = read_provider_json(body)
    if isinstance(catalogue, dict):
        if is_error(catalogue):
            raise classify_value(catalogue)
        catalogue = catalogue.get("data")
    if not isinstance(catalogue, list):
        raise ProviderError("the provider's answer is not a list of models")
    return facts_of_all(catalogue, _facts)


def _facts(name: str, entry: Mapping[str, Any]) -> ModelFacts:
    meta = section(entry, "meta")  # llama.cpp
    can, cannot = split({**_by_type(entry), **_by_flags(entry), **_by_parameters(entry), **_by_modalities(entry)})
    return ModelFacts(
        name=name,
        can=can,
        cannot=cannot,
        context_window=first_count(entry, *_WINDOWS) or first_count(meta, "n_ctx", "n_ctx_train"),
        max_output=first_count(entry, *_LONGEST_ANSWERS)
        or first_count(section(entry, "top_provider"), *_LONGEST_ANSWERS),
        size_bytes=count(meta.get("size")),
        created=moment(entry.get("created")),
    )


def _by_type(entry: Mapping[str, Any]) -> Mapping[Capability, bool | None]:
    kind = entry.get("type")
    return _TYPES.get(kind, {}) if isinstance(kind, str) else {}


def _by_flags(entry: Mapping[str, Any]) -> Mapping[Capability, bool | None]:
    """Read Mistral's flags."""
    flags = section(entry, "capabilities")
    named = {
        Capability.CHAT: "completion_chat",
        Capability.TOOLS: "function_calling",
        Capability.VISION: "vision",
    }
    return {each: flags[key] for each, key in named.items() if isinstance(flags.get(key), bool)}


def _by_parameters(entry: Mapping[str, Any]) -> Mapping[Capability, bool | None]:
    """Read OpenRouter's list of parameters that a model takes."""
    taken = words(entry.get("supported_parameters"))
    if not taken:
        return {}
    return {
        Capability.TOOLS: "tools" in taken,
        Capability.STRUCTURED: "structured_outputs" in taken,
        Capability.THINKING: "reasoning" in taken,
    }


def _by_modalities(entry: Mapping[str, Any]) -> Mapping[Capability, bool | None]:
    """Read OpenRouter's list of what a model reads."""
    read = words(section(entry, "architecture").get("input_modalities"))
    if not read:
        return {}
    return {
        Capability.VISION: "image" in read,
        Capability.AUDIO: "audio" in read,
        Capability.DOCUMENTS: "file" in read,
    }

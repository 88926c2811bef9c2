"""What can be asked for: the instances as configured, and the models each is known to have."""

from __future__ import annotations

import re
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Instance:
    """One provider instance, as the router needs to know it.

    Attributes:
        name: Unique name ("openai/eu").
        provider: Provider it belongs to ("openai").
        kind: Family.
        default_model: Model for requests that name none, or None.
        models: Names of its models, or None while unknown.
    """

    name: str
    provider: str
    kind: str
    tier: str
    default_model: str | None = None
    models: tuple[str, ...] | None = None

    def has(self, model: str) -> bool:
        """Whether it is known to serve the model; a name without a tag means the latest, as Ollama reads it ("qwen3" is "qwen3:latest")."""
        return self._names(model) or (":" not in model and self._names(f"{model}:latest"))

    def _names(self, model: str) -> bool:
        return model == self.default_model or model in (self.models or ())


# Natural homes of model names, for models that no catalogue lists. First match counts.
_FAMILIES: Final = (
    (re.compile(r"(us|eu|apac|global)\.|(anthropic|meta|mistral|cohere|amazon|ai21)\."), "bedrock"),
    (re.compile(r"gpt-|chatgpt-|o[134](-|$)"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gemini-"), "gemini"),
    (re.compile(r".*[:/]"), "ollama"),
)


def family_of(model: str) -> str | None:
    """Return the provider family that a model name speaks of, or None."""
    return next((family for pattern, family in _FAMILIES if pattern.match(model)), None)

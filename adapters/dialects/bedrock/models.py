"""What a model can, as far as its name says; and the provider's catalogue."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ....messages.errors import ProviderError
from ..claude import Claude, claude_of
from ..json_text import read_provider_object

_CACHING_NOVA: Final = "amazon.nova-"
_NOVA_2: Final = "nova-2"
_GPT: Final = "openai.gpt-oss"


@attrs.frozen
class Model:
    """A model of Bedrock's as its name describes it. A profile of one's own (an ARN) tells nothing: then what every model takes is sent."""

    name: str

    @property
    def claude(self) -> Claude | None:
        """The model as one of Anthropic's, or None."""
        return claude_of(self.name) if "anthropic." in self.name else None

    @property
    def caches_prompts(self) -> bool:
        """Whether it takes marks for the prompt cache in messages."""
        return self.claude is not None or _CACHING_NOVA in self.name

    @property
    def caches_tools(self) -> bool:
        """Whether it takes them among the tools."""
        return self.claude is not None

    @property
    def is_nova(self) -> bool:
        """Whether it is one of Amazon's Nova models."""
        return _CACHING_NOVA in self.name

    @property
    def is_reasoning_nova(self) -> bool:
        """Whether it is a Nova that takes an effort."""
        return _NOVA_2 in self.name

    @property
    def is_gpt(self) -> bool:
        """Whether it is one of OpenAI's open models."""
        return _GPT in self.name


def parse_models(body: bytes) -> tuple[str, ...]:
    """Return the names of models, or of inference profiles, whichever the body lists. Models that can be called through a profile only are left out.

    Raises:
        ProviderError: The body is no such list.
    """
    catalogue = read_provider_object(body)
    profiles, models = catalogue.get("inferenceProfileSummaries"), catalogue.get("modelSummaries")
    if isinstance(profiles, list):
        return _names(profiles, "inferenceProfileId")
    if isinstance(models, list):
        return _names([model for model in models if _is_on_demand(model)], "modelId")
    raise ProviderError("the provider's answer is not a list of models")


def _names(entries: list[Any], key: str) -> tuple[str, ...]:
    names = [entry.get(key) for entry in entries if isinstance(entry, dict)]
    return tuple([name for name in names if isinstance(name, str) and name])


def _is_on_demand(model: Any) -> bool:
    types = model.get("inferenceTypesSupported") if isinstance(model, dict) else None
    return not isinstance(types, list) or "ON_DEMAND" in types

"""What a model can, as far as its name says."""

from __future__ import annotations

from typing import Final

import attrs

from ..claude import Claude, claude_of

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


def marks_taken(model: str) -> tuple[bool, bool]:
    """Return whether a model takes marks for the prompt cache in messages, and whether among its tools."""
    found = Model(model)
    return found.caches_prompts, found.caches_tools

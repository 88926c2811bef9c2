"""Which models keep to a JSON Schema by themselves, and what is asked of the others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

import attrs

from ...actors.structured.reading import unfenced
from ...messages.chat import Request, Response, ResponseFormat
from ...messages.content import Content, TextBlock


@attrs.frozen(kw_only=True)
class Shaping:
    """What the models of a family can be held to.

    Attributes:
        schema: Models that keep to a schema, but for `not_schema`.
        not_schema: Models that do not.
        json_object: Whether all of them can be told to write JSON, whatever it says.
    """

    schema: re.Pattern[str]
    not_schema: re.Pattern[str] = re.compile(r"(?!)")
    json_object: bool = True


_ALL: Final = re.compile(r"")
_NONE: Final = re.compile(r"(?!)")
_OLD_OPENAI: Final = re.compile(r"gpt-3\.5|gpt-4(-\d{4}|-turbo|-32k|$)|gpt-4o-2024-05-13|chatgpt-4o|o1-(mini|preview)")
# Anthropic's models learnt it with Sonnet 4.5 and Opus 4.1.
_OLD_ANTHROPIC: Final = re.compile(r"claude-(2|3|instant|(sonnet|opus)-4(-0|-2\d{7})?$)")
# What a gateway of unknown make passes on to its vendor.
_PASSED_ON: Final = re.compile(r"(openai/|azure/)?(gpt-4o|gpt-4\.1|gpt-[5-9]|o[134](-|$))|(google/)?gemini-(2|3)")

SHAPINGS: Final[Mapping[str, Shaping]] = {
    "openai": Shaping(schema=_ALL, not_schema=_OLD_OPENAI),
    "azure": Shaping(schema=_ALL, not_schema=_OLD_OPENAI),
    "anthropic": Shaping(schema=_ALL, not_schema=_OLD_ANTHROPIC, json_object=False),
    "gemini": Shaping(schema=re.compile(r"gemini-"), not_schema=re.compile(r"gemini-1\.")),
    # Both hold every model to a grammar.
    "ollama": Shaping(schema=_ALL),
    "vllm": Shaping(schema=_ALL),
    "openai_compat": Shaping(schema=_PASSED_ON),
    "mlx": Shaping(schema=_NONE, json_object=False),
    "demo": Shaping(schema=_ALL),
}
_UNKNOWN: Final = Shaping(schema=_NONE, json_object=False)


class Shaper:
    """Sees to it that every model hears of the shape that its answer shall have: its API is told, or it is.

    Args:
        kind: Family of the provider.
        override: What the settings say of the instance (`native_schema`), or None.
    """

    def __init__(self, kind: str, override: bool | None = None) -> None:  # noqa: FBT001 - it is what the setting is
        self._shaping = SHAPINGS.get(kind, _UNKNOWN)
        self._override = override

    def keeps_to(self, shape: ResponseFormat, model: str) -> bool:
        """Return whether a model keeps to a shape when its API is told of it."""
        if shape.type == "text":
            return True
        if shape.type == "json_object" or shape.schema is None:
            return self._shaping.json_object
        if self._override is not None:
            return self._override
        known = self._shaping
        return known.schema.match(model) is not None and known.not_schema.match(model) is None

    def shaped(self, request: Request, model: str) -> tuple[Request, tuple[str, ...]]:
        """Return the request as the model understands it, and what the caller shall be told of that."""
        shape = request.response_format
        if shape is None or self.keeps_to(shape, model):
            return request, ()
        what = "the schema" if shape.schema is not None else "the wish for JSON"
        told = f"{what} was put into the prompt: {model} is not known to be held to one by its API"
        return _with_shape_in_prompt(request, shape), (told,)


def _with_shape_in_prompt(request: Request, shape: ResponseFormat) -> Request:
    """Say the shape at the end of the instructions: there it is the same from turn to turn, and stays in the provider's cache."""
    words = _words(shape)
    first = request.messages[0] if request.messages else None
    plain = attrs.evolve(request, response_format=None)
    if request.system is None and first is not None and first.role in ("system", "developer"):
        told = attrs.evolve(first, content=_joined(first.content, words))
        return attrs.evolve(plain, messages=(told, *request.messages[1:]))
    return attrs.evolve(plain, system=_joined(request.system or "", words))


def without_fence(response: Response) -> Response:
    """Return an answer without the code fence that a model, told in words, likes to put around JSON."""
    content = response.message.content
    if isinstance(content, str):
        bare: Content = unfenced(content)
    else:
        bare = tuple(
            [attrs.evolve(block, text=unfenced(block.text)) if type(block) is TextBlock else block for block in content]
        )
    return response if bare == content else attrs.evolve(response, message=attrs.evolve(response.message, content=bare))


def _words(shape: ResponseFormat) -> str:
    if shape.type == "json_object" or shape.schema is None:
        return "Answer with one JSON object and nothing else: no explanation, no code fence."
    about = f" ({shape.description})" if shape.description else ""
    schema = json.dumps(shape.schema, ensure_ascii=False, separators=(",", ":"), default=dict)
    return (
        f"Answer with JSON that is valid under this JSON Schema{about}, and with nothing else: no explanation, no code fence.\n"
        f"{schema}"
    )


def _joined(content: Content, words: str) -> Content:
    if isinstance(content, str):
        return f"{content}\n\n{words}" if content else words
    return (*content, TextBlock(text=words))

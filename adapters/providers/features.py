"""What becomes of each feature with each kind of provider: found out by writing a request that asks for it, and looking what its dialect does."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import attrs

from ...messages.chat import (
    ChatMessage,
    Generation,
    Request,
    ResponseFormat,
    Thinking,
    ToolChoice,
    ToolDefinition,
)
from ...messages.content import (
    AudioBlock,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ...messages.errors import UnsupportedCapability
from ...messages.settings import FAMILIES, Kind
from ..dialects.openai_responses import OpenAIResponses
from ..dialects.protocol import DialectOptions, ProviderDialect
from .build import COUNTING, DIALECTS, EMBEDDINGS


class Standing(enum.StrEnum):
    """What becomes of a feature."""

    YES = "yes"
    CHANGED = "told"  # put in another way, or left out, with a warning
    NO = "no"


@attrs.frozen
class Column:
    """A way to speak to providers.

    Attributes:
        name: The kind of provider, for people.
        standings: What becomes of each feature, by its name.
    """

    name: str
    standings: Mapping[str, Standing]


# Neither a host's word nor that of a provider's own clients: what is said in those goes out as it came.
_ELSEWHERE: Final = "another dialect"
_ORIGIN: Final = "here"
_MARK: Final = {"type": "ephemeral"}
_SCHEMA: Final = {"type": "object", "properties": {"city": {"type": "string"}}}
_WEATHER: Final = ToolDefinition(name="weather", description="Tell it.", parameters=_SCHEMA)
_CALLS: Final = (
    ToolUseBlock(id="a", name="weather", arguments='{"city": "Rome"}'),
    ToolUseBlock(id="b", name="weather", arguments='{"city": "Oslo"}'),
)
_COUNTS: Final = "tokens counted by the provider"
_SEE: Final = TextBlock(text="See:")
_HI: Final = ChatMessage(content="Hi")
_PICTURE: Final = ImageBlock(source="base64", data="iVBORw0KGgo=", media_type="image/png")

# Of vendors whose models differ in what they take, the one that most are like.
_MODELS: Final[Mapping[Kind, str]] = {"gemini": "gemini-3-pro"}


def _said(*blocks: ContentBlock, **more: Any) -> Request:
    return Request(messages=(ChatMessage(content=blocks) if blocks else _HI,), dialect=_ELSEWHERE, **more)


def _talk(*messages: ChatMessage, **more: Any) -> Request:
    return Request(messages=messages, dialect=_ELSEWHERE, **more)


def _answered(*results: ToolResultBlock, thoughts: tuple[ContentBlock, ...] = ()) -> Request:
    turn = ChatMessage(role="assistant", content=(*thoughts, *_CALLS[: len(results)]))
    return _talk(_HI, turn, ChatMessage(role="tool", content=results), tools=(_WEATHER,))


def _result(content: str | tuple[ContentBlock, ...] = "18 C", *, call_id: str = "a", fails: bool = False) -> Any:
    return ToolResultBlock(tool_use_id=call_id, content=content, is_error=fails)


FEATURES: Final[Mapping[str, Request]] = {
    "system prompt": _said(system="Be brief."),
    "developer's instructions": _talk(ChatMessage(role="developer", content="Be brief."), _HI),
    "instructions between the turns": _talk(_HI, ChatMessage(role="system", content="Be brief."), _HI),
    "names of speakers": _talk(ChatMessage(content="Hi", name="ann")),
    "pictures": _said(_PICTURE),
    "pictures by URL": _said(ImageBlock(source="url", data="https://example.org/a.png")),
    "how closely to look at a picture": _said(attrs.evolve(_PICTURE, detail="low")),
    "PDF": _said(_SEE, DocumentBlock(source="base64", data="JVBERi0=", media_type="application/pdf")),
    "PDF by URL": _said(
        _SEE, DocumentBlock(source="url", data="https://example.org/a.pdf", media_type="application/pdf")
    ),
    "documents of text": _said(_SEE, DocumentBlock(source="text", data="Words")),
    "sound": _said(AudioBlock(data="UklGRg==", format="wav")),
    "tools": _said(tools=(_WEATHER,)),
    "tools held to their schemas": _said(tools=(attrs.evolve(_WEATHER, strict=True),)),
    "a tool must be called": _said(tools=(_WEATHER,), tool_choice=ToolChoice(mode="required")),
    "one tool must be called": _said(tools=(_WEATHER,), tool_choice=ToolChoice(mode="tool", name="weather")),
    "no tool may be called": _said(tools=(_WEATHER,), tool_choice=ToolChoice(mode="none")),
    "one call a turn": _said(tools=(_WEATHER,), tool_choice=ToolChoice(parallel=False)),
    "calls side by side, and their results": _answered(_result(), _result(call_id="b")),
    "results of tools that failed": _answered(_result(fails=True)),
    "pictures in results": _answered(_result((_PICTURE,))),
    "reasoning that goes back to who signed it": _answered(
        _result(), thoughts=(ThinkingBlock(text="hm", signature="c2ln", encrypted="c2ln", origin=_ORIGIN),)
    ),
    "how hard to think, as an effort": _said(thinking=Thinking(effort="high")),
    "how hard to think, as a budget": _said(thinking=Thinking(budget_tokens=4096)),
    "no thinking": _said(thinking=Thinking(mode="off")),
    "answers by a JSON Schema": _said(response_format=ResponseFormat(type="json_schema", schema=_SCHEMA)),
    "answers in JSON of any shape": _said(response_format=ResponseFormat(type="json_object")),
    "temperature, top_p, most tokens": _said(generation=Generation(temperature=0.5, top_p=0.5, max_tokens=100)),
    "sequences to stop at": _said(generation=Generation(stop=("END",))),
    "top_k": _said(generation=Generation(top_k=5)),
    "seed": _said(generation=Generation(seed=7)),
    "penalties": _said(generation=Generation(presence_penalty=1, frequency_penalty=1)),
    "marks for the prompt cache": _said(TextBlock(text="long", cache_control=_MARK)),
    "marks for the prompt cache on tools": _said(tools=(attrs.evolve(_WEATHER, cache_control=_MARK),)),
}


def standing(dialect: ProviderDialect, model: str, request: Request) -> Standing:
    """Return what becomes of a request in a dialect."""
    options = DialectOptions(origin=_ORIGIN)
    try:
        wire = dialect.render_request(request, model, stream=False, options=options)
    except UnsupportedCapability:
        return Standing.NO
    return Standing.CHANGED if wire.warnings else Standing.YES


def columns() -> list[Column]:
    """Return what becomes of every feature, kind by kind; OpenAI's second API is a column of its own."""
    found = [Column(kind, _standings(kind, dialect)) for kind, dialect in DIALECTS.items()]
    found.insert(1, Column("responses", {**_standings("openai", OpenAIResponses()), _COUNTS: Standing.YES}))
    return found


def _standings(kind: Kind, dialect: ProviderDialect) -> dict[str, Standing]:
    model = _MODELS.get(kind) or FAMILIES[kind].default_model or "model"
    features = {name: standing(dialect, model, request) for name, request in FEATURES.items()}
    return {
        **features,
        "embeddings": Standing.YES if kind in EMBEDDINGS else Standing.NO,
        _COUNTS: Standing.YES if kind in COUNTING else Standing.NO,
    }

"""Content blocks: what a chat message is made of.

A message's content is a string or a tuple of blocks. Tool calls are blocks too, so that text, thinking and calls keep the order in which the
model produced them. `type` is the tag under which a block is stored and sent; `extra` keeps fields of the client's dialect that we have no name
for, so that they survive a round trip through the same dialect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

import attrs

from .errors import InvalidRequestError

JSON: TypeAlias = Any
Extra: TypeAlias = Mapping[str, JSON]


@attrs.frozen(kw_only=True)
class TextBlock:
    """Plain text.

    Attributes:
        cache_control: The vendor's cache mark ({"type": "ephemeral"}), or None.
    """

    type: ClassVar[str] = "text"
    text: str
    cache_control: Extra | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ThinkingBlock:
    """A model's reasoning.

    Signed or encrypted reasoning goes back only to the origin that made it.

    Attributes:
        text: Readable reasoning, "" when only the encrypted form exists.
        signature: The vendor's signature over `text`, or None.
        encrypted: The vendor's encrypted form, or None.
        origin: Provider instance that produced it, or None when a client sent it.
    """

    type: ClassVar[str] = "thinking"
    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    origin: str | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ToolUseBlock:
    """The model calls a tool.

    Attributes:
        id: Call id as the provider gave it; results refer to it.
        name: Name of the tool.
        arguments: JSON text, exactly as the model wrote it; see `input`.
    """

    type: ClassVar[str] = "tool_use"
    id: str
    name: str
    arguments: str = "{}"
    cache_control: Extra | None = None
    extra: Extra = attrs.field(factory=dict)

    @property
    def input(self) -> dict[str, JSON]:
        """The arguments as an object; empty text counts as {}.

        Raises:
            InvalidRequestError: The model wrote something that is not a JSON object, or is nested too deep to be read.
        """
        if not self.arguments.strip():
            return {}
        try:
            value = json.loads(self.arguments)
        except ValueError as error:
            raise InvalidRequestError(f"arguments of tool call {self.name!r} are not JSON: {error}") from error
        except RecursionError as error:
            raise InvalidRequestError(f"arguments of tool call {self.name!r} are nested too deep") from error
        if not isinstance(value, dict):
            raise InvalidRequestError(f"arguments of tool call {self.name!r} are not a JSON object")
        return value


@attrs.frozen(kw_only=True)
class ToolResultBlock:
    """What a tool answered.

    Attributes:
        tool_use_id: Id of the call that this answers.
        content: Text or blocks (text, image, document).
        is_error: Whether the tool failed.
    """

    type: ClassVar[str] = "tool_result"
    tool_use_id: str
    content: str | tuple[ContentBlock, ...] = ""
    is_error: bool = False
    name: str | None = None
    cache_control: Extra | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ImageBlock:
    """A picture, by value or by URL.

    Attributes:
        source: What `data` is.
        data: Base64 text, or an http(s) URL, or a vendor's file id.
        media_type: MIME type; required for base64.
        detail: Resolution hint of the OpenAI dialect (auto, low, high), or None.
    """

    type: ClassVar[str] = "image"
    source: Literal["base64", "url", "file"]
    data: str
    media_type: str | None = None
    detail: str | None = None
    cache_control: Extra | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class DocumentBlock:
    """A document (PDF, plain text), by value, URL or file id."""

    type: ClassVar[str] = "document"
    source: Literal["base64", "url", "text", "file"]
    data: str
    media_type: str | None = None
    name: str | None = None
    cache_control: Extra | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class AudioBlock:
    """Recorded sound, base64.

    Attributes:
        format: Container or codec ("wav", "mp3").
    """

    type: ClassVar[str] = "audio"
    data: str
    format: str
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class OpaqueBlock:
    """A block that only its own dialect understands, kept verbatim.

    Attributes:
        dialect: The dialect it came in.
        raw: The block as that dialect writes it.
    """

    type: ClassVar[str] = "opaque"
    dialect: str
    raw: Extra

    @property
    def kind(self) -> str:
        """What its dialect calls it, at most 50 characters."""
        return str(self.raw.get("type") or next(iter(self.raw), "content"))[:50]


ContentBlock: TypeAlias = (
    TextBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock | ImageBlock | DocumentBlock | AudioBlock | OpaqueBlock
)
Content: TypeAlias = str | tuple[ContentBlock, ...]

# The string in ToolResultBlock's annotation needs the union, which needs the class: attrs resolves it once both exist.
attrs.resolve_types(ToolResultBlock, globals(), locals())


def text_of(content: Content) -> str:
    """Return the visible text of a content: its text blocks joined, nothing else.

    The one function that turns content into text, so that no block ever shows up as its repr.
    """
    if isinstance(content, str):
        return content
    return "".join([block.text for block in content if type(block) is TextBlock])

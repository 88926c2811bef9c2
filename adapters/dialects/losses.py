"""What messages, blocks and tools say that a dialect has no place for: looked for in one place, and told in the warnings.

What a dialect can say in another way its writers translate; what must not be lost they refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ...messages.chat import ChatMessage, Request, ToolDefinition
from ...messages.content import ContentBlock, DocumentBlock, Extra, ImageBlock, OpaqueBlock, ToolResultBlock
from .conversation import INSTRUCTIONS, blocks_of
from .extras import is_marked
from .rendering import RESPONSES, Rendering, article

# Fields in which dialects keep how they wrote what has a name of ours: a refusal, the name of a field, an id, a schema.
_SAID: Final = frozenset(
    {
        "field",
        "function",
        "id",
        "inlineData",
        "parameters",
        "response",
        "status",
        "text",
        "thought",
        "tool_call_id",
        "type",
    }
)
# Blocks that say more than their text.
_TELLING: Final = (ToolResultBlock, ImageBlock, DocumentBlock)


@attrs.frozen(kw_only=True)
class Gaps:
    """What a dialect has no place for.

    Attributes:
        marks: Why it takes no marks for the prompt cache; None: it takes some, or its writer decides by the model.
        names: Whether speakers have none.
        failures: Whether a result cannot say that its tool failed.
        details: Whether it cannot be said how closely a picture shall be looked at.
        titles: Whether documents of text have none.
        strictness: Whether tools cannot be held to their schemas.
        descriptions: Whether the schema of an answer has none.
        interjections: Whether instructions stand at the head alone; its writer makes later ones the user's words.
    """

    marks: str | None = None
    names: bool = True
    failures: bool = False
    details: bool = True
    titles: bool = False
    strictness: bool = False
    descriptions: bool = False
    interjections: bool = True


def note_losses(request: Request, rendering: Rendering, name: str, gaps: Gaps) -> None:
    """Note what `request` says and the dialect `name` cannot. What its own clients say it can, and is not looked at.

    Args:
        request: What the caller wants.
        rendering: Takes the warnings.
        name: The dialect that is written.
        gaps: What that has no place for.
    """
    if request.dialect == name:
        return
    noting, is_head = _Noting(rendering, name, gaps), True
    for message in request.messages:
        # Most say a text and nothing else.
        if type(message.content) is not str or message.extra or message.name is not None:
            noting.message(message)
        if message.role not in INSTRUCTIONS:
            is_head = False
        elif gaps.interjections and not is_head:
            rendering.warn(f"instructions between the turns became the user's words: {name} has them at the head alone")
    if request.system is not None and not isinstance(request.system, str):
        noting.blocks(request.system)
    for tool in request.tools or ():
        noting.tool(tool)
    wanted = request.response_format
    if gaps.descriptions and wanted is not None and wanted.description is not None:
        rendering.warn(f"the description of the answer's schema was left out: {name} has no place for it")
    # What a host says of its request is between it and the pipeline; to clients of the responses API their answers repeat it.
    if request.metadata and not rendering.is_own and request.dialect != RESPONSES:
        rendering.warn(f"metadata was left out: {name} has none")


@attrs.frozen
class _Noting:
    rendering: Rendering
    name: str
    gaps: Gaps

    def message(self, message: ChatMessage) -> None:
        if message.name is not None and self.gaps.names:
            self.rendering.warn(f"names of messages were left out: {self.name} has none")
        if message.extra:
            self._fields(message.extra, "a message")
        if not isinstance(message.content, str):
            self.blocks(message.content)

    def blocks(self, blocks: Iterable[ContentBlock]) -> None:
        for block in blocks:
            if isinstance(block, OpaqueBlock):
                continue
            self._mark(getattr(block, "cache_control", None))
            if block.extra:
                self._fields(block.extra, f"{article(block.type)} {block.type} block")
            if isinstance(block, _TELLING):
                self._block(block)

    def _block(self, block: ContentBlock) -> None:
        gaps, warn = self.gaps, self.rendering.warn
        if isinstance(block, ToolResultBlock):
            if block.is_error and gaps.failures:
                warn(f"that a tool failed was left out, what it said was sent: {self.name} has no mark for it")
            self.blocks(blocks_of(block.content))
        elif isinstance(block, ImageBlock):
            if block.detail not in (None, "auto") and gaps.details:
                warn(f"detail {block.detail!r} of a picture was left out: {self.name} has no such thing")
        elif isinstance(block, DocumentBlock) and block.source == "text" and block.name is not None and gaps.titles:
            warn(f"the title of a document was left out: {self.name} has none for text")

    def tool(self, tool: ToolDefinition) -> None:
        if tool.opaque is not None:
            return
        self._mark(tool.cache_control)
        if tool.extra:
            self._fields(tool.extra, "a tool")
        if tool.strict and self.gaps.strictness:
            self.rendering.warn(f"strict tools were sent as ordinary ones: {self.name} has no such thing")

    def _mark(self, mark: Extra | None) -> None:
        if mark is not None and self.gaps.marks is not None:
            self.rendering.warn(f"marks for the prompt cache were left out: {self.name} {self.gaps.marks}")

    def _fields(self, extra: Mapping[str, Any], where: str) -> None:
        """What a provider once said is nothing that its reader asks for."""
        rendering = self.rendering
        if rendering.is_own or is_marked(extra):
            return
        for key, value in extra.items():
            if key not in _SAID and value is not None and value != []:
                rendering.warn(f"{key} of {where} was left out: {self.name} has no such field of {rendering.dialect}")

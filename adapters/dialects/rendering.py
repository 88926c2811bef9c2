"""What the functions that write one request share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs

from ...messages.chat import WRITTEN, Request, ToolDefinition
from ...messages.content import (
    AudioBlock,
    Content,
    ContentBlock,
    DocumentBlock,
    Extra,
    ImageBlock,
    OpaqueBlock,
    ThinkingBlock,
)
from ...messages.errors import UnsupportedCapability

# What is shown or played, and not said.
MEDIA: Final = (ImageBlock, DocumentBlock, AudioBlock)

RESPONSES: Final = "openai.responses"

# Parameters under which dialects keep others.
_NESTED: Final = frozenset({"generationConfig", "options", "output_config", "reasoning", "text"})

# What says no more than leaving it out would: official clients write some of these into every request.
_SAYS_NOTHING: Final[Mapping[str, Collection[Any]]] = {
    "background": (False,),
    "logprobs": (False,),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "top_logprobs": (0,),
    "truncation": ("disabled",),
}
# About how a stream is framed, which is our own affair; so are the answers that clients of the responses API go on from.
_FRAMING: Final = "stream_options"
_KEPT_HERE: Final = frozenset({"previous_response_id", "store"})


@attrs.define
class Rendering:
    """One request on its way out.

    Attributes:
        is_own: Whether the caller spoke this dialect, or is a host: then fields without a name of ours go along.
        is_imitation: Whether the server only imitates the vendor; such servers know other parameters.
        dialect: What the caller spoke, for warnings.
        warnings: What could not be carried.
    """

    is_own: bool
    is_imitation: bool
    dialect: str
    warnings: list[str] = attrs.field(factory=list)

    @classmethod
    def of(cls, request: Request, name: str, *, is_imitation: bool = False) -> Rendering:
        """Begin to write `request` in the dialect `name`."""
        dialect = request.dialect
        return cls(is_own=dialect is None or dialect == name, is_imitation=is_imitation, dialect=dialect or "the host")

    def foreign_tool(self, tool: ToolDefinition, name: str) -> dict[str, Any] | None:
        """Return a vendor's own tool for its own dialect, `name`; elsewhere an offer is left out with a warning.

        Raises:
            UnsupportedCapability: Elsewhere, and it is no mere offer.
        """
        assert tool.opaque is not None
        if self.is_own:
            return dict(tool.opaque)
        if not tool.is_offer:
            raise UnsupportedCapability(f"{name} has no tool like {tool.name!r} of {self.dialect}", capability="tool")
        self.warn(f"tool {tool.name!r} of {self.dialect} was left out: {name} has none like it")
        return None

    def refuse_foreign_file(self, block: ContentBlock, name: str) -> None:
        """Refuse a file that lies with another vendor: its id means nothing to the dialect `name`.

        Raises:
            UnsupportedCapability: The block is one.
        """
        if self.is_own or not isinstance(block, (ImageBlock, DocumentBlock)) or block.source != "file":
            return
        if _vendor(self.dialect) != _vendor(name):
            raise UnsupportedCapability(f"{name} cannot read a file that lies with {self.dialect}", capability="file")

    def leave_out(self, extra: Extra, name: str) -> None:
        """Note the parameters of another dialect that `name` has no place for; objects that hold several are looked into."""
        ours = {WRITTEN, _FRAMING, *(_KEPT_HERE if self.dialect == RESPONSES else ())}
        for key, value in extra.items():
            if key in ours or value is None or value in _SAYS_NOTHING.get(key, ()):
                continue
            inner = value if key in _NESTED and isinstance(value, Mapping) else None
            for path in [key] if inner is None else [f"{key}.{each}" for each in inner]:
                self.warn(f"{path} was left out: {name} has no such parameter of {self.dialect}")

    def said(self, content: Content, name: str) -> Content:
        """Return what a model has said in an earlier answer, without what it has shown: that the dialect `name` takes from users alone."""
        if isinstance(content, str):
            return content
        for block in content:
            if isinstance(block, MEDIA):
                self.warn(f"the {block.type} of an earlier answer was left out: answers are text in {name}")
        return tuple([block for block in content if not isinstance(block, MEDIA)])

    def leave_out_block(self, block: OpaqueBlock, name: str) -> None:
        """Note that the dialect `name` has no block like this one."""
        self.warn(f"{article(block.kind)} {block.kind} block of {block.dialect} was left out: {name} has none")

    def is_from(self, block: ThinkingBlock, origin: str | None) -> bool:
        """Return whether reasoning was made by the instance `origin`. What a client of this dialect sends without an origin is its own vendor's."""
        return block.origin == origin if block.origin is not None else self.is_own

    def may_return(self, block: ThinkingBlock, origin: str | None) -> bool:
        """Return whether reasoning goes back to who made it; else it is left out, with a warning.

        Args:
            block: The reasoning.
            origin: Instance that will read it.
        """
        if self.is_from(block, origin):
            return True
        self.warn("reasoning of another model was left out: it goes back only to the provider that signed it")
        return False

    def warn(self, text: str) -> None:
        """Note what was lost; once, however often it happens."""
        if text not in self.warnings:
            self.warnings.append(text)


def article(word: str) -> str:
    """Return what stands before a word in English."""
    return "an" if word.startswith(("a", "e", "i", "o", "u")) else "a"


def _vendor(dialect: str) -> str:
    """Return who speaks a dialect: "openai" of "openai.responses". Files lie with a vendor, whichever of its dialects named them."""
    return dialect.partition(".")[0]

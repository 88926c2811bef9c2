"""Signed and encrypted reasoning on its way through clients that have no field of their own for it.

It goes out as `reasoning_details`, which OpenRouter's clients know and send back, sealed with the instance that made it. Each detail tells the place
of its block in the turn, for a signature belongs to what follows it, and this dialect has no order among text, reasoning and calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ....messages.content import ContentBlock, ThinkingBlock
from ..seal import opened, sealed

DETAILS: Final = "reasoning_details"

_TEXT: Final = "reasoning.text"
_ENCRYPTED: Final = "reasoning.encrypted"


def details_of(blocks: Iterable[ContentBlock]) -> list[dict[str, Any]]:
    """Return the details for the reasoning in an answer that must come back as it is."""
    return [detail_of(block, place) for place, block in enumerate(blocks) if is_held(block)]


def is_held(block: ContentBlock) -> bool:
    """Return whether a block is reasoning that its maker has signed or encrypted."""
    return isinstance(block, ThinkingBlock) and (block.signature is not None or block.encrypted is not None)


def detail_of(block: ContentBlock, place: int) -> dict[str, Any]:
    """Return the detail for reasoning; `place` is that of its block in the turn, counted from 0."""
    assert isinstance(block, ThinkingBlock)
    if block.text:
        return {"type": _TEXT, "text": block.text, "signature": sealed(block), "index": place}
    return {"type": _ENCRYPTED, "data": sealed(block), "index": place}


def opened_details(value: Any) -> list[tuple[int, ThinkingBlock]]:
    """Return the reasoning that a client sends back, with the places of its blocks, in order; [] where nothing is a seal of ours."""
    found = [each for detail in value if (each := _opened(detail)) is not None] if isinstance(value, list) else []
    return sorted(found, key=lambda each: each[0])


def _opened(detail: Any) -> tuple[int, ThinkingBlock] | None:
    if not isinstance(detail, dict):
        return None
    text, seal, place = detail.get("text"), detail.get("signature") or detail.get("data"), detail.get("index")
    block = opened(ThinkingBlock(text=text if isinstance(text, str) else ""), seal) if isinstance(seal, str) else None
    return None if block is None else (place if type(place) is int else 0, block)

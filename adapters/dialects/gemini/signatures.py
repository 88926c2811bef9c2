"""Thought signatures: where they stand, and how those of others pass through Gemini's clients.

Google signs the part that follows a thought: the first of several calls, the last text. With us a signature is a `ThinkingBlock` of its own before
the block that it signs, so that clients of every dialect with signed thinking carry it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import attrs

from ....messages.content import ThinkingBlock
from ..seal import opened, sealed

# What Google documents for calls that another model made, or whose signature is lost: it is taken for a signature that need not be checked.
UNCHECKED: Final = "skip_thought_signature_validator"

_MARK: Final = b"legion"
_LONGEST: Final = 1 << 20


def thinking_of(signature: str, block: ThinkingBlock | None = None) -> ThinkingBlock:
    """Return the block for a signature; a seal of ours is opened."""
    block = block or ThinkingBlock()
    seal = _decoded(signature)
    found = None if seal is None else opened(block, seal)
    return found or attrs.evolve(block, signature=signature)


def signature_of(block: ThinkingBlock, *, is_own: bool) -> str | None:
    """Return the signature for a client: what another vendor signed or encrypted is sealed, as base64, because clients decode it."""
    if block.signature is None and block.encrypted is None:
        return None
    if is_own and block.signature is not None:
        return block.signature
    return base64.b64encode(sealed(block).encode()).decode()


def _decoded(signature: str) -> str | None:
    """Return the text behind a signature that may be a seal; clients write base64 with either alphabet."""
    if len(signature) > _LONGEST:
        return None
    try:
        data = base64.b64decode(signature.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data.decode("ascii", "replace") if data.startswith(_MARK) else None

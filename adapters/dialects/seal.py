"""Signed or encrypted reasoning on its way through a client: sealed with its origin, so that it comes back with it.

A client of another dialect than the signer's has one field for what it must send back as it is. A seal put there holds the instance that
signed beside what it signed; what a client's own vendor signed goes to it unsealed. A seal hides nothing and proves nothing: who forges one
gets a refusal from the provider it names.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import attrs
import orjson

from ...messages.content import ThinkingBlock

# Tells our own seals from what vendors sign and encrypt.
_MARK: Final = "legion1."


def sealed(block: ThinkingBlock) -> str:
    """Return origin, signature and encrypted form as one text of letters, digits, "-", "_", "=" and a dot."""
    packed = orjson.dumps([block.origin, block.signature, block.encrypted])
    return _MARK + base64.urlsafe_b64encode(packed).decode()


def unsealed(text: str) -> tuple[str | None, str | None, str | None] | None:
    """Return origin, signature and encrypted form; None for what is no seal of ours, or was tampered with."""
    if not text.startswith(_MARK):
        return None
    try:
        packed = orjson.loads(base64.urlsafe_b64decode(text.removeprefix(_MARK)))
    except (binascii.Error, ValueError):
        return None
    match packed:
        case [str() | None as origin, str() | None as signature, str() | None as encrypted]:
            return origin, signature, encrypted
    return None


def opened(block: ThinkingBlock, text: str) -> ThinkingBlock | None:
    """Return `block` with what a seal holds, or None where `text` is no seal of ours."""
    held = unsealed(text)
    if held is None:
        return None
    origin, signature, encrypted = held
    return attrs.evolve(block, origin=origin, signature=signature, encrypted=encrypted)

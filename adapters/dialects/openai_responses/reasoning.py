"""Reasoning items: readable summaries, and what a provider signed or encrypted, sealed so that it comes back with its origin."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import orjson

from ....messages.content import ThinkingBlock
from .. import fields

# Tells our own seals from what OpenAI encrypted.
_SEAL: Final = "legion1."


def parse_reasoning(item: fields.JsonObject, param: str) -> ThinkingBlock:
    """Return a reasoning item that a client sends back.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    text = _texts(item, "summary", param) or _texts(item, "content", param)
    sealed = fields.text(item, "encrypted_content", param)
    if not sealed:
        return ThinkingBlock(text=text)
    origin, signature, encrypted = _unsealed(sealed)
    return ThinkingBlock(text=text, signature=signature, encrypted=encrypted, origin=origin)


def reasoning_item(block: ThinkingBlock, item_id: str) -> dict[str, Any]:
    """Return a reasoning item of an answer."""
    item: dict[str, Any] = {"id": item_id, "type": "reasoning", "summary": []}
    if block.text:
        item["summary"] = [{"type": "summary_text", "text": block.text}]
    if block.signature is not None or block.encrypted is not None:
        item["encrypted_content"] = _sealed(block)
    return item


def _texts(item: fields.JsonObject, key: str, param: str) -> str:
    value = item.get(key)
    if value is None:
        return ""
    where = fields.within(param, key)
    parts = [fields.as_object(part, f"{where}.{number}") for number, part in enumerate(fields.as_array(value, where))]
    return "\n\n".join([fields.text(part, "text", f"{where}.{number}") or "" for number, part in enumerate(parts)])


def _sealed(block: ThinkingBlock) -> str:
    packed = orjson.dumps([block.origin, block.signature, block.encrypted])
    return _SEAL + base64.urlsafe_b64encode(packed).decode()


def _unsealed(sealed: str) -> tuple[str | None, str | None, str | None]:
    """Return origin, signature and encrypted form; what is not ours, or was tampered with, is somebody's encrypted form."""
    if sealed.startswith(_SEAL):
        try:
            packed = orjson.loads(base64.urlsafe_b64decode(sealed.removeprefix(_SEAL)))
        except (binascii.Error, ValueError):
            return None, None, sealed
        match packed:
            case [str() | None as origin, str() | None as signature, str() | None as encrypted]:
                return origin, signature, encrypted
    return None, None, sealed

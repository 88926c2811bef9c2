"""Reasoning items: readable summaries, and what a provider signed or encrypted, sealed so that it comes back with its origin."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from ....messages.content import ThinkingBlock
from .. import fields
from ..seal import opened, sealed

_BOUND: Final = re.compile(r"(rs_[A-Za-z0-9_-]{1,128}):(.+)", re.DOTALL)


def bound(item_id: Any, encrypted: str) -> str:
    """Return an encrypted form with the id of its item before it: OpenAI checks that the two belong together."""
    both = f"{item_id}:{encrypted}"
    return both if isinstance(item_id, str) and _BOUND.fullmatch(both) else encrypted


def unbound(encrypted: str) -> tuple[str | None, str]:
    """Return the id of the item, or None where it is not known, and the encrypted form as it came."""
    found = _BOUND.fullmatch(encrypted)
    return (None, encrypted) if found is None else (found[1], found[2])


def parse_reasoning(item: fields.JsonObject, param: str) -> ThinkingBlock:
    """Return a reasoning item that a client sends back.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    text = _texts(item, "summary", param) or _texts(item, "content", param)
    said = fields.text(item, "encrypted_content", param)
    if not said:
        return ThinkingBlock(text=text)
    return opened(ThinkingBlock(text=text), said) or ThinkingBlock(text=text, encrypted=bound(item.get("id"), said))


def reasoning_item(block: ThinkingBlock, item_id: str) -> dict[str, Any]:
    """Return a reasoning item of an answer."""
    item: dict[str, Any] = {"id": item_id, "type": "reasoning", "summary": []}
    if block.text:
        item["summary"] = [{"type": "summary_text", "text": block.text}]
    if block.signature is not None or block.encrypted is not None:
        item["encrypted_content"] = sealed(block)
    return item


def returned_item(block: ThinkingBlock) -> dict[str, Any]:
    """Return a reasoning item on its way back to who encrypted it."""
    assert block.encrypted is not None
    item_id, encrypted = unbound(block.encrypted)
    summary = [{"type": "summary_text", "text": block.text}] if block.text else []
    item = {"type": "reasoning", "summary": summary, "encrypted_content": encrypted}
    return item if item_id is None else {"id": item_id, **item}


def open_item(block: ThinkingBlock) -> dict[str, Any]:
    """Return reasoning that anybody may read, for servers that read it; its id is the same with every turn."""
    digest = hashlib.sha256(block.text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return {
        "id": f"rs_{digest}",
        "type": "reasoning",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": block.text}],
    }


def _texts(item: fields.JsonObject, key: str, param: str) -> str:
    value = item.get(key)
    if value is None:
        return ""
    where = fields.within(param, key)
    parts = [fields.as_object(part, f"{where}.{number}") for number, part in enumerate(fields.as_array(value, where))]
    return "\n\n".join([fields.text(part, "text", f"{where}.{number}") or "" for number, part in enumerate(parts)])

"""Reasoning items: readable summaries, and what a provider signed or encrypted, sealed so that it comes back with its origin."""

from __future__ import annotations

from typing import Any

from ....messages.content import ThinkingBlock
from .. import fields
from ..seal import opened, sealed


def parse_reasoning(item: fields.JsonObject, param: str) -> ThinkingBlock:
    """Return a reasoning item that a client sends back.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    text = _texts(item, "summary", param) or _texts(item, "content", param)
    said = fields.text(item, "encrypted_content", param)
    if not said:
        return ThinkingBlock(text=text)
    return opened(ThinkingBlock(text=text), said) or ThinkingBlock(text=text, encrypted=said)


def reasoning_item(block: ThinkingBlock, item_id: str) -> dict[str, Any]:
    """Return a reasoning item of an answer."""
    item: dict[str, Any] = {"id": item_id, "type": "reasoning", "summary": []}
    if block.text:
        item["summary"] = [{"type": "summary_text", "text": block.text}]
    if block.signature is not None or block.encrypted is not None:
        item["encrypted_content"] = sealed(block)
    return item


def _texts(item: fields.JsonObject, key: str, param: str) -> str:
    value = item.get(key)
    if value is None:
        return ""
    where = fields.within(param, key)
    parts = [fields.as_object(part, f"{where}.{number}") for number, part in enumerate(fields.as_array(value, where))]
    return "\n\n".join([fields.text(part, "text", f"{where}.{number}") or "" for number, part in enumerate(parts)])

"""Tool calls of whole messages, both ways."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import new_id
from ....messages.content import Extra, OpaqueBlock, ToolUseBlock
from ....messages.errors import InvalidRequestError, LegionError, ProviderError
from .. import fields
from ..extras import own
from ..json_text import write_json
from .words import NAME

NO_ARGUMENTS: Final = "{}"

# How a call of a kind without a name of ours is kept: a content part always has a `type`, so this cannot be one.
_CALL: Final = "tool_call"

_KNOWN: Final = frozenset({"id", "type", "function", "index"})
_KNOWN_FUNCTION: Final = frozenset({"name", "arguments"})


def parse_call(value: Any, param: str) -> ToolUseBlock | OpaqueBlock:
    """Return a tool call that a client sent.

    Raises:
        InvalidRequestError: It is malformed.
    """
    call = fields.as_object(value, param)
    call_id = fields.required_text(call, "id", param)
    kind = fields.text(call, "type", param)
    if kind not in (None, "function"):
        return kept_call(call)
    if call.get("function") is None:
        raise fields.missing(f"{param}.function")
    inner = f"{param}.function"
    function = fields.as_object(call["function"], inner)
    name = fields.required_text(function, "name", inner)
    arguments = fields.required_text(function, "arguments", inner, may_be_empty=True)
    return ToolUseBlock(id=call_id, name=name, arguments=arguments or NO_ARGUMENTS, extra=_extra(call, function))


def parse_provider_call(value: Any) -> ToolUseBlock | OpaqueBlock:
    """Return a tool call that a model made; what is missing is filled in.

    Raises:
        ProviderError: It is no call at all.
    """
    if not isinstance(value, dict):
        raise ProviderError("a tool call in the provider's answer is not an object")
    function = value.get("function")
    call_id = value.get("id")
    call_id = call_id if isinstance(call_id, str) and call_id else new_id("call_")
    if not isinstance(function, dict):
        if value.get("type") == "function" or not isinstance(value.get("type"), str):
            raise ProviderError("a tool call in the provider's answer names no function")
        return kept_call({**value, "id": call_id})
    name = function.get("name")
    return ToolUseBlock(
        id=call_id,
        name=name if isinstance(name, str) else "",
        arguments=arguments_text(function.get("arguments"), ProviderError) or NO_ARGUMENTS,
        extra=_extra(value, function),
    )


def arguments_text(value: Any, error: type[LegionError]) -> str:
    """Return arguments as JSON text; some servers write the object itself, or nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else write_json(value, error).decode()


def render_call(block: ToolUseBlock, *, is_own: bool) -> dict[str, Any]:
    """Return a call as the wire has it."""
    function = {"name": block.name, "arguments": block.arguments or NO_ARGUMENTS}
    call: dict[str, Any] = {"id": block.id, "type": "function", "function": function}
    if not is_own or not (kept := own(block.extra, NAME)):
        return call
    extra = dict(kept)
    nested = extra.pop("function", None)
    if isinstance(nested, dict):
        call["function"] = {**nested, **function}
    return {**extra, **call}


def kept_call(call: Extra) -> OpaqueBlock:
    """Return a call of a kind without a name of ours (custom) as a block."""
    return OpaqueBlock(dialect=NAME, raw={_CALL: call})


def opaque_call(block: OpaqueBlock) -> Extra | None:
    """Return the call that an opaque block keeps, or None if it keeps something else."""
    if block.dialect != NAME or "type" in block.raw:
        return None
    call: Extra | None = block.raw.get(_CALL)
    return call


def _extra(call: fields.JsonObject, function: fields.JsonObject) -> Extra:
    if call.keys() <= _KNOWN and function.keys() <= _KNOWN_FUNCTION:
        return {}
    nested = fields.rest(function, _KNOWN_FUNCTION)
    outer = fields.rest(call, _KNOWN)
    return {**outer, "function": nested} if nested else outer


def refuse_function_call(message: fields.JsonObject, param: str) -> None:
    """Refuse the calls of before 2023; null is what SDKs write for "none"."""
    if message.get("function_call") is not None:
        where = fields.within(param, "function_call")
        raise InvalidRequestError(f"{where} is no longer supported: use tool_calls", param=where)

"""The messages of a request, as a client wrote them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Role
from ....messages.content import Content, ContentBlock, Extra, TextBlock, ThinkingBlock, ToolResultBlock
from ....messages.errors import InvalidRequestError
from .. import fields
from .calls import parse_call, refuse_function_call
from .parts import REFUSAL_MARK, parse_content
from .sealed_reasoning import DETAILS, opened_details

REASONING: Final = "reasoning_content"
REASONING_NEW: Final = "reasoning"

# Says under which name reasoning came, where that is not the older one, so that it goes back under the same.
NEW_FIELD_MARK: Final[Extra] = {"field": REASONING_NEW}

_PLAIN_KNOWN: Final = frozenset({"role", "content", "name"})
_TOOL_KNOWN: Final = _PLAIN_KNOWN | {"tool_call_id"}
_ASSISTANT_KNOWN: Final = _PLAIN_KNOWN | {"tool_calls", "refusal", "function_call", REASONING, REASONING_NEW}


def parse_messages(body: fields.JsonObject) -> tuple[ChatMessage, ...]:
    """Return the conversation.

    Raises:
        InvalidRequestError: It is missing, empty or malformed; `param` names the field.
    """
    messages = body.get("messages")
    if messages is None:
        raise fields.missing("messages")
    messages = fields.as_array(messages, "messages")
    if not messages:
        raise InvalidRequestError("messages must not be empty", param="messages")
    return tuple([parse_message(message, f"messages.{number}") for number, message in enumerate(messages)])


def parse_message(value: Any, param: str) -> ChatMessage:
    """Return one message in the shape of OpenAI's chat API.

    Args:
        value: A mapping.
        param: Its path, for errors ("messages.0").

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    message = fields.as_object(value, param)
    role = fields.required_text(message, "role", param)
    parse = _PARSERS.get(role)
    if parse is None:
        known = ", ".join(_PARSERS)
        raise InvalidRequestError(f"{param}.role must be one of {known}, not {role[:50]!r}", param=f"{param}.role")
    return parse(message, param)


def _plain(role: Role) -> Callable[[fields.JsonObject, str], ChatMessage]:
    def parse(message: fields.JsonObject, param: str) -> ChatMessage:
        content = message.get("content")
        if type(content) is str and len(message) == len(("role", "content")):
            return ChatMessage(role=role, content=content)
        return ChatMessage(
            role=role,
            content=_required_content(message, param),
            name=fields.text(message, "name", param),
            extra=fields.rest(message, _PLAIN_KNOWN),
        )

    return parse


def _assistant(message: fields.JsonObject, param: str) -> ChatMessage:
    content = message.get("content")
    if type(content) is str and len(message) == len(("role", "content")):
        return ChatMessage(role="assistant", content=content)
    refuse_function_call(message, param)
    held = opened_details(message.get(DETAILS)) if DETAILS in message else []
    return ChatMessage(
        role="assistant",
        content=_assistant_content(message, param, held),
        name=fields.text(message, "name", param),
        extra=fields.rest(message, _ASSISTANT_KNOWN | {DETAILS} if held else _ASSISTANT_KNOWN),
    )


def _assistant_content(message: fields.JsonObject, param: str, held: list[tuple[int, ThinkingBlock]]) -> Content:
    """Return the content; reasoning that was held for its maker stands where it stood, and is not said a second time."""
    content = message.get("content")
    parsed = "" if content is None else parse_content(content, f"{param}.content")
    refusal = fields.text(message, "refusal", param)
    calls = message.get("tool_calls")
    calls = () if calls is None else fields.as_array(calls, f"{param}.tool_calls")
    blocks: list[ContentBlock] = []
    thinking = None if held else _reasoning(message, param)
    if thinking is not None:
        blocks.append(thinking)
    if not isinstance(parsed, str):
        blocks += parsed
    elif parsed and (blocks or refusal or calls or held):
        blocks.append(TextBlock(text=parsed))
    if refusal:
        blocks.append(TextBlock(text=refusal, extra=REFUSAL_MARK))
    blocks += [parse_call(call, f"{param}.tool_calls.{number}") for number, call in enumerate(calls)]
    for place, thought in held:
        blocks.insert(max(place, 0), thought)
    return tuple(blocks) if blocks else parsed


def _reasoning(message: fields.JsonObject, param: str) -> ThinkingBlock | None:
    if REASONING not in message and REASONING_NEW not in message:
        return None
    old, new = fields.text(message, REASONING, param), fields.text(message, REASONING_NEW, param)
    if old:
        return ThinkingBlock(text=old)
    return ThinkingBlock(text=new, extra=NEW_FIELD_MARK) if new else None


def _tool(message: fields.JsonObject, param: str) -> ChatMessage:
    result = ToolResultBlock(
        tool_use_id=fields.required_text(message, "tool_call_id", param),
        content=_required_content(message, param),
        name=fields.text(message, "name", param),
    )
    return ChatMessage(role="tool", content=(result,), extra=fields.rest(message, _TOOL_KNOWN))


def _required_content(message: fields.JsonObject, param: str) -> Content:
    content = message.get("content")
    if content is None:
        raise fields.missing(f"{param}.content")
    return parse_content(content, f"{param}.content")


_PARSERS: Final[Mapping[str, Callable[[fields.JsonObject, str], ChatMessage]]] = {
    "system": _plain("system"),
    "developer": _plain("developer"),
    "user": _plain("user"),
    "assistant": _assistant,
    "tool": _tool,
}

"""A request of the native API, read. Nothing that it says is dropped: a field without a meaning is refused."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ....messages.chat import Request, ToolDefinition, new_id
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import read_client_object
from ..openai_chat import parse_tool
from ..openai_chat.message_parsing import parse_messages
from ..openai_chat.parameters import GENERATION, parse_generation, parse_response_format, parse_thinking
from ..openai_chat.tools import parse_tool_choice

_KNOWN: Final = GENERATION | {
    "messages",
    "system",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "model",
    "provider",
    "instance",
    "tier",
    "conversation_id",
    "request_id",
    "stream",
    "include_thinking",
    "metadata",
    "legion",
}
_ID: Final = 128
_NO_MESSAGE: Final = [{"role": "user", "content": ""}]


def parse_inference(body: bytes) -> tuple[Request, bool]:
    """Return what the client wants, and whether it wants to see the reasoning.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    source = read_client_object(body)
    refuse_unknown(source, _KNOWN)
    if "messages" not in source:
        raise InvalidRequestError("missing fields; required: messages", param="messages")
    return _request(source), fields.boolean(source, "include_thinking") or False


@attrs.frozen
class RouteQuestion:
    """What a client wants to know of a request's way.

    Attributes:
        request: The request; its message may be empty.
        needs: What the model must be able to do beside what the request shows, unchecked.
        tokens: Length of the prompt, or None to count it.
    """

    request: Request
    needs: tuple[Any, ...] = ()
    tokens: int | None = None


def parse_route(body: bytes) -> RouteQuestion:
    """Return what a client asks about a request that it need not send: the fields are those of an inference, and `messages` may be left out.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    source = read_client_object(body)
    refuse_unknown(source, _KNOWN | {"needs", "tokens"})
    needs = tuple(fields.as_array(source.get("needs") or [], "needs"))
    return RouteQuestion(_request({"messages": _NO_MESSAGE, **source}), needs, fields.integer(source, "tokens", 0))


def _request(source: fields.JsonObject) -> Request:
    extension = {} if "legion" not in source else {"legion": source["legion"]}
    return Request(
        id=request_id(source),
        messages=parse_messages(source),
        system=fields.text(source, "system"),
        model=fields.text(source, "model"),
        provider=fields.text(source, "instance") or fields.text(source, "provider"),
        tier=fields.text(source, "tier"),
        tools=_tools(source),
        tool_choice=parse_tool_choice(source),
        generation=parse_generation(source),
        response_format=parse_response_format(source),
        thinking=parse_thinking(source),
        stream=fields.boolean(source, "stream") or False,
        conversation_id=fields.text(source, "conversation_id"),
        metadata=fields.optional_object(source, "metadata") or {},
        extra=extension,
    )


def refuse_unknown(source: fields.JsonObject, known: frozenset[str]) -> None:
    """Refuse the first field that has no meaning here.

    Raises:
        InvalidRequestError: There is one.
    """
    unknown = sorted(source.keys() - known)
    if unknown:
        raise InvalidRequestError(f"{unknown[0]} is unknown; known are {', '.join(sorted(known))}", param=unknown[0])


def request_id(source: fields.JsonObject) -> str:
    """Return the client's id of the request, or a new one.

    Raises:
        InvalidRequestError: It is no id.
    """
    stated = fields.text(source, "request_id")
    if stated is None:
        return new_id("req_")
    if not 0 < len(stated) <= _ID or not stated.isascii() or not stated.replace("_", "").replace("-", "").isalnum():
        raise InvalidRequestError(
            f"request_id must be 1 to {_ID} letters, digits, hyphens and underscores", param="request_id"
        )
    return stated


def _tools(source: fields.JsonObject) -> tuple[ToolDefinition, ...] | None:
    if source.get("tools") is None:
        return None
    tools = fields.as_array(source["tools"], "tools")
    return tuple([_tool(tool, f"tools.{number}") for number, tool in enumerate(tools)])


def _tool(value: Any, param: str) -> ToolDefinition:
    tool = fields.as_object(value, param)
    if "function" in tool:
        return parse_tool(tool, param)
    schema = fields.optional_object(tool, "parameters", param) or fields.optional_object(tool, "input_schema", param)
    return ToolDefinition(
        name=fields.required_text(tool, "name", param),
        description=fields.text(tool, "description", param),
        parameters=schema or {},
    )

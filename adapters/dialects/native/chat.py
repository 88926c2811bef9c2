"""/api/llm/chat: one message in, one answer out."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import ChatMessage, Request, Response
from .. import fields
from ..json_text import read_client_object
from .errors import enveloped
from .inference import NativeInference
from .request import refuse_unknown, request_id

_KNOWN: Final = frozenset(
    {"message", "request_id", "context", "tier_preference", "model", "provider", "conversation_id", "legion"}
)
_ANY_TIER: Final = frozenset({None, "", "auto"})


class NativeChat(NativeInference):
    """What daemon clients speak; its answers are whole."""

    def parse_request(self, body: bytes) -> Request:
        """Return what the client wants; `context` is what is put before the message, as a system prompt.

        Raises:
            InvalidRequestError: The body is malformed; `param` names the field.
        """
        source = read_client_object(body)
        refuse_unknown(source, _KNOWN)
        tier = fields.text(source, "tier_preference")
        return Request(
            id=request_id(source),
            messages=(ChatMessage(content=fields.required_text(source, "message")),),
            system=_context(source),
            model=fields.text(source, "model"),
            provider=fields.text(source, "provider"),
            tier=None if tier in _ANY_TIER else tier,
            conversation_id=fields.text(source, "conversation_id"),
            extra={} if "legion" not in source else {"legion": source["legion"]},
        )

    def render_response(self, response: Response, request: Request | None = None) -> bytes:  # noqa: ARG002 - the protocol's
        """Return the whole answer."""
        return enveloped(chat_fields(response))


def chat_fields(response: Response) -> dict[str, Any]:
    """Return an answer as plain data."""
    routing = response.routing
    return {
        "response": response.text,
        "meta": {
            "tier": None if routing is None else routing.tier,
            "provider": None if routing is None else routing.provider,
            "model": response.model if routing is None else routing.model,
            "tokens_in": response.usage.input_tokens,
            "tokens_out": response.usage.output_tokens,
        },
    }


def _context(source: fields.JsonObject) -> str | None:
    """Return the context as text: a text as it is, an object as "key: value" lines."""
    value = source.get("context")
    if value is None or isinstance(value, str):
        return value or None
    context = fields.as_object(value, "context")
    return "\n".join(f"{key}: {entry}" for key, entry in context.items()) or None

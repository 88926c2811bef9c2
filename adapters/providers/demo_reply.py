"""What the demo model answers: a pure function of the request."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Final

import attrs

from ...messages.chat import BlockKind, ChatMessage, Request, StopReason, ToolDefinition, Usage
from ...messages.content import ToolResultBlock, text_of
from ...messages.errors import RequestRejectedError
from .json_instance import minimal_instance

# A word with the blank before it: joined, tokens are the text again.
_TOKEN: Final = re.compile(r"\s*\S+|\s+$")
_CALL: Final = re.compile(r"\bcall\s+([A-Za-z0-9_.-]+)", re.IGNORECASE)

GREETING: Final = "Hello, I am the demo model."
THOUGHT: Final = "There is nothing to find out. I say what I was told."


@attrs.frozen(kw_only=True)
class ReplyBlock:
    """One block of the answer, cut into tokens.

    Attributes:
        tokens: Text, reasoning, or the JSON of a call's arguments; joined, they are the whole.
    """

    kind: BlockKind
    tokens: tuple[str, ...]
    tool_id: str | None = None
    tool_name: str | None = None

    @property
    def text(self) -> str:
        """The tokens joined."""
        return "".join(self.tokens)


@attrs.frozen(kw_only=True)
class Reply:
    """An answer before it is sent.

    Attributes:
        id: The same for the same request.
    """

    id: str
    blocks: tuple[ReplyBlock, ...]
    stop_reason: StopReason
    stop_sequence: str | None
    usage: Usage

    @property
    def token_count(self) -> int:
        """Tokens that are generated."""
        return sum([len(block.tokens) for block in self.blocks])


def tokens_of(text: str) -> tuple[str, ...]:
    """Cut a text into the demo model's tokens: a word with the blanks before it."""
    return tuple(_TOKEN.findall(text))


def reply_to(request: Request) -> Reply:
    """Return the answer; the rules stand at `DemoProvider`.

    Raises:
        RequestRejectedError: No message, a tool choice or a schema that cannot be followed.
    """
    if not request.messages:
        raise RequestRejectedError("there is no message to answer")
    digest = _digest(request)
    answer, stop_reason, stop_sequence = _answer(request, digest)
    thought = _thought(request)
    blocks, was_cut = _cut((*thought, answer), request.generation.max_tokens)
    return Reply(
        id=f"demo_{digest}",
        blocks=blocks,
        stop_reason=StopReason.MAX_TOKENS if was_cut else stop_reason,
        stop_sequence=None if was_cut else stop_sequence,
        usage=_usage(request, blocks),
    )


def _answer(request: Request, digest: str) -> tuple[ReplyBlock, StopReason, str | None]:
    tool = _tool_to_call(request)
    if tool is not None:
        arguments = json.dumps(minimal_instance({"type": "object", **tool.parameters}))
        call = ReplyBlock(kind="tool_use", tokens=tokens_of(arguments), tool_id=f"call_{digest}", tool_name=tool.name)
        return call, StopReason.TOOL_USE, None
    text, met = _stopped(_text(request), request.generation.stop)
    reason = StopReason.END_TURN if met is None else StopReason.STOP_SEQUENCE
    return ReplyBlock(kind="text", tokens=tokens_of(text)), reason, met


def _text(request: Request) -> str:
    said = _said(request)
    shape = request.response_format
    if shape is not None and shape.type == "json_schema":
        return json.dumps(minimal_instance(shape.schema or {}))
    if shape is not None and shape.type == "json_object":
        return json.dumps({"reply": said})
    return said


def _said(request: Request) -> str:
    last = request.messages[-1]
    results = _results(last)
    if results:
        return "The tool says: " + " ".join([text_of(result.content) for result in results])
    text = _last_user_text(request)
    return f"{GREETING} You said: {text}" if text else GREETING


def _results(message: ChatMessage) -> list[ToolResultBlock]:
    return [block for block in message.blocks if isinstance(block, ToolResultBlock)]


def _last_user_text(request: Request) -> str:
    return next((message.text for message in reversed(request.messages) if message.role == "user"), "").strip()


def _tool_to_call(request: Request) -> ToolDefinition | None:
    """Return the tool that the choice forces or the user asks for; after a tool's result none, or it would never end."""
    tools = {tool.name: tool for tool in request.tools or ()}
    choice = request.tool_choice
    mode = "auto" if choice is None else choice.mode
    if mode == "none" or _results(request.messages[-1]):
        return None
    if choice is not None and mode == "tool":
        if choice.name not in tools:
            raise RequestRejectedError(f"tool_choice names {choice.name!r}, which is not among the tools", status=400)
        return tools[choice.name]
    asked = _CALL.search(_last_user_text(request))
    if asked is not None and asked[1].rstrip(".") in tools:
        return tools[asked[1].rstrip(".")]
    if mode == "required" and not tools:
        raise RequestRejectedError("tool_choice requires a call, but there are no tools", status=400)
    return next(iter(tools.values())) if mode == "required" else None


def _stopped(text: str, sequences: tuple[str, ...]) -> tuple[str, str | None]:
    """Cut before the first stop sequence that occurs; return it too."""
    found = [(text.index(sequence), sequence) for sequence in sequences if sequence and sequence in text]
    if not found:
        return text, None
    at, sequence = min(found)
    return text[:at], sequence


def _thought(request: Request) -> tuple[ReplyBlock, ...]:
    thinking = request.thinking
    if thinking is None or thinking.mode == "off":
        return ()
    return (ReplyBlock(kind="thinking", tokens=tokens_of(THOUGHT)),)


def _cut(blocks: tuple[ReplyBlock, ...], most: int | None) -> tuple[tuple[ReplyBlock, ...], bool]:
    """Keep at most so many tokens; return whether there were more."""
    if most is None:
        return blocks, False
    kept: list[ReplyBlock] = []
    left = most
    for block in blocks:
        kept.append(attrs.evolve(block, tokens=block.tokens[:left]))
        if len(block.tokens) > left:
            return tuple(kept), True
        left -= len(block.tokens)
    return tuple(kept), False


def _usage(request: Request, blocks: tuple[ReplyBlock, ...]) -> Usage:
    prompt = text_of(request.system or "") + "".join([f" {_readable(message)}" for message in request.messages])
    reasoning = sum([len(block.tokens) for block in blocks if block.kind == "thinking"])
    total = sum([len(block.tokens) for block in blocks])
    return Usage(uncached_input=len(tokens_of(prompt)), visible_output=total - reasoning, reasoning=reasoning)


def _readable(message: ChatMessage) -> str:
    return message.text + "".join([f" {text_of(result.content)}" for result in _results(message)])


def _digest(request: Request) -> str:
    said = "\x00".join([f"{message.role}\x01{_readable(message)}" for message in request.messages])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]

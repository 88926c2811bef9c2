"""The runs of a request's tools as its conversation remembers them, and the remembered ones as a model is told of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ....messages.content import ToolUseBlock, text_of
from ....messages.errors import InvalidRequestError
from ....messages.secret import MASK
from ....messages.settings import ToolStickySettings
from ....messages.tool_memory import ToolRun
from ....messages.tools import Tool, ToolOutcome
from ...audit.redaction import Redactor

# A call of the model's, and what came of it.
Ran: TypeAlias = tuple[ToolUseBlock, ToolOutcome]

_SECRET: Final = re.compile(r"api[-_]?key|token|passw|secret|credential|authorization", re.IGNORECASE)
_REDACTOR: Final = Redactor()
_CUT: Final = "..."
# Levels of nesting that are remembered of an argument.
_DEEPEST: Final = 8
# Characters of a result that are told where nothing shorter can be said of it.
_SUMMARY: Final = 200


def runs_of(ran: Iterable[Ran], tools: Mapping[str, Tool], settings: ToolStickySettings) -> tuple[ToolRun, ...]:
    """Return what was run, as it is remembered; calls of tools that do not exist are left out."""
    return tuple(
        ToolRun(
            call_id=call.id,
            tool=call.name,
            group=tools[call.name].group,
            arguments={
                name: _argument(name, value, settings.max_args_length) for name, value in _arguments(call).items()
            },
            result=_cut(_REDACTOR.text(_text(outcome)), settings.max_result_length),
            is_error=outcome.is_error,
            is_deferred=tools[call.name].is_deferred,
        )
        for call, outcome in ran
        if call.name in tools
    )


def _arguments(call: ToolUseBlock) -> Mapping[str, Any]:
    try:
        return call.input
    except InvalidRequestError:
        return {}  # no JSON object: what the model was told of it is the result


def _argument(name: str, value: Any, most: int, depth: int = 0) -> Any:
    if _SECRET.search(name):
        return MASK
    if isinstance(value, str):
        return _cut(_REDACTOR.text(value), most)
    if depth > _DEEPEST:
        return _CUT
    if isinstance(value, Mapping):
        value = {key: _argument(str(key), each, most, depth + 1) for key, each in value.items()}
    elif isinstance(value, list):
        value = [_argument("", each, most, depth + 1) for each in value]
    text = _json(value)
    return value if len(text) <= most else _cut(text, most)


def _text(outcome: ToolOutcome) -> str:
    return text_of(outcome.content)


def told(history: Sequence[tuple[int, ToolRun]]) -> str:
    """Return runs as a model is told of them, one a line."""
    return "\n".join(f"Turn {turn}: {run.tool}({_call(run.arguments)}) → {_summary(run)}" for turn, run in history)


def _call(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_json(value)}" for name, value in arguments.items())


def _summary(run: ToolRun) -> str:
    """Return a result in few words: how many items, which issue, or its beginning."""
    if run.is_error:
        return f"failed: {_beginning(run.result)}"
    try:
        value = json.loads(run.result)
    except (ValueError, RecursionError):
        return _beginning(run.result)
    if isinstance(value, list):
        return f"{len(value)} items"
    if isinstance(value, dict) and isinstance(value.get("number"), int):
        url = value.get("html_url") or value.get("url")
        return f"#{value['number']}" + (f" {url}" if isinstance(url, str) else "")
    return _beginning(run.result)


def _beginning(text: str) -> str:
    return _cut(" ".join(text.split()), _SUMMARY)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + _CUT


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

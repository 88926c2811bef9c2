"""How long a prompt is, asked of vLLM, which has a path of its own for that."""

from __future__ import annotations

from typing import Any, Final

import orjson

from ....messages.chat import Request
from ..counts import counted
from ..json_text import write_json
from ..protocol import DialectOptions, WireRequest
from .parameters import MAX_TOKENS
from .request_rendering import render_request

_PATH: Final = "/tokenize"
# What of a request becomes tokens.
_READ: Final = ("model", "messages", "tools", "chat_template_kwargs")


class Tokenizing:
    """The client's half; implements `CountingDialect`."""

    def render_count_call(self, request: Request, model: str, options: DialectOptions) -> WireRequest:
        """See `CountingDialect`."""
        wire = render_request(request, model, stream=False, options=options, max_tokens_field=MAX_TOKENS)
        whole: dict[str, Any] = orjson.loads(wire.body)
        body = {key: whole[key] for key in _READ if key in whole}
        return WireRequest(path=_PATH, body=write_json(body), warnings=wire.warnings, is_beside=True)

    def parse_count_answer(self, body: bytes) -> int:
        """See `CountingDialect`."""
        return counted(body, "count")

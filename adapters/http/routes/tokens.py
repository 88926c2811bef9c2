"""POST /v1/messages/count_tokens: how long a prompt is, estimated, before it is sent."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ....messages.chat import Request as ChatRequest
from ....messages.tokens import estimated_input_tokens
from ..answers import fresh_request_id
from ..body import JsonBody
from ..config import HttpApiConfig


class TokenCount:
    """Counts without asking a provider, so it costs nothing and answers whatever they do.

    Args:
        parse: Reads the body.
        config: Limits.
    """

    def __init__(self, parse: Callable[[bytes], ChatRequest], config: HttpApiConfig) -> None:
        self._parse = parse
        self._config = config

    async def count(self, request: Request) -> Response:
        """Answer with the number of tokens.

        Raises:
            LegionError: The body is malformed.
            HttpFault: It is too large, too slow, or no JSON.
        """
        headers = request.scope["headers"]
        body = await JsonBody(headers, request.receive, self._config.settings).read()
        counted = {"input_tokens": estimated_input_tokens(self._parse(body))}
        return Response(
            orjson.dumps(counted),
            media_type="application/json",
            headers={"x-request-id": fresh_request_id(headers).decode()},
        )

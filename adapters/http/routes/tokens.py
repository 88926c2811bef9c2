"""POST /v1/messages/count_tokens, and Gemini's :countTokens: how long a prompt is, estimated, before it is sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ....messages.tokens import estimated_input_tokens
from ...dialects.protocol import TokenCounting
from ..answers import fresh_request_id
from ..body import JsonBody
from ..config import HttpApiConfig


class TokenCount:
    """Counts without asking a provider, so it costs nothing and answers whatever they do.

    Args:
        dialect: What the clients of this path speak.
        config: Limits.
    """

    def __init__(self, dialect: TokenCounting, config: HttpApiConfig) -> None:
        self._dialect = dialect
        self._config = config

    async def count(self, request: Request) -> Response:
        """Answer with the number of tokens.

        Raises:
            LegionError: The body is malformed.
            HttpFault: It is too large, too slow, or no JSON.
        """
        headers = request.scope["headers"]
        body = await JsonBody(headers, request.receive, self._config.settings).read()
        tokens = estimated_input_tokens(self._dialect.parse_count_request(body))
        return Response(
            self._dialect.render_count(tokens),
            media_type="application/json",
            headers={"x-request-id": fresh_request_id(headers).decode()},
        )

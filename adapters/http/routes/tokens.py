"""POST /v1/messages/count_tokens, and Gemini's :countTokens: how long a prompt is, before it is sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ...dialects.protocol import TokenCounting
from ..admission import admitted
from ..answers import fresh_request_id
from ..body import JsonBody
from ..config import HttpApiConfig
from ..gateway import Gateway
from ..waiting import unless_stopped


class TokenCount:
    """Answers whatever the providers do: where none can count, the tokens are estimated, and the header `x-legion-count` says so.

    Args:
        gateway: Who counts.
        dialect: What the clients of this path speak.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, dialect: TokenCounting, config: HttpApiConfig) -> None:
        self._gateway = gateway
        self._dialect = dialect
        self._config = config

    async def count(self, request: Request) -> Response:
        """Answer with the number of tokens.

        Raises:
            LegionError: The body is malformed.
            HttpFault: It is too large, too slow, or no JSON.
        """
        headers = request.scope["headers"]
        body = await unless_stopped(JsonBody(headers, request.receive, self._config.settings).read())
        wanted = admitted(self._dialect.parse_count_request(body), request.scope)
        counted = await unless_stopped(self._gateway.count_tokens(wanted))
        return Response(
            self._dialect.render_count(counted.input_tokens),
            media_type="application/json",
            headers={"x-request-id": fresh_request_id(headers).decode(), "x-legion-count": counted.source},
        )

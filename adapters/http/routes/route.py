"""POST /api/llm/route: where a request would go now, and why. Nothing is sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ...dialects.native.errors import enveloped
from ...dialects.native.request import parse_route
from ...host.route_json import route_json
from ...host.route_request import route_question
from ..admission import admitted
from ..answers import fresh_request_id
from ..body import JsonBody
from ..config import HttpApiConfig
from ..gateway import Gateway
from ..waiting import unless_stopped

_TEXT = "text/plain"


class RouteExplanation:
    """Explains decisions: as JSON, or as tables for clients that accept plain text.

    Args:
        gateway: Whose router is asked.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, config: HttpApiConfig) -> None:
        self._gateway = gateway
        self._config = config

    async def explain(self, request: Request) -> Response:
        """Answer with the ranked candidates, every rule, and the reason for everything that was left out.

        Raises:
            LegionError: The body is malformed.
            HttpFault: It is too large, too slow, or no JSON.
        """
        headers = request.scope["headers"]
        asked = parse_route(await unless_stopped(JsonBody(headers, request.receive, self._config.settings).read()))
        route = route_question(admitted(asked.request, request.scope), asked.needs, asked.tokens)
        told = await unless_stopped(self._gateway.explain(route))
        said = {
            "x-request-id": fresh_request_id(headers).decode(),
            "x-legion-strategy": told.strategy,
            "cache-control": "no-store",
        }
        if request.headers.get("accept", "").startswith(_TEXT):
            return PlainTextResponse(f"{told}\n", headers=said)
        return Response(enveloped(route_json(told)), media_type="application/json", headers=said)

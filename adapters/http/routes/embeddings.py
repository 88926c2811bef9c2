"""POST /v1/embeddings, and Ollama's /api/embed and /api/embeddings: texts in, vectors out."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ....messages.embedding import EmbedRequest, EmbedResponse
from ....messages.errors import LegionError
from ...dialects.protocol import ServedEmbeddings
from ..admission import admitted
from ..body import JsonBody
from ..config import HttpApiConfig
from ..faults import ClientGone
from ..gateway import Gateway
from ..identity import request_id_of, routing_headers
from ..key_limits import LIMITS, admission_of
from ..waiting import DisconnectWatch, unless_stopped

# nginx's word for "client closed request": nobody reads it, but logs do.
_CLIENT_GONE: Final = 499


class EmbeddingsRoute:
    """Embeds for clients of one dialect.

    Args:
        gateway: Who answers.
        dialect: What the clients of this path speak.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, dialect: ServedEmbeddings, config: HttpApiConfig) -> None:
        self._gateway = gateway
        self._dialect = dialect
        self._config = config

    async def embed(self, request: Request) -> Response:
        """Answer with the vectors.

        Raises:
            LegionError: The body is malformed, or nobody could embed.
            HttpFault: It is too large, too slow, or no JSON.
        """
        headers = request.scope["headers"]
        try:
            body = await unless_stopped(JsonBody(headers, request.receive, self._config.settings).read())
            wanted = admitted(self._dialect.parse_embed_request(body), request.scope)
            with admission_of(request.scope.get(LIMITS), wanted) as admission:
                response = await self._answered(request, wanted)
                admission.settle(response.usage)
        except ClientGone:
            return Response(status_code=_CLIENT_GONE)
        answer = Response(self._dialect.render_embed_response(response, wanted), media_type="application/json")
        answer.raw_headers.append((b"x-request-id", request_id_of(headers) or wanted.id.encode()))
        answer.raw_headers.extend(routing_headers(response.routing))
        return answer

    async def _answered(self, request: Request, wanted: EmbedRequest) -> EmbedResponse:
        reply = self._gateway.embed(wanted)
        with DisconnectWatch(request.scope, reply.cancel) as client:
            try:
                return await unless_stopped(reply)
            except LegionError:
                if client.gone:
                    raise ClientGone from None
                raise

"""POST /api/llm/chat, and GET /api/llm/chat/{id} for clients that come back for the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Scope, Send

from ....messages.chat import Request
from ....messages.errors import InvalidRequestError
from ...dialects.native import NativeChat
from ...dialects.native.errors import enveloped
from ..admission import asker_of
from ..answers import JSON, Answer, fresh_request_id, send_answer
from ..config import HttpApiConfig
from ..deliveries import Deliveries
from ..gateway import Gateway
from ..identity import Headers
from ..key_limits import LIMITS, admission_of
from .chat import ChatEndpoint

_LONGEST_WAIT: Final = 30.0
_YES: Final = frozenset({b"true", b"1", b"yes"})


class DeliveredChat(ChatEndpoint):
    """Answers at once (201), or says where the answer will be (202): as the settings and the client's X-Legion-Sync want it.

    Args:
        gateway: Who answers.
        config: Limits.
    """

    def __init__(self, gateway: Gateway, config: HttpApiConfig) -> None:
        super().__init__(gateway, NativeChat(), config, status=HTTPStatus.CREATED)
        self._delivers = config.cache.deliver
        self.deliveries = Deliveries(config.cache, gateway, NativeChat().render_response)

    async def answer(self, request: Request, request_id: bytes, scope: Scope, send: Send) -> None:
        """Answer, or promise to."""
        if not self._delivers or self.deliveries.is_full or _is_waiting(scope["headers"]):
            await super().answer(request, request_id, scope, send)
            return
        with admission_of(scope.get(LIMITS), request) as admission:
            self.deliveries.begin(request, asker_of(scope))
            admission.settle(None)  # what it really uses is known when nobody waits any more
        promise = {
            "request_id": request.id,
            "poll_key": f"llm:{request.id}:status",
            "poll": f"/api/llm/chat/{request.id}",
        }
        await send_answer(send, Answer(202, enveloped(promise), (JSON, (b"x-request-id", request_id))))

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Answer with what was promised: 200 when it is there, 202 while it is under way. `?wait=S` waits up to S seconds, 30 at most.

        Raises:
            NotFoundError: Nothing was promised under that id, or it has grown too old.
            LegionError: What the request ended with.
        """
        request_id = request.path_params["id"]
        delivery = await self.deliveries.wait(request_id, asker_of(request.scope), _wait(request))
        headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
        if delivery is None:
            body = enveloped({"request_id": request_id, "status": "pending"})
            return HttpResponse(body, 202, headers, "application/json")
        return HttpResponse(delivery.read(), 200, headers, "application/json")


def _is_waiting(headers: Headers) -> bool:
    return any(name == b"x-legion-sync" and value.strip().lower() in _YES for name, value in headers)


def _wait(request: HttpRequest) -> float:
    text = request.query_params.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise InvalidRequestError(f"wait must be 0 to {_LONGEST_WAIT:g} seconds, not {text!r}", param="wait")
    return seconds

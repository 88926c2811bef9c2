"""POST /v1/chat/completions, and any dialect that is spoken the same way: one request in, one answer or event stream out."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from ....messages.chat import Request, Usage
from ....messages.errors import LegionError
from ...dialects.protocol import ServedDialect
from ..admission import admitted
from ..answers import JSON, Answer, error_answer, fresh_request_id, send_answer
from ..body import JsonBody
from ..config import HttpApiConfig
from ..events import EventRelay
from ..faults import ClientGone, HttpFault
from ..gateway import Gateway
from ..identity import Headers, answer_headers, request_id_of, trace_headers
from ..key_limits import LIMITS, admission_of
from ..recall import KEEPER
from ..waiting import CONNECTION, DisconnectWatch, unless_stopped


class ChatEndpoint:
    """The hot path, so it speaks ASGI itself: one body, one parse, one rendering, no request or response objects in between.

    Args:
        gateway: Who answers.
        dialect: What the clients of this path speak.
        config: Limits.
        status: Of a whole answer.
    """

    def __init__(
        self, gateway: Gateway, dialect: ServedDialect, config: HttpApiConfig, *, status: int = HTTPStatus.OK
    ) -> None:
        self._status = int(status)
        self._gateway = gateway
        self._dialect = dialect
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = scope["headers"]
        request_id = request_id_of(headers)
        body = JsonBody(headers, receive, self._config.settings, is_here=scope[CONNECTION].has_whole_body)
        try:
            request = admitted(self._dialect.parse_request(await unless_stopped(body.read())), scope)
            request_id = request_id or request.id.encode()
            await self.answer(request, request_id, scope, send)
        except ClientGone:
            return
        except (LegionError, HttpFault) as failure:
            await self._refuse(failure, request_id or fresh_request_id(), body, send)

    async def answer(self, request: Request, request_id: bytes, scope: Scope, send: Send) -> None:
        """Answer a request that was let in, as far as its key allows.

        Raises:
            LegionError: It failed before anything was sent.
        """
        answer = self._stream if self.wants_stream(request, scope["headers"]) else self._whole
        with admission_of(scope.get(LIMITS), request) as admission:
            admission.settle(await answer(request, request_id, scope, send))

    def wants_stream(self, request: Request, _headers: Headers) -> bool:
        """Whether the client wants the answer piece by piece."""
        return request.stream

    async def _whole(self, request: Request, request_id: bytes, scope: Scope, send: Send) -> Usage:
        reply = self._gateway.submit(request)
        with DisconnectWatch(scope, reply.cancel) as client:
            try:
                response = await unless_stopped(reply)
            except LegionError:
                if client.gone:
                    raise ClientGone from None
                raise
        headers = (JSON, (b"x-request-id", request_id), *answer_headers(request, response))
        answer = self._dialect.render_response(response, request)
        if KEEPER in scope:
            await scope[KEEPER].keep(response, answer)
        await send_answer(send, Answer(self._status, answer, headers))
        return response.usage

    async def _stream(self, request: Request, request_id: bytes, scope: Scope, send: Send) -> Usage | None:
        stream = self._gateway.submit_stream(request)
        with DisconnectWatch(scope, stream.close) as client:
            relay = EventRelay(
                stream,
                self._dialect.stream_renderer(request),
                send,
                headers=((b"x-request-id", request_id), *trace_headers(request)),
                comment_interval=self._config.comment_interval,
                keeper=scope.get(KEEPER),
            )
            try:
                await relay.run()
            except LegionError:
                if client.gone:
                    raise ClientGone from None
                raise
            return relay.usage

    async def _refuse(self, failure: LegionError | HttpFault, request_id: bytes, body: JsonBody, send: Send) -> None:
        answer = error_answer(self._dialect, failure, request_id)
        if answer.status != 413:  # noqa: PLR2004 - Content Too Large
            await send_answer(send, answer)
            return
        await send_answer(send, answer, ends=False)
        await body.discard(self._config.linger_timeout)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

"""Speaks to another gateway over HTTP, through httpx on the trio loop."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from ...messages.chat import Request
from ...messages.daemon import DaemonAnswer, DaemonStatus
from ...messages.secret import Secret

# Who this process is, as its own API tells those who ask: a daemon that is this process must not be asked, for it would ask itself.
PROCESS: Final = uuid.uuid4().hex

_CONNECT: Final = 5.0
_LOOK: Final = 2.0
_HEALTH: Final = "/api/health"
_CHAT: Final = "/api/llm/chat"
# A visit waits at the daemon's; it needs a little more for the way.
_WAY: Final = 5.0

_STATUSES: Final[Mapping[int, DaemonStatus]] = {
    200: DaemonStatus.DONE,
    201: DaemonStatus.DONE,
    202: DaemonStatus.ACCEPTED,
    401: DaemonStatus.DENIED,
    403: DaemonStatus.DENIED,
    429: DaemonStatus.RATE_LIMITED,
    503: DaemonStatus.UNAVAILABLE,
}


class HttpDaemon:
    """A gateway at a URL; `https` is honoured.

    Args:
        url: Its root ("http://127.0.0.1:4567").
        key: What is shown to it, or None.
        read_timeout: Seconds that it may take to answer.
        transport: Who sends; None: httpx's own.
    """

    def __init__(
        self, url: str, key: Secret | None, *, read_timeout: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {} if key is None else {"authorization": f"Bearer {key.reveal()}"}
        self._client = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(read_timeout, connect=_CONNECT),
            transport=transport,
            trust_env=False,
        )

    async def is_healthy(self) -> bool:
        """Whether it is there, is ready, and is not this very process; see the port."""
        try:
            answer = await self._client.get(_HEALTH, timeout=_LOOK)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and _object(answer.content).get("process") != PROCESS

    async def chat(self, request: Request) -> DaemonAnswer:
        """Ask it; see the port."""
        body = {
            "message": request.messages[-1].text,
            "request_id": request.id,
            "tier_preference": request.tier or "auto",
            **{name: value for name, value in (("model", request.model), ("provider", request.provider)) if value},
            **({"context": request.system} if isinstance(request.system, str) and request.system else {}),
        }
        return await self._answer("POST", _CHAT, json=body)

    async def fetch(self, poll: str, seconds: float) -> DaemonAnswer:
        """Come back for an accepted answer; see the port."""
        if not poll.startswith("/"):
            return DaemonAnswer(status=DaemonStatus.ERROR, message="the daemon names another host for its answer")
        return await self._answer("GET", poll, params={"wait": seconds}, timeout=seconds + _WAY)

    async def aclose(self) -> None:
        """Close connections. May be called twice."""
        await self._client.aclose()

    async def _answer(self, method: str, path: str, **more: Any) -> DaemonAnswer:
        try:
            answer = await self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            return DaemonAnswer(status=DaemonStatus.UNAVAILABLE, message=f"{type(error).__name__}: {error}")
        return _read(answer)


def _read(answer: httpx.Response) -> DaemonAnswer:
    body = _object(answer.content)
    status = _STATUSES.get(answer.status_code, DaemonStatus.ERROR)
    error = body.get("error")
    data = body.get("data", body)  # envelopes are what we write; bare bodies are what some others do
    fields = data if isinstance(data, dict) else {}
    poll = fields.get("poll")
    return DaemonAnswer(
        status=status,
        data=fields,
        message=_message(error) or f"HTTP {answer.status_code}",
        retry_after=_retry_after(body, answer.headers),
        poll=poll if isinstance(poll, str) else None,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _message(error: Any) -> str:
    if isinstance(error, dict):
        return str(error.get("message", ""))
    return error if isinstance(error, str) else ""


def _retry_after(body: Mapping[str, Any], headers: httpx.Headers) -> float | None:
    """Return the wait that the body names, else the header."""
    for stated in (body.get("retry_after"), headers.get("retry-after")):
        if stated is None:
            continue
        try:
            return max(0.0, float(stated))
        except (TypeError, ValueError):  # a date, or nonsense
            continue
    return None

"""GET /metrics: what was counted, as Prometheus scrapes it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ....messages.errors import SettingsError
from ...telemetry.prometheus import exposition
from ..answers import fresh_request_id
from ..faults import HttpFault
from ..insight import Insight
from ..waiting import unless_stopped


class MetricsRoute:
    """Answers scrapers.

    Args:
        insight: Looks at what is counted.
    """

    def __init__(self, insight: Insight) -> None:
        self._insight = insight

    async def metrics(self, request: Request) -> Response:
        """Answer in the format that the scraper accepts.

        Raises:
            HttpFault: 501, and what to install: Prometheus' client library is missing.
        """
        seen = await unless_stopped(self._insight.observe())
        try:
            body, media_type = exposition(seen, request.headers.get("accept", ""))
        except SettingsError as missing:
            raise HttpFault(501, missing) from missing
        request_id = fresh_request_id(request.scope["headers"]).decode()
        headers = {"content-type": media_type, "cache-control": "no-store", "x-request-id": request_id}
        return Response(body, headers=headers)

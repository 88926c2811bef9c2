"""GET /metrics: what was counted, as Prometheus scrapes it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ...telemetry.prometheus import exposition
from ..answers import fresh_request_id
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
            SettingsError: Prometheus' client library is missing.
        """
        seen = await unless_stopped(self._insight.observe())
        body, media_type = exposition(seen, request.headers.get("accept", ""))
        request_id = fresh_request_id(request.scope["headers"]).decode()
        headers = {"content-type": media_type, "cache-control": "no-store", "x-request-id": request_id}
        return Response(body, headers=headers)

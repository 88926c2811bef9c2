"""GET /openapi.json: the API described for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ..answers import fresh_request_id
from ..openapi import describe

if TYPE_CHECKING:
    from ..table import Row


class DescriptionRoute:
    """Describes routes.

    Args:
        rows: Which; its own may be added once it is made.
    """

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows

    async def describe(self, request: Request) -> Response:
        """Answer with the document."""
        headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
        return Response(orjson.dumps(describe(self.rows)), media_type="application/json", headers=headers)

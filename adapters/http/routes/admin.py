"""POST /api/llm/admin/reload: the settings are read anew."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ....messages.errors import InvalidRequestError, SettingsError, StartFailed
from ...dialects.native.errors import enveloped
from ..answers import fresh_request_id
from ..faults import HttpFault
from ..insight import Reload


class AdminRoutes:
    """What administrators may do over HTTP. Nothing that they send is taken for settings: those come from where they came from before.

    Args:
        reload: Reads the settings anew.
    """

    def __init__(self, reload: Reload) -> None:
        self._reload = reload

    async def reload(self, request: Request) -> Response:
        """Answer with what has changed.

        Raises:
            HttpFault: 409: they are wrong, and those that held still do.
        """
        try:
            report = await asyncio.to_thread(self._reload)
        except (SettingsError, StartFailed, InvalidRequestError) as refusal:
            error = InvalidRequestError(f"not reloaded, the settings are as before: {refusal}")
            raise HttpFault(HTTPStatus.CONFLICT, error) from refusal
        body: dict[str, Any] = {"applied": report.applied, "needs_restart": report.waiting}
        headers = {"x-request-id": fresh_request_id(request.scope["headers"]).decode()}
        return Response(enveloped(body), 200, headers, "application/json")

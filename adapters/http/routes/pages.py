"""GET /ui: the dashboard's pages. They hold no data: what they show, they ask for with the key that a person gives them."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ....messages.errors import NotFoundError
from ..answers import fresh_request_id
from ..ui.files import PAGE, files

# Nothing from elsewhere, nothing inline, nobody may frame it.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


class Pages:
    """Sends the dashboard's files, which are read once."""

    def __init__(self) -> None:
        self._files = files()

    async def page(self, request: Request) -> Response:
        """Send the page."""
        return self._sent(request, PAGE)

    async def file(self, request: Request) -> Response:
        """Send one of its files.

        Raises:
            NotFoundError: There is none of that name.
        """
        return self._sent(request, request.path_params["name"])

    def _sent(self, request: Request, name: str) -> Response:
        found = self._files.get(name)
        if found is None:
            raise NotFoundError(f"the dashboard has no file {name!r}")
        body, media_type = found
        request_id = fresh_request_id(request.scope["headers"]).decode()
        return Response(body, headers={**_HEADERS, "content-type": media_type, "x-request-id": request_id})

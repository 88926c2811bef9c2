"""Walks every request from the caller to an answer, one task each."""

from __future__ import annotations

from typing import Any

from ...messages.chat import Request, Response
from ...messages.routing import Infer, InferStream
from ...runtime import Actor, Sink, spawned
from ...runtime.envelope import current_ask
from .pipeline.flow import Flow, Services
from .pipeline.table import TABLE
from .pipeline.walk import walks


class Inference(Actor[Infer | InferStream]):
    """Takes every request through the steps of its caller's profile.

    Takes Infer and InferStream. Tells nobody itself: the steps do, and the connections report their attempts.
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._walks = walks(TABLE, services)

    @spawned
    async def on_infer(self, message: Infer) -> Response:
        """Answer a request."""
        return await self._answer(message.request, None)

    @spawned
    async def on_infer_stream(self, message: InferStream, sink: Sink) -> Response:
        """Answer a request piece by piece."""
        return await self._answer(message.request, sink)

    async def _answer(self, request: Request, sink: Sink | None) -> Response:
        flow = Flow(request, self._services, sink=sink, ask=current_ask.get())
        return await self._walks[flow.profile].answer(flow)

    def snapshot(self) -> dict[str, Any]:
        """Return the steps of each profile."""
        return {"steps": {str(profile): walk.names for profile, walk in self._walks.items()}}

"""Walks every request from the caller to an answer, one task each."""

from __future__ import annotations

import contextlib
from typing import Any, Final, TypeAlias

import attrs

from ...messages.base import Message
from ...messages.chat import Request, Response
from ...messages.errors import LegionError
from ...messages.hooks import HooksChanged
from ...messages.routing import Infer, InferStream
from ...messages.skills import SkillsChanged
from ...messages.tools import ToolsChanged, ToolsWanted
from ...runtime import Actor, Address, Sink, spawned
from ...runtime.envelope import current_ask
from .escalations import Escalations
from .finished import finished_of
from .pipeline.archive import Archive, Passage, PassagesWanted, passage_now
from .pipeline.flow import Flow, Services
from .pipeline.running import Running, RunningWanted, running_of
from .pipeline.table import TABLE
from .pipeline.walk import walks
from .skills.skillset import skillset_of
from .tools.toolset import Toolset

# Requests shown in a snapshot.
_SHOWN: Final = 10


@attrs.frozen(kw_only=True)
class InferenceReconfigured(Message[None]):
    """Take requests with these services from the next one on; what those before have left behind (answers to repeat, turns that wait) stays."""

    services: Services


Command: TypeAlias = (
    Infer
    | InferStream
    | PassagesWanted
    | RunningWanted
    | ToolsChanged
    | SkillsChanged
    | HooksChanged
    | InferenceReconfigured
)


class Inference(Actor[Command]):
    """Takes every request through the steps of its caller's profile.

    Takes Infer, InferStream, PassagesWanted and RunningWanted, ToolsChanged from the toolbox, SkillsChanged and HooksChanged
    from the host. Tells RequestFinished
    to the audit, once per request; the connections report their attempts.

    Args:
        services: What the steps find outside of a request.
        keep_timelines: Requests that have ended and are kept to be looked at.
    """

    def __init__(self, services: Services, *, keep_timelines: int = 1000) -> None:
        super().__init__()
        self._services = services
        self._walks = walks(TABLE, services)
        self._archive = Archive(keep_timelines)
        self._escalations = Escalations(services.clock.monotonic)
        # Added to and taken from by the requests' tasks, all on this loop.
        self._running: set[Flow] = set()

    async def on_start(self) -> None:
        """Hear which tools there are: after a restart nobody else would say so."""
        if self._services.toolbox is not None:
            self.spawn(self._hear_of_tools, self._services.toolbox)

    async def _hear_of_tools(self, toolbox: Address) -> None:
        with contextlib.suppress(LegionError):  # it is starting, or restarting: then it tells by itself
            self.tell_later(0.0, ToolsChanged(tools=await toolbox.ask(ToolsWanted())))

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
        self._running.add(flow)
        try:
            return await self._walks[flow.profile].answer(flow)
        finally:
            self._running.discard(flow)
            self._archive.add(flow)
            if flow.response is not None and flow.response.routing is not None and flow.response.routing.history:
                self._escalations.add(flow.response.routing.history)
            if self._services.audit is not None:
                self._services.audit.leave(finished_of(flow))

    def on_inference_reconfigured(self, message: InferenceReconfigured) -> None:
        """Take requests otherwise from now on; those under way go on as they began."""
        before = self._services
        self._services = attrs.evolve(
            message.services, repeats=before.repeats, workshop=before.workshop, pauses=before.pauses
        )
        self._walks = walks(TABLE, self._services)

    def on_tools_changed(self, message: ToolsChanged) -> None:
        """Offer these tools from the next request on."""
        self._services.workshop.tools = Toolset(message.tools)

    def on_skills_changed(self, message: SkillsChanged) -> None:
        """Run these skills from the next request on."""
        self._services.workshop.skills = skillset_of(message.skills, self._services.skills)

    def on_hooks_changed(self, message: HooksChanged) -> None:
        """Call these hooks from the next request on."""
        workshop = self._services.workshop
        workshop.before_hooks, workshop.after_hooks = message.before, message.after

    def on_passages_wanted(self, message: PassagesWanted) -> tuple[Passage, ...]:
        """Return the last requests that have ended, or one that is named, be it under way."""
        under_way = [flow for flow in self._running if flow.request.id == message.request_id]
        if under_way:
            return tuple(map(passage_now, under_way[: message.most]))
        return self._archive.last(message.most, message.request_id)

    def on_running_wanted(self, _message: RunningWanted) -> tuple[Running, ...]:
        """Return the requests that are under way."""
        return tuple(sorted(map(running_of, self._running), key=lambda each: -each.seconds))

    def snapshot(self) -> dict[str, Any]:
        """Return the steps of each profile, how long they took, the last requests, and the last moves from one target to another."""
        return {
            "steps": {str(profile): walk.names for profile, walk in self._walks.items()},
            "running": len(self._running),
            "kept": len(self._archive),
            "step_times": self._archive.step_times(),
            "escalations": self._escalations.describe(),
            "last": [_shown(passage) for passage in self._archive.last(_SHOWN)],
        }


def _shown(passage: Passage) -> dict[str, Any]:
    routing = passage.routing
    return {
        "request_id": passage.request_id,
        "trace_id": passage.trace_id,
        "caller": passage.caller,
        "profile": passage.profile,
        "outcome": passage.outcome,
        "error": passage.error,
        "target": None if routing is None else f"{routing.provider}/{routing.model}",
        "ms": round(passage.seconds * 1000, 3),
        "steps_ms": {name: round(seconds * 1000, 3) for name, seconds in passage.steps},
        "events": [attrs.asdict(event, filter=_is_told) for event in passage.events],
    }


def _is_told(_: object, value: object) -> bool:
    return value is not None and value not in ("", {})

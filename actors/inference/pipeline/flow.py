"""A request's own state on its way through the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from ....messages.caller import Profile
from ....messages.chat import Request, Response
from ....messages.routing import Resolution
from ....runtime import Address, Clock, Sink
from ....runtime.envelope import Envelope
from ....runtime.interruption import interruption
from .timeline import Timeline

_NO_DATA: Final[Mapping[str, Any]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Services:
    """What the steps find outside of a request: addresses, ports and settings. The same for all requests of a system.

    Attributes:
        router: Decides where a request goes.
        connection: The connection to a provider instance, by its name.
        clock: The system's clock.
        max_attempts: Attempts per exchange with a provider, at all targets together.
    """

    router: Address
    connection: Callable[[str], Address]
    clock: Clock
    max_attempts: int = 3


@attrs.frozen(kw_only=True)
class AuditEntry:
    """What a step decided about the request, for the record.

    Attributes:
        outcome: success, warning, or failure.
        detail: In words, without prompt text.
        at: Seconds since the request began.
        data: Numbers and short texts.
    """

    step: str
    outcome: str
    detail: str = ""
    at: float = 0.0
    data: Mapping[str, Any] = _NO_DATA


class Flow:
    """One request on its way. Owned by the request's task: nobody else touches it, so its steps may change it.

    Attributes:
        original: The request as the caller sent it.
        request: The request as the steps have made it; replaced, never changed.
        profile: Which steps it takes.
        services: What the steps find outside.
        sink: Where chunks go, or None where the answer is wanted whole.
        started: Monotonic moment at which it began.
        ask: The ask that is being answered: its deadline, and whether its caller still waits. None outside of an actor.
        resolution: What the router decided, once it has.
        response: The answer, once there is one.
        error: Why there will be none; set before the steps that close a failed request run.
        step: Name of the step that is running, or was the last to run.
        warnings: What was lost or changed, in words for people; they go out with the answer.
        enrichments: What steps have found out, under "source:type" keys ("confidence:score"), for later steps and for the caller.
        audit: What the steps decided, for the record.
        timeline: What happened.
        durations: (step, seconds) in the order in which they ran.
    """

    __slots__ = (
        "ask",
        "audit",
        "durations",
        "enrichments",
        "error",
        "now",
        "original",
        "profile",
        "request",
        "resolution",
        "response",
        "services",
        "sink",
        "started",
        "step",
        "timeline",
        "warnings",
    )

    def __init__(
        self, request: Request, services: Services, *, sink: Sink | None = None, ask: Envelope | None = None
    ) -> None:
        self.original = self.request = request
        self.profile: Profile = request.caller.profile
        self.services = services
        self.sink = sink
        self.now = services.clock.monotonic
        self.started = self.now()
        self.ask = ask
        self.resolution: Resolution | None = None
        self.response: Response | None = None
        self.error: BaseException | None = None
        self.step = ""
        self.warnings: list[str] = []
        self.enrichments: dict[str, Any] = {}
        self.audit: list[AuditEntry] = []
        self.timeline = Timeline(self.now, self.started)
        self.durations: list[tuple[str, float]] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the request began."""
        return self.now() - self.started

    def check(self) -> None:
        """Go on only for a caller that still waits.

        Raises:
            CancelledError: It gave up.
            DeadlineExceeded: Its deadline has passed.
        """
        ask = self.ask
        if ask is not None and (ask.deadline <= self.now() or (ask.reply_to is not None and ask.reply_to.cancelled)):
            raise interruption(ask)

    def warn(self, text: str) -> None:
        """Tell the caller of something that was lost or changed."""
        self.warnings.append(text)

    def note(self, outcome: str, detail: str = "", *, data: Mapping[str, Any] = _NO_DATA) -> None:
        """Write down what the running step decided."""
        self.audit.append(AuditEntry(step=self.step, outcome=outcome, detail=detail, at=self.elapsed, data=data))

"""A request's own state on its way through the pipeline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from ....messages.advice import Advice
from ....messages.audit import AuditEntry
from ....messages.caller import Profile
from ....messages.chat import ChatMessage, Request, Response, Trace
from ....messages.content import TextBlock
from ....messages.conversation import Context
from ....messages.knowledge import Knowledge
from ....messages.prices import PriceBook
from ....messages.routing import Resolution
from ....messages.settings import DebateSettings, RagSettings, SkillsSettings, ToolStickySettings, ToolTriggerSettings
from ....messages.settings.conversation import ConversationSettings
from ....messages.terms import Level
from ....messages.tool_memory import ToolsUsed
from ....messages.tools import Tool
from ....messages.unstreamed import chunks_of
from ....runtime import Address, Clock, Sink
from ....runtime.envelope import Envelope
from ....runtime.interruption import interruption
from ..attempts.attempts import Attempts
from ..governance.governance import Governance
from ..knowledge.guard import Evaluator
from ..knowledge.port import Advisor, Retriever
from ..quality.judge import JudgeConfig
from ..skills.port import SkillRunner
from ..tools.calls import CallRecord
from ..tools.history import Ran
from ..tools.limits import ToolLimits
from ..tools.pauses import Pauses
from ..workshop import Workshop
from .gate import Bar
from .repeats import Repeats
from .timeline import Timeline

_NO_DATA: Final[Mapping[str, Any]] = MappingProxyType({})
_NO_TOOLS: Final[Mapping[str, Tool]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Services:
    """What the steps find outside of a request: addresses, ports and settings. The same for all requests of a system.

    Attributes:
        router: Decides where a request goes.
        connection: The connection to a provider instance, by its name.
        clock: The system's clock.
        attempts: Makes the attempts of an exchange with a provider.
        repeats: The answers that requests with an idempotency key were given; None: such a key means nothing.
        assign_conversation_ids: Whether a request without a conversation begins one.
        governance: Who may do what, and what must not leave this machine.
        prices: What models cost; None: nobody knows.
        judging: What answers are judged by.
        scores_all: Whether every answer is scored.
        debate: Whether models argue about answers, and which.
        shadow: Compares answers with those of another model; None: nobody does. It is told of a `shadow_rate` of them, by `draw`: 0 to 1.
        health: Who hears of poor answers; None: nobody does.
        cache: Remembers answers; None: nobody does.
        audit: Who keeps the record of requests; None: nobody does.
        ledger: Who must have kept a request's attempts before it is answered; None: its answer does not wait for them.
        toolbox: Has tools run; None: there are none.
        workshop: Where the tools and skills are found that there are now.
        tool_limits: How far a model may go with them.
        tool_triggers: When tools that are not always at hand are offered.
        tool_sticky: How long those stay at hand in a conversation, and what it remembers of their runs.
        advisor: The host's own mind; None: there is none. A request waits for it for `advice_timeout` seconds.
        system_baseline: Instructions that every model is told; None: there are none.
        retriever: Knows something that requests do not say; None: nobody does.
        rag: When and how much of it a model is told.
        evaluators: The host's, by name: they say whether an answer keeps to it.
        learner: Who is told what answers say; None: nobody is.
        skills: Which skills are run, and how many.
        skill_runner: Knows what their steps do; None: nobody does.
        pauses: Turns that wait for their client's tools.
        conversations: Who remembers what was said; None: nobody does.
        conversation: How much of it a model is shown, and what becomes of a request where it cannot be read.
    """

    router: Address
    connection: Callable[[str], Address]
    clock: Clock
    attempts: Attempts
    repeats: Repeats | None = None
    assign_conversation_ids: bool = False
    governance: Governance = Governance()
    prices: PriceBook | None = None
    judging: JudgeConfig = JudgeConfig()
    scores_all: bool = False
    debate: DebateSettings = DebateSettings()
    shadow: Address | None = None
    shadow_rate: float = 0.0
    draw: Callable[[], float] = random.random
    health: Address | None = None
    cache: Address | None = None
    audit: Address | None = None
    ledger: Address | None = None
    toolbox: Address | None = None
    workshop: Workshop = attrs.field(factory=Workshop)
    tool_limits: ToolLimits = ToolLimits()
    tool_triggers: ToolTriggerSettings = ToolTriggerSettings()
    tool_sticky: ToolStickySettings = ToolStickySettings()
    advisor: Advisor | None = None
    advice_timeout: float = 2.0
    system_baseline: str | None = None
    retriever: Retriever | None = None
    rag: RagSettings = RagSettings()
    evaluators: Mapping[str, Evaluator] = MappingProxyType({})
    learner: Address | None = None
    skills: SkillsSettings = SkillsSettings()
    skill_runner: SkillRunner | None = None
    pauses: Pauses = attrs.field(factory=lambda: Pauses(time.monotonic))
    conversations: Address | None = None
    conversation: ConversationSettings = ConversationSettings()


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
        trace: Where the request stands in a trace; None until a step has looked.
        level: How secret the request is; None until a step has looked.
        bars: What steps have against some targets; whoever chooses targets asks them.
        is_tier_a_wish: Whether the request's tier is what suits it, and not what its caller wants.
        exchange_id: The exchange with a provider that is under way, or was the last; "" before the first.
        tools: The tools that the model is offered and we run, by the name under which it knows them.
        triggered: Deferred tools that the user's words call for.
        sticky: Deferred tools that an earlier turn of the conversation has called for.
        calls: The calls that were answered by us.
        ran: The same calls with what came of them, for the conversation's memory.
        used_tools: What of that the conversation shall remember; None for nothing.
        rounds: What went on between the caller's last message and the answer: the model's calls and their results.
        new_messages: How many of the request's last messages are new to its conversation; None where it has none.
        past: What is known of its conversation; None where it has none, or a new one.
        advice: What the host's mind advises, or None.
        knowledge: The entries of knowledge that the model is told.
        additions: What steps have to say before the user's last words; put there when all have spoken.
        kept_state: What parts of the conversation's state change with this turn, by name; None forgets one.
        follows: Id of the message that the new ones follow, where that is not the last one of the conversation; else None.
        said: The new messages, as they are kept; known before the provider is called.
        resolution: What the router decided, once it has.
        response: The answer, once there is one.
        answered_by: The step that had the answer without a provider, or None; see `answer_early`.
        error: Why there will be none; set before the steps that close a failed request run.
        step: Name of the step that is running, or was the last to run.
        warnings: What was lost or changed, in words for people; they go out with the answer.
        enrichments: What steps have found out, under "source:type" keys ("confidence:score"), for later steps and for the caller.
        audit: What the steps decided, for the record.
        timeline: What happened.
        durations: (step, seconds) in the order in which they ran.
    """

    __slots__ = (
        "_endings",
        "additions",
        "advice",
        "answered_by",
        "ask",
        "audit",
        "bars",
        "calls",
        "durations",
        "enrichments",
        "error",
        "exchange_id",
        "follows",
        "is_tier_a_wish",
        "kept_state",
        "knowledge",
        "level",
        "new_messages",
        "now",
        "original",
        "past",
        "profile",
        "ran",
        "request",
        "resolution",
        "response",
        "rounds",
        "said",
        "services",
        "sink",
        "started",
        "step",
        "sticky",
        "timeline",
        "tools",
        "trace",
        "triggered",
        "used_tools",
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
        self.trace: Trace | None = None
        self.level: Level | None = None
        self.bars: list[Bar] = []
        self.is_tier_a_wish = False
        self.exchange_id = ""
        self.tools: Mapping[str, Tool] = _NO_TOOLS
        if request.host_tools:
            self.tools = {tool.name: tool for tool in request.host_tools}
        self.triggered: tuple[Tool, ...] = ()
        self.sticky: tuple[Tool, ...] = ()
        self.calls: list[CallRecord] = []
        self.ran: list[Ran] = []
        self.used_tools: ToolsUsed | None = None
        self.rounds: list[ChatMessage] = []
        self.past: Context | None = None
        self.advice: Advice | None = None
        self.knowledge: tuple[Knowledge, ...] = ()
        self.additions: list[TextBlock] = []
        self.kept_state: dict[str, Any] = {}
        self.new_messages: int | None = None
        self.follows: str | None = None
        self.said: tuple[ChatMessage, ...] = ()
        self.resolution: Resolution | None = None
        self.response: Response | None = None
        self.answered_by: str | None = None
        self.error: BaseException | None = None
        self.step = ""
        self.warnings: list[str] = []
        self.enrichments: dict[str, Any] = {}
        self.audit: list[AuditEntry] = []
        self.timeline = Timeline(self.now, self.started)
        self.durations: list[tuple[str, float]] = []
        self._endings: list[Callable[[Flow], None]] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the request began."""
        return self.now() - self.started

    @property
    def told(self) -> tuple[str, ...]:
        """Every warning: those of the steps, and those that the answer brought from its provider's dialect."""
        said = () if self.response is None else self.response.warnings
        return tuple(dict.fromkeys((*self.warnings, *said))) if said else tuple(self.warnings)

    def check(self) -> None:
        """Go on only for a caller that still waits.

        Raises:
            CancelledError: It gave up.
            DeadlineExceeded: Its deadline has passed.
        """
        ask = self.ask
        if ask is not None and (ask.deadline <= self.now() or (ask.reply_to is not None and ask.reply_to.cancelled)):
            raise interruption(ask)

    async def answer_early(self, response: Response) -> None:
        """Answer without a provider: of the steps that follow, only those that must see every request are taken."""
        self.response = response
        self.answered_by = self.step
        if self.sink is not None:
            for chunk in chunks_of(response):
                await self.sink.send(chunk)

    def at_end(self, function: Callable[[Flow], None]) -> None:
        """Call `function` when the request has ended, however that is; the last one named is called first. It must not raise."""
        self._endings.append(function)

    def end(self) -> None:
        """The request has ended."""
        while self._endings:
            self._endings.pop()(self)

    def warn(self, text: str) -> None:
        """Tell the caller of something that was lost or changed."""
        self.warnings.append(text)

    def note(self, outcome: str, detail: str = "", *, data: Mapping[str, Any] = _NO_DATA) -> None:
        """Write down what the running step decided."""
        self.audit.append(AuditEntry(step=self.step, outcome=outcome, detail=detail, at=self.elapsed, data=data))

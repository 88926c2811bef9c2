"""A chat request, its response, and the chunks of a streamed one, in no vendor's words."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import attrs

from .attempt import AttemptRecord
from .caller import ANONYMOUS, Caller
from .catalogue import Capability, CatalogueState
from .content import (
    AudioBlock,
    Content,
    ContentBlock,
    Extra,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    text_of,
)
from .credentials import ProviderStage
from .debate import DebateTerms
from .definitions import ToolChoice as ToolChoice  # noqa: PLC0414 - most of the house knows these by this name
from .definitions import ToolDefinition as ToolDefinition  # noqa: PLC0414 - as above
from .definitions import tool_name as tool_name  # noqa: PLC0414 - as above
from .exclusion import Exclusion
from .ids import new_id as new_id  # noqa: PLC0414 - most of the house knows it by this name
from .limits import RateLimits
from .quality import ConfidenceTerms, Quality
from .reasons import Rejection
from .secret import Secret
from .target import Target
from .terms import Terms
from .tools import Tool

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
Priority: TypeAlias = Literal["critical", "high", "normal", "low"]

# In `Request.extra`: how a client wrote what has a name of ours, so that it goes out as it came. To others it says nothing new.
WRITTEN: Final = "legion.written"

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class StopReason(enum.StrEnum):
    """Why a model stopped; each dialect has a total table to and from its own words."""

    END_TURN = "end_turn"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_USE = "tool_use"
    REFUSAL = "refusal"
    PAUSE = "pause"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class ChatMessage:
    """One message of a conversation.

    Attributes:
        content: Text or blocks. A "tool" message holds `ToolResultBlock`s.
        id: Assigned by the store; None for a message that is only passing through.
    """

    role: Role = "user"
    content: Content = ""
    name: str | None = None
    id: str | None = None
    extra: Extra = attrs.field(factory=dict)

    @property
    def text(self) -> str:
        """The visible text."""
        return text_of(self.content)

    @property
    def blocks(self) -> tuple[ContentBlock, ...]:
        """The content as blocks; text becomes one block, empty text none."""
        if isinstance(self.content, str):
            return (TextBlock(text=self.content),) if self.content else ()
        return self.content

    @property
    def tool_calls(self) -> tuple[ToolUseBlock, ...]:
        """The tool calls, in order."""
        if isinstance(self.content, str):
            return ()
        return tuple([block for block in self.content if type(block) is ToolUseBlock])

    @property
    def thinking(self) -> str:
        """The readable reasoning, never part of `text`."""
        if isinstance(self.content, str):
            return ""
        return "".join([block.text for block in self.content if type(block) is ThinkingBlock])


@attrs.frozen(kw_only=True)
class Generation:
    """Sampling parameters; None leaves each to the provider.

    Attributes:
        temperature: 0 to 2.
        max_tokens: Most tokens to generate, at least 1.
        stop: Sequences at which to stop.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


@attrs.frozen(kw_only=True)
class ResponseFormat:
    """Shape of the answer: text, json_object, or json_schema with `schema`."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str = "response"
    schema: Mapping[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


@attrs.frozen(kw_only=True)
class Thinking:
    """Whether, and how hard, the model shall reason before it answers.

    Attributes:
        mode: off, on (with `budget_tokens`), or adaptive (the model decides).
        effort: minimal, low, medium, high, or a vendor's own word.
    """

    mode: Literal["off", "on", "adaptive"] = "on"
    budget_tokens: int | None = None
    effort: str | None = None


@attrs.frozen(kw_only=True)
class Escalation:
    """What shall happen when an answer is poor; None leaves each to the setting of the same name in `routing.escalation`.

    Attributes:
        enabled: Whether a poor answer is tried again elsewhere; None: if the settings say so, or anything else is set here.
        max_attempts: Attempts at most, poor answers and failures together, at least 1.
        quality_threshold: Least length of an answer in characters, at least 0.
        json_expected: Whether an answer that is not JSON is poor.
    """

    enabled: bool | None = None
    max_attempts: int | None = None
    quality_threshold: int | None = None
    json_expected: bool = False


@attrs.frozen(kw_only=True)
class Trace:
    """Where a request stands in a distributed trace (W3C trace context).

    Attributes:
        trace_id: 32 hex digits.
        span_id: 16 hex digits, of this request.
        parent_id: Span that caused it, or None.
        correlation_id: The caller's own id for what belongs together, or None.
        sampled: Whether the caller records this trace.
        baggage: What travels along.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None
    correlation_id: str | None = None
    sampled: bool = True
    baggage: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Request:
    """What a caller wants.

    Attributes:
        id: "req_" and 24 hex digits.
        model: Model name, or None ("auto") to let the router choose.
        provider: Provider ("openai") or instance ("openai/eu") to pin, or None.
        tier: local, fleet, openai_compat, cloud or frontier, or None.
        tools: None lets the gateway inject its defaults, () means no tools at all.
        dialect: Dialect that the client spoke ("openai.chat"), or None for a host's call.
        extra: Parameters of that dialect we have no name for; forwarded to providers of the same dialect.
        include_usage: Whether the client asked for usage in a stream; None for a host's call (usage is always collected).
        timeout: Seconds the caller gives the whole request; None takes the setting `request_timeout`.
        caller: Who asks, as the side that let the request in knows it.
        intent: What matters to the caller ({"privacy": "strict", "cost": "minimize"}); the rules of routing are matched with it.
        exclude: Targets that shall not be chosen.
        escalation: What happens when an answer is poor; None leaves it to the settings.
        confidence: What the caller knows, or wants, of the score of the answer; None for nothing.
        debate: What it says of a debate about the answer; None leaves it to the settings.
        idempotency_key: Requests of one caller with the same key are answered once, or None.
        priority: critical, high, normal or low.
        affinity: Requests with the same key prefer the same target, for its prompt cache; None for no preference.
        rescue: Whether a stream that breaks off after its first content may be gone on with by another target; None leaves it to the setting
            `routing.rescue.enabled`.
        continues: Whether the last message is an answer that its model has not finished and shall go on with; such requests are made for
            targets that declare it.
        compress_level: How much the prompt may be shortened, 0 (not at all) to 3; None leaves it to the rule that routes it.
        trace: Where it stands in a distributed trace, or None.
        allowed_models: Patterns ("gpt-*") of which the model that answers must match one; None: any model.
        terms: What its caller asks of the gateway itself, or None.
        own_key: A key of the caller's own, which the provider that the setting `api.pass_through` names is shown instead of ours; None: ours.
        host_tools: Tools that the host gives to this request alone, and runs; their definitions are among `tools`.
    """

    messages: tuple[ChatMessage, ...]
    id: str = attrs.field(factory=lambda: new_id("req_"))
    model: str | None = None
    provider: str | None = None
    tier: str | None = None
    system: Content | None = None
    tools: tuple[ToolDefinition, ...] | None = None
    tool_choice: ToolChoice | None = None
    generation: Generation = attrs.field(factory=Generation)
    response_format: ResponseFormat | None = None
    thinking: Thinking | None = None
    stream: bool = False
    include_usage: bool | None = None
    dialect: str | None = None
    timeout: float | None = None
    conversation_id: str | None = None
    caller: Caller = ANONYMOUS
    intent: Mapping[str, str] = attrs.field(factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    escalation: Escalation | None = None
    confidence: ConfidenceTerms | None = None
    debate: DebateTerms | None = None
    idempotency_key: str | None = None
    priority: Priority = "normal"
    affinity: str | None = None
    rescue: bool | None = None
    continues: bool = False
    compress_level: int | None = None
    trace: Trace | None = None
    allowed_models: tuple[str, ...] | None = None
    terms: Terms | None = None
    own_key: Secret | None = attrs.field(default=None, repr=False)
    host_tools: tuple[Tool, ...] = ()
    metadata: Extra = attrs.field(factory=dict)
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Usage:
    """Tokens of one answer, in buckets that do not overlap.

    Attributes:
        uncached_input: Prompt tokens that were read anew.
        cache_read: Prompt tokens served from the provider's cache.
        cache_write: Prompt tokens written into it.
        visible_output: Tokens of the answer itself.
        reasoning: Tokens spent on thinking.
        audio_input: Prompt tokens of sound, read anew, where the provider counts them apart.
        image_input: Likewise of pictures.
        audio_output: Generated tokens of sound, where the provider counts them apart.
        image_output: Likewise of pictures.
        source: reported (by the provider), estimated (by us), or partial (the answer was cut before its usage arrived, or the buckets do not add
            up to the total that the provider states).
        cost_usd: What the provider says that this answer costs, in US dollars, or None where it does not say.
    """

    uncached_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    visible_output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    image_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    source: Literal["reported", "estimated", "partial"] = "reported"
    cost_usd: float | None = None

    @property
    def input_tokens(self) -> int:
        """All prompt tokens: uncached + cache read + cache write + sound + pictures."""
        return self.uncached_input + self.cache_read + self.cache_write + self.audio_input + self.image_input

    @property
    def output_tokens(self) -> int:
        """All generated tokens: visible + reasoning + sound + pictures."""
        return self.visible_output + self.reasoning + self.audio_output + self.image_output

    @property
    def total_tokens(self) -> int:
        """Input + output."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """Return the sum, bucket by bucket; it is reported only where both are, and has a cost only where that of all its tokens is known."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _BUCKETS}
        source = other.source if self.source == "reported" else self.source
        return Usage(**sums, source=source, cost_usd=_sum_of_costs(self, other))


_BUCKETS: Final = tuple(field.name for field in attrs.fields(Usage) if field.name not in {"source", "cost_usd"})


def _sum_of_costs(*usages: Usage) -> float | None:
    with_cost = [usage.cost_usd for usage in usages if usage.cost_usd is not None]
    is_known = all(usage.cost_usd is not None or usage.total_tokens == 0 for usage in usages)
    return sum(with_cost) if with_cost and is_known else None


@attrs.frozen(kw_only=True)
class RoutingInfo:
    """How the answer came about.

    Attributes:
        provider: Provider instance that answered ("openai" or "openai/eu").
        model: Model that answered.
        tier: Its tier.
        strategy: explicit (the caller named provider, tier or model), rule, arbitrage (the cheapest), default (the settings' provider or model), or
            auto (the first there is).
        rule: Name of the rule that sent the request to the target that answered, or None.
        rejected: What the router considered and left out; `str()` of one says why.
        attempts: Number of attempts that were made, this one included; one that was refused before it was sent counts too.
        chain: Every attempt in order, "instance/model: outcome".
        latency_ms: From the start of the request to its end, in milliseconds.
        history: Every attempt in order, in full; () where one was enough (see `Response.escalation_history`).
        candidates: Where it might have gone, best first, as the router saw it.
        rescue: "continued" or "joined" where another target went on with a stream that had broken off after its first content; else None.
        hedged: Whether a second attempt was made beside a slow one.
    """

    provider: str
    model: str
    tier: str
    strategy: str = "explicit"
    rule: str | None = None
    rejected: tuple[Rejection, ...] = ()
    attempts: int = 1
    chain: tuple[str, ...] = ()
    latency_ms: float = 0.0
    history: tuple[AttemptRecord, ...] = ()
    candidates: tuple[Target, ...] = ()
    rescue: Literal["continued", "joined"] | None = None
    hedged: bool = False


@attrs.frozen(kw_only=True)
class Response:
    """A model's answer.

    Attributes:
        id: The provider's id of the answer, or "resp_" and 24 hex digits.
        created: Unix seconds.
        model: Model as the provider names it.
        stop_sequence: The sequence that was met, where the provider tells.
        warnings: What was lost or changed on the way, in words for people.
        conversation_id: The conversation it belongs to, or None.
        cached: Whether it was given before, to the same request; its usage is that of then, and this time nothing was used.
        trace: Where the request stood in a trace, or None for one that took no step (a sub-call).
        rate_limit: What the provider says is left of its limits, or None.
        enrichments: What the pipeline's steps have found out, under "source:type" keys ("confidence:score").
        quality: How good the answer is, where that was looked at; None for a turn of tool calls.
        logprobs: Natural logarithm of the probability of each token, where that was asked for and told; else ().
        extra: Fields of the provider's dialect we have no name for; `extra_dialect` tells which dialect.
    """

    message: ChatMessage
    id: str = attrs.field(factory=lambda: new_id("resp_"))
    request_id: str = ""
    model: str = ""
    created: int = 0
    stop_reason: StopReason = StopReason.END_TURN
    stop_sequence: str | None = None
    usage: Usage = attrs.field(factory=Usage)
    routing: RoutingInfo | None = None
    warnings: tuple[str, ...] = ()
    conversation_id: str | None = None
    cached: bool = False
    trace: Trace | None = None
    rate_limit: RateLimits | None = None
    enrichments: Mapping[str, Any] = EMPTY
    quality: Quality | None = None
    logprobs: tuple[float, ...] = ()
    extra: Extra = attrs.field(factory=dict)
    extra_dialect: str | None = None

    @property
    def text(self) -> str:
        """The visible text of the answer."""
        return self.message.text

    @property
    def tool_calls(self) -> tuple[ToolUseBlock, ...]:
        """The tool calls of the answer."""
        return self.message.tool_calls

    @property
    def escalated(self) -> bool:
        """Whether more than one attempt was made."""
        return self.routing is not None and self.routing.attempts > 1

    @property
    def escalation_history(self) -> tuple[AttemptRecord, ...]:
        """Every attempt in order, the one that answered last; () for an answer that was not routed."""
        routing = self.routing
        if routing is None or routing.history:
            return () if routing is None else routing.history
        only = AttemptRecord(
            provider=routing.provider, model=routing.model, tier=routing.tier, duration_ms=routing.latency_ms
        )
        return (only,)

    @property
    def escalation_chain(self) -> tuple[str, ...]:
        """Where it might have gone, best first, as "instance/model"."""
        return () if self.routing is None else tuple(map(str, self.routing.candidates))

    @property
    def final_resolution(self) -> str | None:
        """Where the answer came from, as "instance/model"; None for an answer that was not routed."""
        return None if self.routing is None else f"{self.routing.provider}/{self.routing.model}"


class ChunkKind(enum.StrEnum):
    """What a chunk says. Blocks open, grow and close; `block` is the key that ties the three together."""

    START = "start"  # the provider began to answer: id and model are known
    BLOCK_START = "block_start"  # a text, thinking or tool_use block opens
    DELTA = "delta"  # the block grows by `delta`
    BLOCK_STOP = "block_stop"  # the block is complete
    USAGE = "usage"  # tokens so far
    END = "end"  # the model stopped: `stop_reason` says why


BlockKind: TypeAlias = Literal["text", "thinking", "tool_use", "opaque"]


@attrs.frozen(kw_only=True)
class Begun:
    """Who has begun to answer, and what it belongs to: all that is known before the answer is complete.

    Attributes:
        routing: How it came about so far; None where nobody knows.
        conversation_id: The conversation it belongs to, or None.
    """

    routing: RoutingInfo | None = None
    conversation_id: str | None = None


@attrs.frozen(kw_only=True)
class Chunk:
    """One event of a streamed answer.

    Attributes:
        block: Key of the block, unique within the answer, counted from 0 in order of opening.
        block_kind: Kind of that block, set on BLOCK_START, DELTA and BLOCK_STOP.
        delta: On DELTA: text, reasoning, or a fragment of the call's JSON arguments, by `block_kind`.
        signature: On DELTA of a thinking block: the vendor's signature, or None.
        tool_id: On BLOCK_START of a tool_use block: the call's id.
        tool_name: Likewise its name.
        origin: On a chunk that carries a signature: provider instance that signed, or None while nobody knows.
        content: The block as a whole. On BLOCK_START of one that does not grow (encrypted reasoning, a picture, a vendor's own); on BLOCK_STOP of a
            thinking block of which the provider says at its end what no delta could (an encrypted form): then it stands for what was collected.
        usage: On USAGE and, where the provider sends it there, on END.
        raw: The event as the provider wrote it, to be relayed as it is to a client of the same dialect; see `raw_dialect`.
            An event that yields several chunks carries `raw` on the first of them and b"" on the others.
        begun: On the first chunk that a caller sees: where it comes from; else None. It is no part of what is said.
    """

    kind: ChunkKind
    block: int = 0
    block_kind: BlockKind | None = None
    delta: str = ""
    signature: str | None = None
    origin: str | None = None
    tool_id: str | None = None
    tool_name: str | None = None
    content: ThinkingBlock | OpaqueBlock | ImageBlock | AudioBlock | None = None
    usage: Usage | None = None
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None
    id: str | None = None
    model: str | None = None
    raw: bytes | None = None
    raw_dialect: str | None = None
    begun: Begun | None = attrs.field(default=None, eq=False)

    @property
    def text(self) -> str:
        """The visible text that this chunk adds; "" for every other kind of chunk."""
        return self.delta if self.block_kind == "text" and self.kind is ChunkKind.DELTA else ""

    @property
    def is_content(self) -> bool:
        """Whether this chunk shows the caller something, so that another answer can no longer silently take its place."""
        return (self.kind is ChunkKind.DELTA and bool(self.delta)) or (
            self.kind is ChunkKind.BLOCK_START and self.block_kind == "tool_use"
        )


@attrs.frozen(kw_only=True)
class ModelInfo:
    """A model that can be asked for.

    Attributes:
        id: Name of the model.
        provider: Provider instance that serves it.
        tier: Tier of that instance.
        context_window: Tokens, or None when unknown.
        created: Unix seconds, or 0 when unknown.
        capabilities: What it is known to do, in alphabetical order; what is not among them it may lack, or nobody knows.
        family: Architecture, or None when unknown.
        size_bytes: Of its weights, or None when unknown.
        loaded: Whether it is in memory now, or None when unknown.
        catalogue: How far the list can be trusted that it stands in.
    """

    id: str
    provider: str
    tier: str
    context_window: int | None = None
    created: int = 0
    capabilities: tuple[Capability, ...] = ()
    family: str | None = None
    size_bytes: int | None = None
    loaded: bool | None = None
    catalogue: CatalogueState = CatalogueState.NEVER_FETCHED


@attrs.frozen(kw_only=True)
class ProviderInfo:
    """A provider instance and how it is doing.

    Attributes:
        state: closed (healthy), open (put aside) or half_open (being probed).
        retry_after: Seconds until an open circuit is probed, or None.
        catalogue: How far the list of its models can be trusted; never_fetched where the settings name them, or discovery is off.
        models: Number of models that it is known to have.
        stage: How far it has come: configured, usable, verified or disabled.
        reason: Why it stands there, for people; "" where there is nothing to say.
        credential: Where its credential comes from, or None without one.
    """

    name: str
    kind: str
    tier: str
    default_model: str | None
    state: str
    retry_after: float | None = None
    catalogue: CatalogueState = CatalogueState.NEVER_FETCHED
    models: int = 0
    stage: ProviderStage = ProviderStage.USABLE
    reason: str = ""
    credential: str | None = None

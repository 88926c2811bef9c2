"""The root of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from .access import RbacSettings
from .api import ApiSettings
from .assignment import TierAssignmentSettings
from .audit import AuditSettings
from .batch import BatchSettings, SchedulingSettings
from .budgets import BudgetSettings
from .checks import EMPTY, above, between, fault, frozen_mapping, names, nearest, not_blank
from .compliance import ComplianceSettings
from .conversation import ConversationSettings
from .counting import CountingSettings
from .daemon import DaemonSettings
from .debate import DebateSettings
from .debug import DebugSettings
from .discovery import DiscoverySettings
from .embedding import EmbeddingSettings
from .escalation import ConfidenceSettings, QualitySettings
from .events import EventSettings
from .families import FAMILIES, KINDS, Kind, api_root
from .fleet import FleetSettings
from .learning import LearningSettings
from .metering import MeteringSettings
from .personal import ClaudeCliSettings, CodexSettings
from .pipeline import PipelineSettings
from .pricing import PriceSettings
from .prompt_caching import PromptCachingSettings
from .provider import ProviderBlock, ProviderSettings
from .rag import RagSettings
from .references import check_instance, check_references
from .response_cache import ResponseCacheSettings
from .routing import ArbitrageSettings, RoutingSettings
from .rules import AliasSettings, alias_of
from .sections import RuntimeSettings
from .shadow import ShadowSettings
from .skills import SkillsSettings
from .store import StoreSettings
from .structured import StructuredSettings
from .telemetry import TelemetrySettings
from .tools import McpSettings, ToolLoopSettings, ToolStickySettings, ToolTriggerSettings
from .vault import VaultSettings
from .verification import VerificationSettings

# What some kinds alone are shown.
_READ_BY: Final[Mapping[str, tuple[Kind, ...]]] = {
    "secret_key": ("bedrock",),
    "session_token": ("bedrock",),
    "bearer_token": ("azure", "bedrock"),
    "region": ("bedrock",),
}


def _aliases(stated: Mapping[str, AliasSettings | str]) -> Mapping[str, AliasSettings]:
    return frozen_mapping({name: alias_of(alias) for name, alias in stated.items()})


@attrs.frozen(kw_only=True)
class Settings:
    """Everything that can be configured: an immutable snapshot, checked when it is made.

    Attributes:
        enabled: False: the system starts, but refuses every request. Default True.
        default_model: Model for requests that name none, or None to let the router choose. Default None.
        default_provider: Provider or instance ("openai", "openai/eu") for requests that name none, or None. Default None.
        request_timeout: Seconds from the arrival of a request to its end, attempts and waiting included (above 0). Default 600.0.
        max_attempts: Attempts per request, at all targets together (1 to 100). Default 3.
        providers: Blocks by provider name.
        enterprise_privacy: True: nothing is sent to the tiers openai_compat, cloud and frontier, whatever anybody asks for. The environment
            variable LEGION_ENTERPRISE_PRIVACY=true switches it on, too. Default False.
        aliases: What model names of the user's own stand for.
        routing: How a target is chosen.
        discovery: How models and memory are found out.
        arbitrage: When the cheapest model is chosen.
        verification: How credentials are tried.
        vault: Where "vault://" references are looked up.
        claude_cli: Credentials that Claude's command line keeps.
        codex: Credentials that the Codex command line keeps.
        pricing: Prices by model name or "instance/model", where they differ from the vendors' lists or no list has them.
        quality: Which of the checks an answer can fail.
        confidence: How much an answer is trusted.
        response_cache: Answers that may be given again.
        events: What is told outside, at RabbitMQ.
        fleet: How models on other machines are reached, and served to others.
        daemon: Another gateway, which `legion.ask` asks first.
        debate: Whether models argue about an answer.
        shadow: Whether some requests are also asked of another model, to compare.
        debug: The debug port.
        api: The HTTP API.
        runtime: The actor runtime.
        metering: The record of what was used.
        budgets: What may be spent.
        pipeline: What the pipeline remembers of requests.
        rbac: Who may use the gateway.
        compliance: What becomes of texts that hold personal or medical data.
        max_tool_rounds: Rounds in which a model may call tools of ours, per request (at least 0). Default 200.
        tool_loop: How far a model may go with them beside that.
        tool_trigger: When tools that are not always at hand are offered.
        tool_sticky: How long they stay at hand in a conversation.
        system_baseline: Instructions that every model is told before its caller's, or None. Default None.
        rag: When and how much of what the host's retriever knows a model is told.
        learning: What the host's learner is told.
        prompt_caching: When what stays the same of a prompt is marked for a provider's cache.
        skills: Which skills there are, and when they are run.
        mcp: MCP servers, whose tools the gateway offers.
        tier_assignment: Which tier suits a request that names none.
        embedding: How texts become vectors.
        counting: How the length of a prompt is found before it is sent.
        structured: How answers that must fit a schema are got.
        audit: The record of who asked for what, and how it ended.
        conversation: What is remembered of conversations, and how much of it a model is shown.
        telemetry: What is counted and traced for those who watch.
        batch: How requests that need no answer now are worked on.
        scheduling: When they wait for the end of the peak.
        store: Where ledger, audit, conversations and batches are kept.

    Raises:
        SettingsError: A value is out of range, or values contradict each other; `path` says where.
    """

    enabled: bool = True
    default_model: str | None = attrs.field(default=None, validator=not_blank)
    default_provider: str | None = attrs.field(default=None, validator=not_blank)
    request_timeout: float = attrs.field(default=600.0, validator=above(0, unit="s"))
    max_attempts: int = attrs.field(default=3, validator=between(1, 100))
    providers: Mapping[str, ProviderSettings] = attrs.field(default=EMPTY, converter=frozen_mapping, validator=names)
    enterprise_privacy: bool = False
    aliases: Mapping[str, AliasSettings] = attrs.field(default=EMPTY, converter=_aliases)
    routing: RoutingSettings = RoutingSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    arbitrage: ArbitrageSettings = ArbitrageSettings()
    verification: VerificationSettings = VerificationSettings()
    vault: VaultSettings = VaultSettings()
    claude_cli: ClaudeCliSettings = ClaudeCliSettings()
    codex: CodexSettings = CodexSettings()
    pricing: Mapping[str, PriceSettings] = attrs.field(default=EMPTY, converter=frozen_mapping)
    quality: QualitySettings = QualitySettings()
    confidence: ConfidenceSettings = ConfidenceSettings()
    response_cache: ResponseCacheSettings = ResponseCacheSettings()
    events: EventSettings = EventSettings()
    fleet: FleetSettings = FleetSettings()
    daemon: DaemonSettings = DaemonSettings()
    debate: DebateSettings = DebateSettings()
    shadow: ShadowSettings = ShadowSettings()
    debug: DebugSettings = DebugSettings()
    api: ApiSettings = ApiSettings()
    runtime: RuntimeSettings = RuntimeSettings()
    metering: MeteringSettings = MeteringSettings()
    budgets: tuple[BudgetSettings, ...] = ()
    pipeline: PipelineSettings = PipelineSettings()
    rbac: RbacSettings = RbacSettings()
    compliance: ComplianceSettings = ComplianceSettings()
    tier_assignment: TierAssignmentSettings = TierAssignmentSettings()
    max_tool_rounds: int = attrs.field(default=200, validator=between(0))
    tool_loop: ToolLoopSettings = ToolLoopSettings()
    tool_trigger: ToolTriggerSettings = ToolTriggerSettings()
    tool_sticky: ToolStickySettings = ToolStickySettings()
    system_baseline: str | None = attrs.field(default=None, validator=not_blank)
    rag: RagSettings = RagSettings()
    learning: LearningSettings = LearningSettings()
    prompt_caching: PromptCachingSettings = PromptCachingSettings()
    skills: SkillsSettings = SkillsSettings()
    mcp: McpSettings = McpSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    counting: CountingSettings = CountingSettings()
    structured: StructuredSettings = StructuredSettings()
    audit: AuditSettings = AuditSettings()
    conversation: ConversationSettings = ConversationSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    batch: BatchSettings = BatchSettings()
    scheduling: SchedulingSettings = SchedulingSettings()
    store: StoreSettings = StoreSettings()

    def __attrs_post_init__(self) -> None:
        for name, path, block in _blocks(self.providers):
            _check_block(name, path, block)
        check_references(self.providers, self.default_provider, self.routing, self.aliases)
        check_instance(self.providers, "api.pass_through", self.api.pass_through)


def _blocks(providers: Mapping[str, ProviderSettings]) -> Iterator[tuple[str, str, ProviderBlock]]:
    for name, provider in providers.items():
        yield name, f"providers.{name}", provider
        for instance, block in provider.instances.items():
            yield name, f"providers.{name}.instances.{instance}", block


def _check_block(name: str, path: str, block: ProviderBlock) -> None:
    kind = kind_of(name, block, path=path)
    family = FAMILIES[kind]
    if family.is_foreign and block.plugin is None:
        raise fault(f"{path}.plugin", "a provider of kind plugin needs one: name it")
    if block.plugin is not None and not family.is_foreign:
        raise fault(f"{path}.plugin", f"a provider of kind {kind} is no plug-in's: leave out one of the two")
    _refuse_unread(kind, path, block)
    if block.base_url is None:
        return
    if not family.speaks_http:
        raise fault(f"{path}.base_url", f"a provider of kind {kind} has no URL")
    api_root(block.base_url, kind, path=f"{path}.base_url")


def _refuse_unread(kind: Kind, path: str, block: ProviderBlock) -> None:
    """A credential that nobody would show is a mistake, and is not left lying about."""
    for name, kinds in _READ_BY.items():
        if getattr(block, name) is not None and kind not in kinds:
            raise fault(f"{path}.{name}", f"a provider of kind {kind} does not read it, only {' and '.join(kinds)}")


def kind_of(name: str, block: ProviderBlock, *, path: str = "") -> Kind:
    """Return the family of the provider `name`.

    Raises:
        SettingsError: The block states no kind and the name is no family.
    """
    if block.kind is not None:
        return block.kind
    if block.plugin is not None:
        return "plugin"
    for kind in KINDS:
        if kind == name:
            return kind
    raise fault(f"{path}.kind", f"{name!r} is no kind of provider: state one; {nearest(name, KINDS)}")

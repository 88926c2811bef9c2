"""Settings: frozen values with every default, unit and range, and what follows from them alone.

Reading files and the environment is `adapters.settings`' matter.
"""

from __future__ import annotations

from .access import AllowSettings, RbacSettings
from .adaptive import AdaptiveSettings
from .api import ApiSettings, KeySettings, TlsSettings
from .assignment import RoleSettings, TierAssignmentSettings
from .audit import AuditSettings
from .batch import BatchSettings, SchedulingSettings
from .budgets import BudgetSettings, all_budgets
from .checks import is_header_value, nearest
from .compliance import ComplianceSettings
from .conversation import ConversationSettings, CurationSettings
from .counting import CountingSettings
from .daemon import DaemonSettings
from .debate import DebateSettings
from .debug import DebugSettings
from .discovery import DiscoverySettings
from .embedding import USUAL_DIMENSION, EmbeddingSettings, PrefixSettings
from .escalation import (
    BandSettings,
    ConfidenceSettings,
    EscalationSettings,
    HedgingSettings,
    QualitySettings,
    RescueSettings,
)
from .events import EventSettings
from .families import FAMILIES, KINDS, Family, Kind, Tier, api_root
from .fleet import FleetSettings, FleetTimeoutSettings, FleetWorkerSettings, RabbitSettings
from .instances import DEFAULT_INSTANCE, InstanceSettings, expand_instances, setting_path
from .learning import LearningSettings, ReflectionSettings
from .limits import LimitSettings, ModelLimitSettings
from .metering import MeteringSettings
from .personal import ClaudeCliSettings, CodexSettings
from .pipeline import PipelineSettings
from .pricing import PriceSettings
from .prompt_caching import PromptCachingSettings
from .provider import (
    DemoFailure,
    DemoSettings,
    ProviderBlock,
    ProviderSettings,
    TimeoutSettings,
    TransportKind,
    WireApi,
)
from .rag import RagGuardSettings, RagSettings
from .response_cache import ResponseCacheSettings
from .retries import DEFAULT_RULES, RetryBudgetSettings, RetryRule, RetrySettings
from .root import Settings
from .routing import TIERS, ArbitrageSettings, RoutingSettings, TierSettings, TiersSettings
from .rules import AliasSettings, Constraint, FallbackSettings, PlaceSettings, RuleSettings
from .schedule import ScheduleSettings
from .sections import (
    CircuitBreakerSettings,
    HealthSettings,
    RuntimeSettings,
)
from .shadow import ShadowSettings
from .skills import SkillsSettings
from .store import IN_MEMORY, StoreSettings, is_server
from .structured import StructuredSettings
from .telemetry import TelemetrySettings
from .tools import McpServerSettings, McpSettings, ToolLoopSettings, ToolStickySettings, ToolTriggerSettings
from .vault import VaultSettings
from .verification import VerificationSettings

__all__ = [
    "DEFAULT_INSTANCE",
    "DEFAULT_RULES",
    "FAMILIES",
    "IN_MEMORY",
    "KINDS",
    "TIERS",
    "USUAL_DIMENSION",
    "AdaptiveSettings",
    "AliasSettings",
    "AllowSettings",
    "ApiSettings",
    "ArbitrageSettings",
    "AuditSettings",
    "BandSettings",
    "BatchSettings",
    "BudgetSettings",
    "CircuitBreakerSettings",
    "ClaudeCliSettings",
    "CodexSettings",
    "ComplianceSettings",
    "ConfidenceSettings",
    "Constraint",
    "ConversationSettings",
    "CountingSettings",
    "CurationSettings",
    "DaemonSettings",
    "DebateSettings",
    "DebugSettings",
    "DemoFailure",
    "DemoSettings",
    "DiscoverySettings",
    "EmbeddingSettings",
    "EscalationSettings",
    "EventSettings",
    "FallbackSettings",
    "Family",
    "FleetSettings",
    "FleetTimeoutSettings",
    "FleetWorkerSettings",
    "HealthSettings",
    "HedgingSettings",
    "InstanceSettings",
    "KeySettings",
    "Kind",
    "LearningSettings",
    "LimitSettings",
    "McpServerSettings",
    "McpSettings",
    "MeteringSettings",
    "ModelLimitSettings",
    "PipelineSettings",
    "PlaceSettings",
    "PrefixSettings",
    "PriceSettings",
    "PromptCachingSettings",
    "ProviderBlock",
    "ProviderSettings",
    "QualitySettings",
    "RabbitSettings",
    "RagGuardSettings",
    "RagSettings",
    "RbacSettings",
    "ReflectionSettings",
    "RescueSettings",
    "ResponseCacheSettings",
    "RetryBudgetSettings",
    "RetryRule",
    "RetrySettings",
    "RoleSettings",
    "RoutingSettings",
    "RuleSettings",
    "RuntimeSettings",
    "ScheduleSettings",
    "SchedulingSettings",
    "Settings",
    "ShadowSettings",
    "SkillsSettings",
    "StoreSettings",
    "StructuredSettings",
    "TelemetrySettings",
    "Tier",
    "TierAssignmentSettings",
    "TierSettings",
    "TiersSettings",
    "TimeoutSettings",
    "TlsSettings",
    "ToolLoopSettings",
    "ToolStickySettings",
    "ToolTriggerSettings",
    "TransportKind",
    "VaultSettings",
    "VerificationSettings",
    "WireApi",
    "all_budgets",
    "api_root",
    "expand_instances",
    "is_header_value",
    "is_server",
    "nearest",
    "setting_path",
]

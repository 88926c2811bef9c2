"""Legion LLM: an LLM router and gateway that lives inside a host process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .actors.inference.governance.access import Access, Verdict
from .actors.inference.knowledge.port import Advisor, Retriever
from .actors.learner.port import Learner
from .actors.toolbox.overrides import OverrideStore
from .adapters.facade import Legion
from .adapters.host.host import Host
from .adapters.host.logs import JsonLogFormatter, RequestIdFilter
from .adapters.host.mixin import UsesLegion
from .adapters.host.session import Session
from .adapters.knowledge.sqlite import SqliteKnowledge
from .adapters.launch import start
from .adapters.skills.skill import Skill
from .adapters.tools.context import ToolContext
from .adapters.tools.marks import tool
from .messages.advice import Advice
from .messages.attempt import AttemptRecord
from .messages.budget import BudgetState
from .messages.caller import Caller, Profile
from .messages.chat import (
    ChatMessage,
    Chunk,
    ChunkKind,
    Escalation,
    Generation,
    ModelInfo,
    ProviderInfo,
    Request,
    Response,
    ResponseFormat,
    RoutingInfo,
    StopReason,
    Thinking,
    ToolChoice,
    ToolDefinition,
    Trace,
    Usage,
)
from .messages.content import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from .messages.conversation import Conversation, NewMessage, Page, StoredMessage
from .messages.counting import TokenCount
from .messages.daemon import AskResult
from .messages.decision import Decision
from .messages.embedding import Embedding, EmbedRequest, EmbedResponse
from .messages.errors import (
    AccessDeniedError,
    AccountError,
    ActorCrashed,
    ActorStopped,
    AskCycle,
    AuthError,
    BudgetExceeded,
    CallerLimitError,
    CancelledError,
    ContentRefusedError,
    ContextOverflow,
    DaemonDeniedError,
    DaemonRateLimitedError,
    DeadlineExceeded,
    EmbeddingUnavailableError,
    EscalationExhausted,
    ForkedProcess,
    HostError,
    InvalidRequestError,
    InvalidSkill,
    LegionError,
    MailboxFull,
    ModelUnavailableError,
    NoRouteError,
    NotFoundError,
    PipelineError,
    PrivacyModeError,
    ProviderDown,
    ProviderError,
    ProviderReset,
    ProviderSilent,
    RateLimitError,
    RefusedError,
    RequestRejectedError,
    RequestTooLargeError,
    RuntimeFault,
    SettingsError,
    SkillStepError,
    StartFailed,
    StoreConflict,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreInUse,
    StoreReadOnly,
    StoreUnavailable,
    StoreVersionError,
    StreamBrokenError,
    SystemNotRunning,
    TargetTooDear,
    TargetUnavailable,
    TokenBudgetExceeded,
    UnhandledMessage,
    UnknownModelError,
    UnknownProviderError,
    UnsupportedCapability,
    UpstreamError,
    WorkerLost,
)
from .messages.hooks import Block
from .messages.knowledge import Knowledge, KnowledgeWanted
from .messages.learning import Learned
from .messages.ledger import LedgerEntry, UsageReport, UsageRow
from .messages.outcome import Outcome
from .messages.overrides import OverrideRecord
from .messages.quality import Quality
from .messages.secret import Secret
from .messages.skills import SkillContext, StepResult
from .messages.structured import StructuredResult
from .messages.terms import Level, Terms
from .messages.tools import ToolOutcome
from .runtime.reply import Reply
from .runtime.stream import Stream

if TYPE_CHECKING:
    from .messages.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "Access",
    "AccessDeniedError",
    "AccountError",
    "ActorCrashed",
    "ActorStopped",
    "Advice",
    "Advisor",
    "AskCycle",
    "AskResult",
    "AttemptRecord",
    "AudioBlock",
    "AuthError",
    "Block",
    "BudgetExceeded",
    "BudgetState",
    "Caller",
    "CallerLimitError",
    "CancelledError",
    "ChatMessage",
    "Chunk",
    "ChunkKind",
    "ContentRefusedError",
    "ContextOverflow",
    "Conversation",
    "DaemonDeniedError",
    "DaemonRateLimitedError",
    "DeadlineExceeded",
    "Decision",
    "DocumentBlock",
    "EmbedRequest",
    "EmbedResponse",
    "Embedding",
    "EmbeddingUnavailableError",
    "Escalation",
    "EscalationExhausted",
    "ForkedProcess",
    "Generation",
    "Host",
    "HostError",
    "ImageBlock",
    "InvalidRequestError",
    "InvalidSkill",
    "JsonLogFormatter",
    "Knowledge",
    "KnowledgeWanted",
    "Learned",
    "Learner",
    "LedgerEntry",
    "Legion",
    "LegionError",
    "Level",
    "MailboxFull",
    "ModelInfo",
    "ModelUnavailableError",
    "NewMessage",
    "NoRouteError",
    "NotFoundError",
    "OpaqueBlock",
    "Outcome",
    "OverrideRecord",
    "OverrideStore",
    "Page",
    "PipelineError",
    "PrivacyModeError",
    "Profile",
    "ProviderDown",
    "ProviderError",
    "ProviderInfo",
    "ProviderReset",
    "ProviderSilent",
    "Quality",
    "RateLimitError",
    "RefusedError",
    "Reply",
    "Request",
    "RequestIdFilter",
    "RequestRejectedError",
    "RequestTooLargeError",
    "Response",
    "ResponseFormat",
    "Retriever",
    "RoutingInfo",
    "RuntimeFault",
    "Secret",
    "Session",
    "Settings",
    "SettingsError",
    "Skill",
    "SkillContext",
    "SkillStepError",
    "SqliteKnowledge",
    "StartFailed",
    "StepResult",
    "StopReason",
    "StoreConflict",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreInUse",
    "StoreReadOnly",
    "StoreUnavailable",
    "StoreVersionError",
    "StoredMessage",
    "Stream",
    "StreamBrokenError",
    "StructuredResult",
    "SystemNotRunning",
    "TargetTooDear",
    "TargetUnavailable",
    "Terms",
    "TextBlock",
    "Thinking",
    "ThinkingBlock",
    "TokenBudgetExceeded",
    "TokenCount",
    "ToolChoice",
    "ToolContext",
    "ToolDefinition",
    "ToolOutcome",
    "ToolResultBlock",
    "ToolUseBlock",
    "Trace",
    "UnhandledMessage",
    "UnknownModelError",
    "UnknownProviderError",
    "UnsupportedCapability",
    "UpstreamError",
    "Usage",
    "UsageReport",
    "UsageRow",
    "UsesLegion",
    "Verdict",
    "WorkerLost",
    "__version__",
    "start",
    "tool",
]


def __getattr__(name: str) -> Any:
    """Import the settings when somebody asks for them: they are a third of the import, and most hosts give a dict or a file."""
    if name == "Settings":
        from .messages.settings import Settings  # noqa: PLC0415 - see above

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what there is, whether it is imported yet or not."""
    return sorted({*globals(), *__all__})

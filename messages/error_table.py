"""One table: error -> HTTP status and the words of each dialect.

Every route uses it, mid-stream error events included. Retry-After is `error.retry_after`, whatever the type.
"""

from __future__ import annotations

from typing import Final

import attrs

from . import errors


@attrs.frozen
class ErrorRow:
    """How one error type looks from outside.

    Attributes:
        status: HTTP status.
        native: `error.code` of the native API.
        openai_type: `error.type` of the OpenAI dialect.
        openai_code: `error.code` of the OpenAI dialect, or None.
        anthropic: `error.type` of the Anthropic dialect.
    """

    status: int
    native: str
    openai_type: str
    openai_code: str | None
    anthropic: str


_INTERNAL: Final = ErrorRow(500, "inference_error", "server_error", None, "api_error")

ERROR_TABLE: Final[dict[type[errors.LegionError], ErrorRow]] = {
    errors.LegionError: _INTERNAL,
    errors.RefusedError: ErrorRow(400, "invalid_request", "invalid_request_error", None, "invalid_request_error"),
    errors.InvalidRequestError: ErrorRow(
        400, "invalid_request", "invalid_request_error", None, "invalid_request_error"
    ),
    errors.RequestTooLargeError: ErrorRow(
        413, "request_too_large", "invalid_request_error", "request_too_large", "request_too_large"
    ),
    errors.UnknownResponseError: ErrorRow(
        400, "unknown_response", "invalid_request_error", "previous_response_not_found", "invalid_request_error"
    ),
    errors.InvalidSkill: ErrorRow(400, "invalid_skill", "invalid_request_error", None, "invalid_request_error"),
    errors.NotFoundError: ErrorRow(404, "not_found", "invalid_request_error", "not_found", "not_found_error"),
    errors.UnknownModelError: ErrorRow(
        404, "model_not_found", "invalid_request_error", "model_not_found", "not_found_error"
    ),
    errors.UnknownProviderError: ErrorRow(
        404, "provider_not_found", "invalid_request_error", "provider_not_found", "not_found_error"
    ),
    errors.UnsupportedCapability: ErrorRow(
        400, "unsupported_capability", "invalid_request_error", "unsupported_capability", "invalid_request_error"
    ),
    errors.TargetUnavailable: ErrorRow(503, "overloaded", "server_error", "overloaded", "overloaded_error"),
    errors.NoRouteError: ErrorRow(503, "no_route", "server_error", "no_route", "overloaded_error"),
    errors.PrivacyModeError: ErrorRow(
        403, "privacy_blocked", "invalid_request_error", "privacy_blocked", "permission_error"
    ),
    errors.TokenBudgetExceeded: ErrorRow(
        413, "token_budget_exceeded", "invalid_request_error", "token_budget_exceeded", "invalid_request_error"
    ),
    errors.PipelineError: ErrorRow(403, "refused", "invalid_request_error", "refused", "permission_error"),
    errors.AccessDeniedError: ErrorRow(
        401, "auth_error", "authentication_error", "invalid_api_key", "authentication_error"
    ),
    errors.EmbeddingUnavailableError: ErrorRow(
        503, "embedding_unavailable", "server_error", "embedding_unavailable", "api_error"
    ),
    errors.SettingsError: ErrorRow(500, "settings_error", "server_error", "settings_error", "api_error"),
    errors.UpstreamError: ErrorRow(502, "provider_error", "server_error", None, "overloaded_error"),
    errors.AuthError: ErrorRow(401, "auth_error", "authentication_error", None, "authentication_error"),
    errors.AccountError: ErrorRow(402, "account_error", "insufficient_quota", "insufficient_quota", "billing_error"),
    errors.DaemonDeniedError: ErrorRow(
        403, "daemon_denied", "invalid_request_error", "daemon_denied", "permission_error"
    ),
    errors.DaemonRateLimitedError: ErrorRow(429, "rate_limit", "requests", "rate_limit_exceeded", "rate_limit_error"),
    errors.CallerLimitError: ErrorRow(429, "rate_limit", "requests", "rate_limit_exceeded", "rate_limit_error"),
    # 402, as for an account without credit, and not 429: clients would try again at once, and a budget does not refill in seconds.
    errors.BudgetExceeded: ErrorRow(
        402, "budget_exceeded", "insufficient_quota", "insufficient_quota", "billing_error"
    ),
    errors.TargetTooDear: ErrorRow(402, "budget_exceeded", "insufficient_quota", "insufficient_quota", "billing_error"),
    errors.RateLimitError: ErrorRow(429, "rate_limit", "requests", "rate_limit_exceeded", "rate_limit_error"),
    errors.ContextOverflow: ErrorRow(
        400, "context_overflow", "invalid_request_error", "context_length_exceeded", "invalid_request_error"
    ),
    errors.ModelUnavailableError: ErrorRow(
        404, "model_unavailable", "invalid_request_error", "model_not_found", "not_found_error"
    ),
    errors.ContentRefusedError: ErrorRow(
        400, "content_refused", "invalid_request_error", "content_filter", "invalid_request_error"
    ),
    errors.RequestRejectedError: ErrorRow(
        400, "invalid_request", "invalid_request_error", None, "invalid_request_error"
    ),
    errors.ProviderError: ErrorRow(502, "provider_error", "server_error", None, "overloaded_error"),
    errors.StreamBrokenError: ErrorRow(502, "stream_error", "server_error", "stream_broken", "api_error"),
    errors.WorkerLost: ErrorRow(502, "stream_error", "server_error", "worker_lost", "api_error"),
    errors.ProviderDown: ErrorRow(502, "provider_error", "server_error", "provider_down", "overloaded_error"),
    errors.ProviderReset: ErrorRow(502, "provider_error", "server_error", "provider_down", "overloaded_error"),
    errors.ProviderSilent: ErrorRow(502, "provider_error", "server_error", "provider_timeout", "overloaded_error"),
    errors.EscalationExhausted: ErrorRow(
        503, "escalation_exhausted", "server_error", "escalation_exhausted", "overloaded_error"
    ),
    errors.StoreError: ErrorRow(500, "store_error", "server_error", "store_error", "api_error"),
    errors.StoreUnavailable: ErrorRow(
        503, "store_unavailable", "server_error", "store_unavailable", "overloaded_error"
    ),
    errors.StoreFull: ErrorRow(503, "store_full", "server_error", "store_full", "overloaded_error"),
    errors.StoreReadOnly: ErrorRow(503, "store_read_only", "server_error", "store_read_only", "overloaded_error"),
    errors.StoreInUse: ErrorRow(503, "store_in_use", "server_error", "store_in_use", "overloaded_error"),
    errors.StoreCorrupt: ErrorRow(500, "store_corrupt", "server_error", "store_corrupt", "api_error"),
    errors.StoreVersionError: ErrorRow(500, "store_version", "server_error", "store_version", "api_error"),
    errors.StoreConflict: ErrorRow(409, "conflict", "invalid_request_error", "conflict", "invalid_request_error"),
    errors.RuntimeFault: _INTERNAL,
    errors.MailboxFull: ErrorRow(503, "overloaded", "server_error", "overloaded", "overloaded_error"),
    errors.DeadlineExceeded: ErrorRow(504, "deadline_exceeded", "server_error", "timeout", "timeout_error"),
    # 499 is nginx's word for "client closed request": nobody is left to read it, but logs and metrics are.
    errors.CancelledError: ErrorRow(499, "cancelled", "server_error", "cancelled", "api_error"),
    errors.ActorCrashed: ErrorRow(500, "internal_error", "server_error", "internal_error", "api_error"),
    errors.ActorStopped: ErrorRow(503, "llm_unavailable", "server_error", "unavailable", "overloaded_error"),
    errors.HostError: ErrorRow(500, "host_error", "server_error", "host_error", "api_error"),
    errors.SkillStepError: ErrorRow(500, "skill_step_error", "server_error", "skill_step_error", "api_error"),
    errors.UnhandledMessage: _INTERNAL,
    errors.AskCycle: _INTERNAL,
    errors.StartFailed: ErrorRow(503, "llm_unavailable", "server_error", "unavailable", "overloaded_error"),
    errors.SystemNotRunning: ErrorRow(503, "llm_unavailable", "server_error", "unavailable", "overloaded_error"),
    errors.ForkedProcess: ErrorRow(503, "llm_unavailable", "server_error", "unavailable", "overloaded_error"),
}


def error_row(error: BaseException) -> ErrorRow:
    """Return the row of the error's nearest class; whatever is not a `LegionError` is an internal error."""
    for cls in type(error).__mro__:
        row = ERROR_TABLE.get(cls)
        if row is not None:
            return row
    return _INTERNAL

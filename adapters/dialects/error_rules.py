"""Which error a status, a code or the words of a message give away: the tables for all dialects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs

from ...messages.errors import (
    AccountError,
    AuthError,
    ContentRefusedError,
    ContextOverflow,
    ModelUnavailableError,
    ProviderError,
    RateLimitError,
    RequestRejectedError,
    UpstreamError,
)
from .error_report import ErrorReport

FORBIDDEN: Final = 403
TOO_MANY_REQUESTS: Final = 429


# Where a message begins to quote, perhaps what the caller has sent.
_QUOTE: Final = re.compile(r"[\"`]|(?:^|[\s:=(\[])'")


@attrs.frozen(kw_only=True)
class Rule:
    """An error that codes or words give away, whatever the status.

    Attributes:
        codes: Codes or types, in lower case.
        words: Parts of the message, in lower case.
        except_at: Statuses under which the words mean something else.
        before_quotes: Whether the words count only before the message quotes anything. An error that puts an instance aside for everybody must not be
            brought about by a caller who has it quoted.
    """

    error: type[UpstreamError]
    codes: frozenset[str]
    words: tuple[str, ...] = ()
    except_at: frozenset[int] = frozenset()
    before_quotes: bool = False

    def fits(self, report: ErrorReport, status: int) -> bool:
        """Return whether the report gives it away."""
        if not self.codes.isdisjoint(report.codes):
            return True
        if not report.is_prose or status in self.except_at:
            return False
        text = _QUOTE.split(report.text, maxsplit=1)[0] if self.before_quotes else report.text
        return any(word in text.lower() for word in self.words)


# The first rule that fits counts. Words are what vendors write today; a test holds a corpus of what they wrote.
RULES: Final = (
    Rule(
        error=ContextOverflow,
        codes=frozenset(
            {
                "context_length_exceeded",
                "context_window_exceeded",
                "model_context_window_exceeded",
                "exceed_context_size_error",
                "max_prompt_tokens_exceeded",
            }
        ),
        words=(
            "maximum context length",
            "max context length",
            "context_length_exceeded",
            "exceeds the context window",
            "exceeds the context length",
            "exceeds the model's context",
            "exceeds the available context size",
            "exceed context limit",
            "context length is only",
            "longer than the maximum model length",
            "maximum prompt length",
            "prompt is too long",
            "input is too long for",
            "too many input tokens",
            "expected maxlength",
            "exceeds the maximum number of tokens",
            # More than a whole minute's tokens: to wait would not help, said under 413 and 429.
            "request too large for",
            "required for long context requests",
        ),
    ),
    # "Too many tokens, please wait" is how a limit per minute is put under 429.
    Rule(
        error=ContextOverflow,
        codes=frozenset(),
        words=("too many tokens",),
        except_at=frozenset({TOO_MANY_REQUESTS}),
    ),
    Rule(
        error=ContentRefusedError,
        codes=frozenset(
            {
                "content_filter",
                "content_policy_violation",
                "responsibleaipolicyviolation",
                "moderation_blocked",
                "prompt_blocked",
                "invalid_prompt",
            }
        ),
        words=(
            "content management policy",
            "content_policy_violation",
            "content filtering policy",
            "content exists risk",
            "your input was flagged",
            "flagged as potentially violating",
        ),
    ),
    # A request for more than the credit that is left: a smaller one would have gone through.
    Rule(error=ModelUnavailableError, codes=frozenset(), words=("can only afford",)),
    Rule(
        error=AccountError,
        codes=frozenset(
            {
                "insufficient_quota",
                "exceeded_current_quota_error",
                "billing_hard_limit_reached",
                "billing_not_active",
                "billing_error",
                "account_deactivated",
                "insufficient_balance",
                "insufficient_credits",
                "payment_required",
                "credit_balance_too_low",
                "consumer_suspended",
                "service_disabled",
                "unsupported_country_region_territory",
            }
        ),
        words=(
            "credit balance is too low",
            "insufficient balance",
            "insufficient credits",
            "billing hard limit",
            "reached your specified api usage limits",
            "used all available credits",
            "credits are depleted",
            "organization has been disabled",
            "user location is not supported",
        ),
        before_quotes=True,
    ),
    Rule(
        error=AuthError,
        codes=frozenset({"invalid_api_key", "api_key_invalid", "unrecognizedclientexception", "expiredtokenexception"}),
        words=("incorrect api key", "api key not valid", "api key expired", "pass a valid api key"),
        before_quotes=True,
    ),
    Rule(
        error=ModelUnavailableError,
        codes=frozenset({"model_not_found", "deploymentnotfound", "invalid_model", "unsupported_model"}),
        words=(
            "not have access to model",
            "have access to the model",
            "model access is denied",
            "access to anthropic models is not allowed",
            "to use the specified resource",
            "not a valid model id",
            "model identifier is invalid",
            "on-demand throughput isn",
            "model not exist",
            "try pulling it first",
            "requires more system memory",
            # A quota of none, which Gemini tells like one that is used up.
            "limit: 0, model",
            "does not support tools",
            "does not support thinking",
            "does not support chat",
        ),
    ),
    # Its own line is full: it is well, and has too much to do.
    Rule(
        error=RateLimitError,
        codes=frozenset({"servicequotaexceededexception", "throttlingexception"}),
        words=("maximum pending requests exceeded",),
    ),
)

# Statuses with a meaning of their own; other 4xx mean that the request is wrong, everything else that the provider is sick.
BY_STATUS: Final[Mapping[int, type[UpstreamError]]] = {
    401: AuthError,
    402: AccountError,
    FORBIDDEN: AuthError,
    404: ModelUnavailableError,
    408: ProviderError,
    424: ProviderError,  # Bedrock: the model failed
    425: ProviderError,
    TOO_MANY_REQUESTS: RateLimitError,
}

# For errors that arrive under status 200, where only the code or type says what they are.
BY_CODE: Final[Mapping[str, type[UpstreamError]]] = {
    "rate_limit_exceeded": RateLimitError,
    "rate_limit_error": RateLimitError,
    "too_many_requests": RateLimitError,
    "resource_exhausted": RateLimitError,
    "requests": RateLimitError,
    "tokens": RateLimitError,
    "authentication_error": AuthError,
    "permission_error": AuthError,
    "permission_denied": AuthError,
    "invalid_request_error": RequestRejectedError,
    "badrequesterror": RequestRejectedError,
    "not_found_error": ModelUnavailableError,
    "notfounderror": ModelUnavailableError,
    # Bedrock's, as events of a stream.
    "validationexception": RequestRejectedError,
    "accessdeniedexception": AuthError,
    "resourcenotfoundexception": ModelUnavailableError,
}

from __future__ import annotations

import pytest
from legion_llm.messages import errors
from legion_llm.messages.error_table import ERROR_TABLE, error_row


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


ERRORS = [errors.LegionError, *(cls for cls in subclasses(errors.LegionError) if cls.__module__ == errors.__name__)]


def bare(cls):
    """Return an instance whatever its constructor wants."""
    return cls.__new__(cls, "it went wrong")


@pytest.mark.parametrize("cls", ERRORS)
def test_every_error_has_a_row_of_its_own(cls):
    assert cls in ERROR_TABLE
    assert error_row(bare(cls)) is ERROR_TABLE[cls]


def test_the_table_has_no_row_that_nobody_raises():
    assert set(ERROR_TABLE) == set(ERRORS)


@pytest.mark.parametrize("row", ERROR_TABLE.values())
def test_a_row_has_a_status_of_failure_and_a_word_for_each_dialect(row):
    assert 400 <= row.status < 600
    assert row.native
    assert row.openai_type
    assert row.openai_code != ""
    assert row.anthropic.endswith("_error") or row.anthropic == "request_too_large"


@pytest.mark.parametrize("cls", ERRORS)
def test_what_we_refuse_is_the_callers_or_the_moments_fault_and_never_a_gateway_error(cls):
    status = ERROR_TABLE[cls].status

    if issubclass(cls, errors.RefusedError) and cls is not errors.SettingsError:
        assert status < 500 or status == 503
    if issubclass(cls, errors.UpstreamError):
        assert status != 500


@pytest.mark.parametrize(
    ("cls", "status", "native"),
    [
        (errors.AuthError, 401, "auth_error"),
        (errors.RateLimitError, 429, "rate_limit"),
        (errors.TokenBudgetExceeded, 413, "token_budget_exceeded"),
        (errors.ProviderDown, 502, "provider_error"),
        (errors.ProviderError, 502, "provider_error"),
        (errors.SystemNotRunning, 503, "llm_unavailable"),
        (errors.EscalationExhausted, 503, "escalation_exhausted"),
        (errors.UnknownModelError, 404, "model_not_found"),
        (errors.LegionError, 500, "inference_error"),
    ],
)
def test_the_rows_of_the_specification(cls, status, native):
    row = ERROR_TABLE[cls]

    assert (row.status, row.native) == (status, native)


@pytest.mark.parametrize(
    ("cls", "type_", "code"),
    [
        (errors.AuthError, "authentication_error", None),
        (errors.RateLimitError, "requests", "rate_limit_exceeded"),
        (errors.ContextOverflow, "invalid_request_error", "context_length_exceeded"),
        (errors.UnknownModelError, "invalid_request_error", "model_not_found"),
        (errors.ProviderDown, "server_error", "provider_down"),
    ],
)
def test_the_openai_dialect_hears_its_own_words(cls, type_, code):
    row = ERROR_TABLE[cls]

    assert (row.openai_type, row.openai_code) == (type_, code)


def test_a_subclass_without_a_row_looks_like_its_parent():
    class Throttled(errors.RateLimitError):
        """One that the table does not know."""

    assert error_row(Throttled("slow down")) is ERROR_TABLE[errors.RateLimitError]


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt()])
def test_what_is_not_ours_is_an_internal_error(error):
    assert error_row(error).status == 500

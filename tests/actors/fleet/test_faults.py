"""Codes that travel, and what they mean on either side."""

from __future__ import annotations

import pytest
from legion_llm.actors.fleet.faults import _MEANING, code_of, error_of
from legion_llm.messages import errors
from legion_llm.messages.fleet import FleetError
from legion_llm.messages.fleet_codes import CODES, FleetCode, FleetFault
from legion_llm.messages.outcome import Outcome, outcome_of


def test_every_code_has_a_category_and_a_meaning():
    assert set(CODES) == set(FleetCode) == set(_MEANING)


@pytest.mark.parametrize(
    ("code", "category", "retriable"),
    [
        ("model_not_loaded", "worker", False),
        ("ollama_unavailable", "worker", True),
        ("inference_failed", "worker", True),
        ("inference_timeout", "worker", True),
        ("invalid_token", "auth", False),
        ("token_expired", "auth", False),
        ("payload_too_large", "validation", False),
        ("unsupported_type", "validation", False),
        ("unsupported_streaming", "validation", False),
        ("no_fleet_queue", "dispatch", False),
        ("fleet_backpressure", "dispatch", True),
        ("fleet_timeout", "dispatch", True),
    ],
)
def test_an_error_says_where_it_went_wrong_and_whether_it_may_be_tried_again(code, category, retriable):
    error = FleetError(request_id="r", correlation_id="c", worker="w", code=FleetCode(code), message="x")

    assert (error.category, error.retriable) == (category, retriable)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ProviderDown("x"), FleetCode.OLLAMA_UNAVAILABLE),
        (errors.ProviderReset("x"), FleetCode.OLLAMA_UNAVAILABLE),
        (errors.ProviderSilent("x"), FleetCode.INFERENCE_TIMEOUT),
        (errors.DeadlineExceeded("x"), FleetCode.INFERENCE_TIMEOUT),
        (errors.ProviderError("x"), FleetCode.INFERENCE_FAILED),
        (errors.AuthError("x"), FleetCode.INFERENCE_FAILED),
        (errors.ModelUnavailableError("x"), FleetCode.MODEL_NOT_LOADED),
        (errors.TargetUnavailable("x"), FleetCode.FLEET_BACKPRESSURE),
        (errors.UnsupportedCapability("x"), FleetCode.UNSUPPORTED_TYPE),
        (errors.CancelledError("x"), FleetCode.CANCELLED),
    ],
)
def test_the_worker_tells_its_true_failure(error, code):
    assert code_of(error) is code


@pytest.mark.parametrize("code", [FleetCode.NO_FLEET_QUEUE, FleetCode.FLEET_BACKPRESSURE, FleetCode.FLEET_UNAVAILABLE])
def test_what_nobody_took_says_nothing_against_the_fleet_and_may_go_elsewhere(code):
    error = error_of(FleetFault(code, "why", retry_after=2.0), instance="fleet", model="m")

    assert outcome_of(error) is Outcome.THROTTLED
    assert error.escalatable
    assert error.retry_after == 2.0


@pytest.mark.parametrize("code", list(FleetCode))
def test_every_fault_may_be_answered_elsewhere(code):
    error = error_of(FleetFault(code, "why"), instance="fleet", model="m")

    assert error.escalatable
    assert str(error) == f"fleet: {code}: why"


@pytest.mark.parametrize("cls", [errors.ContextOverflow, errors.ContentRefusedError, errors.RequestRejectedError])
def test_an_error_about_the_request_keeps_its_class(cls):
    said = FleetError(
        request_id="r",
        correlation_id="c",
        worker="w",
        code=FleetCode.INFERENCE_FAILED,
        message="too long",
        error=cls.__name__,
    )

    error = error_of(said, instance="fleet", model="m")

    assert type(error) is cls
    assert "worker w: too long" in str(error)


def test_a_refused_key_of_a_workers_provider_is_not_the_gateways_key():
    said = FleetError(
        request_id="r",
        correlation_id="c",
        worker="w",
        code=FleetCode.INFERENCE_FAILED,
        message="401",
        error="AuthError",
    )

    assert type(error_of(said, instance="fleet", model="m")) is errors.ProviderError

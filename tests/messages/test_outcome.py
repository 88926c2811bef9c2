from __future__ import annotations

import pytest
from legion_llm.messages import errors
from legion_llm.messages.outcome import COUNTS_AGAINST_TARGET, OUTCOMES, Outcome, outcome_of

EXPECTED = {
    errors.LegionError: Outcome.INTERNAL,
    errors.RefusedError: Outcome.CALLER_MISTAKE,
    errors.InvalidRequestError: Outcome.CALLER_MISTAKE,
    errors.InvalidSkill: Outcome.CALLER_MISTAKE,
    errors.RequestTooLargeError: Outcome.CALLER_MISTAKE,
    errors.UnknownResponseError: Outcome.CALLER_MISTAKE,
    errors.NotFoundError: Outcome.CALLER_MISTAKE,
    errors.UnknownModelError: Outcome.CALLER_MISTAKE,
    errors.UnknownProviderError: Outcome.CALLER_MISTAKE,
    errors.UnsupportedCapability: Outcome.UNFIT,
    errors.TargetUnavailable: Outcome.THROTTLED,
    errors.NoRouteError: Outcome.THROTTLED,
    errors.PrivacyModeError: Outcome.CALLER_MISTAKE,
    errors.TokenBudgetExceeded: Outcome.CALLER_MISTAKE,
    errors.PipelineError: Outcome.CALLER_MISTAKE,
    errors.AccessDeniedError: Outcome.CALLER_MISTAKE,
    errors.EmbeddingUnavailableError: Outcome.CALLER_MISTAKE,
    errors.SettingsError: Outcome.CALLER_MISTAKE,
    errors.UpstreamError: Outcome.TARGET_SICK,
    errors.AuthError: Outcome.ACCOUNT_DEAD,
    errors.AccountError: Outcome.ACCOUNT_DEAD,
    errors.CallerLimitError: Outcome.CALLER_MISTAKE,
    errors.BudgetExceeded: Outcome.THROTTLED,
    errors.TargetTooDear: Outcome.THROTTLED,
    errors.DaemonDeniedError: Outcome.CALLER_MISTAKE,
    errors.DaemonRateLimitedError: Outcome.CALLER_MISTAKE,
    errors.RateLimitError: Outcome.THROTTLED,
    errors.ContextOverflow: Outcome.UNFIT,
    errors.ModelUnavailableError: Outcome.UNFIT,
    errors.ContentRefusedError: Outcome.REFUSED,
    errors.RequestRejectedError: Outcome.CALLER_MISTAKE,
    errors.ProviderError: Outcome.TARGET_SICK,
    errors.StreamBrokenError: Outcome.TARGET_SICK,
    errors.WorkerLost: Outcome.INTERNAL,
    errors.ProviderDown: Outcome.TARGET_SICK,
    errors.ProviderReset: Outcome.TARGET_SICK,
    errors.ProviderSilent: Outcome.TARGET_SICK,
    errors.EscalationExhausted: Outcome.TARGET_SICK,
    errors.StoreError: Outcome.INTERNAL,
    errors.StoreUnavailable: Outcome.INTERNAL,
    errors.StoreFull: Outcome.INTERNAL,
    errors.StoreReadOnly: Outcome.INTERNAL,
    errors.StoreInUse: Outcome.INTERNAL,
    errors.StoreCorrupt: Outcome.INTERNAL,
    errors.StoreVersionError: Outcome.INTERNAL,
    errors.StoreConflict: Outcome.INTERNAL,
    errors.RuntimeFault: Outcome.INTERNAL,
    errors.MailboxFull: Outcome.INTERNAL,
    errors.DeadlineExceeded: Outcome.DEADLINE_SHORT,
    errors.CancelledError: Outcome.CANCELLED,
    errors.ActorCrashed: Outcome.INTERNAL,
    errors.ActorStopped: Outcome.INTERNAL,
    errors.HostError: Outcome.INTERNAL,
    errors.SkillStepError: Outcome.INTERNAL,
    errors.UnhandledMessage: Outcome.INTERNAL,
    errors.AskCycle: Outcome.INTERNAL,
    errors.StartFailed: Outcome.INTERNAL,
    errors.SystemNotRunning: Outcome.INTERNAL,
    errors.ForkedProcess: Outcome.INTERNAL,
}


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def test_this_file_knows_every_error():
    ours = {cls for cls in subclasses(errors.LegionError) if cls.__module__ == errors.__name__}

    assert set(EXPECTED) == ours | {errors.LegionError}


@pytest.mark.parametrize(("cls", "outcome"), EXPECTED.items())
def test_every_error_means_one_outcome(cls, outcome):
    assert outcome_of(cls.__new__(cls, "it went wrong")) is outcome


@pytest.mark.parametrize("error", [ValueError("a bug"), RecursionError(), KeyboardInterrupt(), TimeoutError()])
def test_what_is_not_ours_is_our_own_bug(error):
    assert outcome_of(error) is Outcome.INTERNAL


def test_a_subclass_without_a_row_means_what_its_parent_means():
    class Throttled(errors.RateLimitError):
        """One that the table does not know."""

    assert outcome_of(Throttled("slow down")) is Outcome.THROTTLED


def test_no_error_means_success():
    assert Outcome.SUCCESS not in OUTCOMES.values()


def test_every_other_outcome_is_meant_by_some_error():
    assert {*OUTCOMES.values(), Outcome.SUCCESS} == set(Outcome)


def test_only_sickness_and_a_dead_account_are_held_against_a_target():
    assert {Outcome.TARGET_SICK, Outcome.ACCOUNT_DEAD} == COUNTS_AGAINST_TARGET


@pytest.mark.parametrize("cls", [cls for cls in EXPECTED if issubclass(cls, errors.RefusedError)])
def test_what_was_never_sent_is_not_held_against_a_target(cls):
    assert EXPECTED[cls] not in COUNTS_AGAINST_TARGET

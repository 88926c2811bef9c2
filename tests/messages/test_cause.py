"""The causes and what the errors say of themselves are one truth."""

from __future__ import annotations

import pytest
from legion_llm.messages import errors
from legion_llm.messages.cause import CAUSES, Cause, cause_of
from legion_llm.messages.settings import DEFAULT_RULES


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


ERRORS = [errors.LegionError, *(cls for cls in subclasses(errors.LegionError) if cls.__module__ == errors.__name__)]
# What happens inside a connection only, and says nothing against another one.
OUR_OWN = (errors.ActorCrashed, errors.ActorStopped, errors.MailboxFull)


def cause_of_class(cls):
    return cause_of(cls.__new__(cls, "it went wrong"))


def rule_of(cls):
    return DEFAULT_RULES.get(cause_of_class(cls))


def test_the_table_names_only_errors_that_there_are():
    assert set(CAUSES) <= set(ERRORS)


def test_every_cause_is_met_but_the_one_that_is_no_error():
    assert {cause_of_class(cls) for cls in ERRORS} == set(Cause) - {Cause.POOR}


def test_every_cause_has_a_rule_but_those_that_are_no_matter_of_settings():
    assert set(DEFAULT_RULES) == set(Cause) - {Cause.POOR, Cause.FINAL}


@pytest.mark.parametrize("cls", ERRORS)
def test_by_default_another_candidate_is_asked_where_the_error_says_that_it_is_worth_it(cls):
    rule = rule_of(cls)

    assert bool(rule and rule.elsewhere) == (cls.escalatable or issubclass(cls, OUR_OWN))


@pytest.mark.parametrize("cls", ERRORS)
def test_by_default_the_same_target_is_asked_again_where_the_error_says_that_it_may_be(cls):
    rule = rule_of(cls)

    # A throttled target may be asked again, but not at once.
    assert bool(rule and (rule.again or cause_of_class(cls) is Cause.THROTTLED)) == cls.retry_same_target


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (errors.ProviderReset("lost"), Cause.RESET),
        (errors.StreamBrokenError("cut"), Cause.RESET),
        (errors.ProviderSilent("no word", limit="first_byte"), Cause.SILENT),
        (errors.ProviderDown("refused"), Cause.DOWN),
        (errors.ProviderError("oops", status=500), Cause.FAILED),
        (errors.RateLimitError("slow down"), Cause.THROTTLED),
        (errors.ContextOverflow("too long"), Cause.OVERFLOW),
        (errors.UnsupportedCapability("blind"), Cause.UNFIT),
        (errors.TargetUnavailable("open"), Cause.BUSY),
        (errors.AccountError("no credit"), Cause.ACCOUNT_DEAD),
        (errors.RequestRejectedError("no such field"), Cause.REJECTED),
        (errors.ContentRefusedError("no"), Cause.REFUSED),
        (errors.MailboxFull("full", actor="a", capacity=1), Cause.INTERNAL),
        (errors.DeadlineExceeded("late"), Cause.FINAL),
        (errors.CancelledError("gone"), Cause.FINAL),
        (errors.PrivacyModeError("no"), Cause.FINAL),
    ],
)
def test_an_error_means_one_cause(error, cause):
    assert cause_of(error) is cause

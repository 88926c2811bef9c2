"""The attempts of one request, over connections that end as written; time is trio's mock clock."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.messages import errors
from legion_llm.messages.attempt import AttemptRecord
from legion_llm.messages.chat import Chunk, ChunkKind, RoutingInfo
from legion_llm.messages.settings import RetryBudgetSettings, RetryRule

SILENT = errors.ProviderSilent("no word", limit="first_byte")
DOWN = errors.ProviderDown("refused")
RESET = errors.ProviderReset("lost")
SICK = errors.ProviderError("internal error", status=500)
SLOW = errors.RateLimitError("slow down", retry_after=9.0)
BUSY = errors.TargetUnavailable("taken", retry_after=2.0)
BROKE = errors.AccountError("no credit left", status=400)
WRONG = errors.RequestRejectedError("no such parameter")
LONG = errors.ContextOverflow("too long")

pytestmark = pytest.mark.trio


def fresh(error):
    """Each test its own instance: an error that is raised remembers where."""
    return type(error)(*error.args, **vars(error))


# -- one is enough


async def test_the_first_answer_is_the_answer(run_of, autojump_clock, answer_of, candidate):
    run = run_of("ab", a=[answer_of("hello")])

    response = await run()

    assert run.connections.order == "a"
    assert attrs.evolve(response, request_id="", routing=None, id="") == attrs.evolve(answer_of("hello"), id="")
    assert response.request_id == "req_1"
    assert response.routing == RoutingInfo(
        provider="a",
        model="m",
        tier="cloud",
        strategy="explicit",
        attempts=1,
        chain=("a/m: success",),
        latency_ms=0.0,
        candidates=(candidate("a"), candidate("b")),
    )


async def test_an_answer_at_once_has_a_story_too(run_of, autojump_clock):
    response = await run_of("ab")()

    assert not response.escalated
    assert response.escalation_chain == ("a/m", "b/m")
    assert response.final_resolution == "a/m"
    assert [str(each) for each in response.escalation_history] == ["a/m: success"]


# -- elsewhere


async def test_candidates_are_asked_in_their_order_until_one_answers(run_of, autojump_clock):
    run = run_of("abc", a=[fresh(SILENT)], b=[fresh(SLOW)])

    response = await run()

    assert run.connections.order == "abc"
    assert [number for _, number, _ in run.connections.calls] == [1, 2, 3]
    assert (response.routing.provider, response.routing.attempts) == ("c", 3)
    assert response.routing.chain == ("a/m: target_sick", "b/m: throttled", "c/m: success")


async def test_the_caller_is_told_what_was_tried_and_that_another_answered(run_of, autojump_clock):
    response = await run_of("ab", a=[fresh(SILENT)])()

    assert response.escalated
    assert response.final_resolution == "b/m"
    assert response.escalation_history == (
        AttemptRecord(provider="a", model="m", tier="cloud", outcome="target_sick", error="ProviderSilent"),
        AttemptRecord(provider="b", model="m", tier="cloud", outcome="success"),
    )
    assert response.warnings == ("provider_fallback: a/m ended with target_sick, b/m was asked instead",)


async def test_whoever_wants_to_hears_of_every_attempt(run_of, autojump_clock):
    run = run_of("ab", a=[fresh(SILENT)])

    await run()

    assert [str(each) for each in run.told] == ["a/m: target_sick", "b/m: success"]


async def test_a_candidate_that_the_router_names_twice_is_asked_once(run_of, autojump_clock):
    run = run_of("aab", a=[fresh(SILENT)])

    await run()

    assert run.connections.order == "ab"


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_there_are_no_more_attempts_than_allowed(run_of, autojump_clock, most):
    run = run_of("abcd", config={"max_attempts": most}, **{name: [fresh(SILENT)] for name in "abcd"})

    with pytest.raises(errors.LegionError):
        await run()

    assert len(run.connections.calls) == most


@pytest.mark.parametrize("free", [BROKE, BUSY, errors.ActorCrashed("a bug", actor="a")])
async def test_what_nobody_at_the_target_could_answer_costs_no_attempt(run_of, autojump_clock, free):
    broke = {name: [free] for name in "abcd"}
    run = run_of("abcde", config={"max_attempts": 1}, **broke)

    response = await run()

    assert run.connections.order == "abcde"
    assert response.routing.provider == "e"


@pytest.mark.parametrize(
    "error",
    [
        WRONG,
        errors.ContentRefusedError("no"),
        errors.InvalidRequestError("no"),
        errors.PrivacyModeError("no"),
        errors.DeadlineExceeded("late"),
        errors.CancelledError("gone"),
        errors.AskCycle("ring", path=("a", "a")),
        errors.SystemNotRunning("stopped"),
    ],
)
async def test_what_no_other_target_can_mend_ends_the_request_at_once(run_of, autojump_clock, error):
    run = run_of("ab", a=[error])

    with pytest.raises(type(error)) as caught:
        await run()

    assert caught.value is error
    assert run.connections.order == "a"


async def test_what_cannot_be_mended_is_raised_as_it_is_after_others_too(run_of, autojump_clock):
    with pytest.raises(errors.RequestRejectedError) as caught:
        await run_of("abc", a=[fresh(SILENT)], b=[WRONG])()

    assert caught.value is WRONG


async def test_a_bug_is_no_failure_to_go_on_from(run_of, autojump_clock):
    run = run_of("ab", a=[ZeroDivisionError()])

    with pytest.raises(ZeroDivisionError):
        await run()

    assert run.connections.order == "a"


# -- context overflow


async def test_an_overflow_jumps_over_smaller_windows_to_a_larger_one(run_of, autojump_clock, candidate):
    names = [candidate("a", context_window=8), candidate("b", context_window=4), candidate("c", context_window=32)]
    run = run_of(names, a=[fresh(LONG)])

    await run()

    assert run.connections.order == "ac"


async def test_an_overflow_that_nobody_can_take_is_told_as_such(run_of, autojump_clock):
    with pytest.raises(errors.ContextOverflow):
        await run_of("ab", a=[fresh(LONG)])()


async def test_an_overflow_at_the_last_of_several_is_told_as_such(run_of, autojump_clock):
    with pytest.raises(errors.ContextOverflow):
        await run_of("ab", a=[fresh(SILENT)], b=[fresh(LONG)])()


# -- the same again


@pytest.mark.parametrize("error", [RESET, SICK, errors.StreamBrokenError("cut")])
async def test_a_single_failure_is_repeated_at_once_at_the_same_target(run_of, autojump_clock, error):
    run = run_of("ab", a=[fresh(error)])

    response = await run()

    assert run.connections.calls == [("a", 1, 0.0), ("a", 2, 0.0)]
    assert response.routing.chain == ("a/m: target_sick", "a/m: success")
    assert response.warnings == ()


async def test_a_failure_that_repeats_itself_is_left(run_of, autojump_clock):
    run = run_of("ab", a=[fresh(SICK), fresh(SICK)])

    await run()

    assert run.connections.order == "aab"


async def test_a_silent_target_is_left_and_not_repeated(run_of, autojump_clock):
    run = run_of("ab", a=[fresh(SILENT)])

    await run()

    assert run.connections.order == "ab"


async def test_a_target_that_failed_somebody_else_just_now_is_left_at_once(run_of, autojump_clock):
    run = run_of("ab", a=[fresh(SICK), fresh(SICK), fresh(SICK)])
    await run()

    await run()

    assert run.connections.order == "aab" + "ab"


async def test_after_a_success_the_next_failure_is_a_single_one_again(run_of, autojump_clock, answer_of):
    run = run_of("ab", a=[fresh(SICK), answer_of(), fresh(SICK)])
    await run()

    await run()

    assert run.connections.order == "aa" + "aa"


async def test_when_the_retry_budget_is_spent_nobody_is_asked_again_at_once(run_of, autojump_clock, answer_of):
    spent = {"budget": RetryBudgetSettings(share=0.0, per_second=0.0, saved=1.0)}
    run = run_of("ab", retries=spent, a=[fresh(SICK), answer_of(), fresh(SICK)])
    await run()

    await run()

    assert run.connections.order == "aa" + "ab"


async def test_settings_can_forbid_the_repeat(run_of, autojump_clock):
    run = run_of("ab", retries={"failed": RetryRule(again=0)}, a=[fresh(SICK)])

    await run()

    assert run.connections.order == "ab"


# -- waiting


async def test_where_nobody_else_is_left_the_same_target_is_asked_again_after_a_back_off(run_of, autojump_clock):
    run = run_of("a", a=[fresh(DOWN), fresh(DOWN)])

    response = await run()

    moments = [at for _, _, at in run.connections.calls]
    assert run.connections.order == "aaa"
    assert 0.25 <= moments[1] <= 0.5
    assert 0.5 <= moments[2] - moments[1] <= 1.0
    assert response.text == "of a"


async def test_a_retry_after_is_waited_for_where_nobody_else_is_left(run_of, autojump_clock):
    run = run_of("a", a=[fresh(SLOW)])

    response = await run()

    assert 9.0 <= run.connections.calls[1][2] <= 9.5
    assert response.routing.chain == ("a/m: throttled", "a/m: success")


async def test_a_retry_after_is_not_waited_for_while_another_can_answer(run_of, autojump_clock):
    run = run_of("ab", a=[fresh(SLOW)])

    await run()

    assert run.connections.calls[1] == ("b", 2, 0.0)


async def test_with_patience_the_favourite_is_waited_for(run_of, autojump_clock):
    run = run_of("ab", retries={"patience_seconds": 10.0}, a=[fresh(SLOW)])

    await run()

    assert run.connections.order == "aa"


async def test_a_wait_that_the_deadline_forbids_is_not_begun_and_the_caller_hears_how_long(run_of, autojump_clock):
    run = run_of("a", a=[fresh(SLOW)])

    with pytest.raises(errors.RateLimitError) as caught:
        await run(deadline=trio.current_time() + 5.0)

    assert caught.value.retry_after == 9.0
    assert trio.current_time() == 0.0


async def test_a_caller_who_gives_up_during_a_wait_is_gone_at_once(run_of, autojump_clock):
    run = run_of("a", a=[fresh(SLOW)])

    with trio.move_on_after(1.0) as scope:
        await run()

    assert scope.cancelled_caught
    assert run.connections.order == "a"


async def test_the_one_that_is_ready_first_is_waited_for(run_of, autojump_clock):
    later, sooner = errors.RateLimitError("no", retry_after=20.0), errors.RateLimitError("no", retry_after=5.0)
    run = run_of("ab", a=[later], b=[sooner])

    await run()

    assert run.connections.order == "abb"


# -- the end


@pytest.mark.parametrize("names", ["a", "abc"])
async def test_the_failure_of_the_only_attempt_is_raised_as_it_is(run_of, autojump_clock, names):
    error = fresh(SLOW)

    with pytest.raises(errors.RateLimitError) as caught:
        await run_of(names, config={"max_attempts": 1}, a=[error])()

    assert caught.value is error


async def test_the_last_failure_of_the_only_target_is_raised_as_it_is(run_of, autojump_clock):
    with pytest.raises(errors.ProviderError, match="internal error"):
        await run_of("a", a=[fresh(SICK), fresh(SICK), fresh(SICK)])()


async def test_that_a_circuit_opened_meanwhile_only_adds_when_to_come_back(run_of, autojump_clock):
    with pytest.raises(errors.ProviderDown) as caught:
        await run_of("a", a=[fresh(DOWN), fresh(BUSY)])()

    assert caught.value.retry_after == 2.0


async def test_several_failures_become_one_error_that_lists_them(run_of, autojump_clock):
    busy = fresh(BUSY)

    with pytest.raises(errors.EscalationExhausted) as caught:
        await run_of("abc", a=[fresh(SILENT)], b=[fresh(BROKE)], c=[busy])()

    assert caught.value.attempts == (
        "a/m: target_sick: no word",
        "b/m: account_dead: no credit left",
        "c/m: throttled: taken",
    )
    assert str(caught.value).startswith("all 3 attempts failed (of 3 candidates): a/m: target_sick: no word; b/m")
    assert caught.value.__cause__ is busy


@pytest.mark.parametrize(("ends", "wait"), [((SLOW, BUSY), 2.0), ((SILENT, SLOW), 9.0), ((SILENT, SILENT), None)])
async def test_the_caller_may_come_back_when_the_first_of_the_targets_may_be_asked_again(
    run_of, autojump_clock, ends, wait
):
    first, second = map(fresh, ends)

    with pytest.raises(errors.EscalationExhausted) as caught:
        await run_of("ab", config={"max_attempts": 2}, a=[first], b=[second])(deadline=trio.current_time() + 0.1)

    assert caught.value.retry_after == wait


async def test_with_routing_disabled_nothing_is_tried_twice(run_of, autojump_clock):
    sick = fresh(SICK)
    run = run_of("ab", config={"is_enabled": False}, a=[sick])

    with pytest.raises(errors.ProviderError) as caught:
        await run()

    assert caught.value is sick
    assert run.connections.order == "a"


# -- streams

START = Chunk(kind=ChunkKind.START, model="m")
WORD = Chunk(kind=ChunkKind.DELTA, block_kind="text", delta="he")


def streams(*chunks, end):
    """An attempt that sends chunks and then ends."""

    async def attempt(message, sink):
        for chunk in chunks:
            await sink.send(chunk)
        return end

    return attempt


class Reader:
    def __init__(self):
        self.read = []

    async def send(self, chunk):
        self.read.append(chunk)


@pytest.mark.parametrize("error", [SILENT, SLOW, BUSY])
async def test_before_the_first_content_another_takes_over_silently(run_of, autojump_clock, answer_of, error):
    reader = Reader()
    run = run_of("ab", a=[streams(START, end=fresh(error))], b=[streams(START, WORD, end=answer_of())])

    response = await run(sink=reader)

    assert reader.read == [START, WORD]
    assert response.routing.provider == "b"


@pytest.mark.parametrize("error", [SILENT, SICK, SLOW, BUSY])
async def test_once_the_caller_has_seen_content_nobody_else_may_answer(run_of, autojump_clock, error):
    reader, error = Reader(), fresh(error)
    run = run_of("ab", a=[streams(START, WORD, end=error)])

    with pytest.raises(type(error)) as caught:
        await run(sink=reader)

    assert caught.value is error
    assert run.connections.order == "a"
    assert reader.read == [START, WORD]


async def test_that_holds_for_the_second_target_too(run_of, autojump_clock):
    reader, broke = Reader(), fresh(SICK)
    run = run_of("abc", a=[fresh(SILENT)], b=[streams(WORD, end=broke)])

    with pytest.raises(errors.ProviderError) as caught:
        await run(sink=reader)

    assert caught.value is broke
    assert run.connections.order == "ab"

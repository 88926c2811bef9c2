"""A second attempt beside a slow one; time is trio's mock clock."""

from __future__ import annotations

import pytest
import trio
from legion_llm.actors.inference.attempts.hedge import Paces, hedge_for, is_harmless
from legion_llm.messages import errors
from legion_llm.messages.chat import WRITTEN, ChatMessage, Escalation, Request, ToolDefinition
from legion_llm.messages.routing import Target
from legion_llm.messages.settings import HedgingSettings, RetryBudgetSettings

HEDGED = {"hedging": HedgingSettings(enabled=True, delay_seconds=2.0)}
DOWN = errors.ProviderDown("refused")
SICK = errors.ProviderError("oops", status=500)

pytestmark = pytest.mark.trio


def after(seconds, end):
    """An attempt that takes its time."""

    async def attempt(_message):
        await trio.sleep(seconds)
        return end

    return attempt


async def test_a_fast_answer_is_not_hedged(run_of, answer_of, autojump_clock):
    run = run_of("ab", config=HEDGED, a=[after(1.9, answer_of("of a"))])

    response = await run()

    assert (run.connections.order, response.routing.hedged, response.routing.attempts) == ("a", False, 1)


async def test_by_default_nobody_is_hedged(run_of, answer_of, autojump_clock):
    run = run_of("ab", a=[after(1000.0, answer_of("of a"))])

    await run()

    assert run.connections.order == "a"


async def test_a_slow_call_gets_a_second_one_beside_it_and_the_first_answer_counts(run_of, answer_of, autojump_clock):
    run = run_of("ab", config=HEDGED, a=[after(60.0, answer_of("of a"))], b=[after(1.0, answer_of("of b"))])

    response = await run()

    assert (response.text, response.routing.hedged) == ("of b", True)
    assert run.connections.calls == [("a", 1, 0.0), ("b", 2, 2.0)]
    assert run.connections.cancelled == ["a"]
    assert trio.current_time() == 3.0
    assert response.routing.chain == ("a/m: cancelled", "b/m: success")
    assert response.warnings == ()


async def test_the_slow_one_may_still_be_the_first_to_answer(run_of, answer_of, autojump_clock):
    run = run_of("ab", config=HEDGED, a=[after(2.5, answer_of("of a"))], b=[after(60.0, answer_of("of b"))])

    response = await run()

    assert (response.text, response.routing.provider, response.routing.hedged) == ("of a", "a", True)
    assert run.connections.cancelled == ["b"]
    assert response.routing.chain == ("b/m: cancelled", "a/m: success")
    assert [each.duration_ms for each in response.escalation_history] == [500.0, 2500.0]


async def test_two_answers_in_one_moment_are_one(run_of, answer_of, autojump_clock):
    run = run_of("ab", config=HEDGED, a=[after(3.0, answer_of("of a"))], b=[after(1.0, answer_of("of b"))])

    assert (await run()).text in {"of a", "of b"}


async def test_of_two_that_run_one_may_fail(run_of, answer_of, autojump_clock):
    for first, second, text in (
        (after(3.0, DOWN), after(5.0, answer_of("of b")), "of b"),
        (after(9.0, answer_of("of a")), after(1.0, DOWN), "of a"),
    ):
        assert (await run_of("ab", config=HEDGED, a=[first], b=[second])()).text == text


async def test_when_both_fail_others_follow(run_of, autojump_clock):
    run = run_of("abc", config=HEDGED, a=[after(3.0, DOWN)], b=[after(2.0, DOWN)])

    response = await run()

    assert run.connections.order == "abc"
    assert response.routing.chain == ("a/m: target_sick", "b/m: target_sick", "c/m: success")


async def test_a_failure_before_its_time_is_followed_as_any_other(run_of, autojump_clock):
    run = run_of("ab", config=HEDGED, a=[after(1.0, SICK)])

    response = await run()

    assert run.connections.calls == [("a", 1, 0.0), ("a", 2, 1.0)]
    assert not response.routing.hedged


async def test_a_hedge_is_never_beyond_the_retry_budget(run_of, answer_of, autojump_clock):
    broke = {"budget": RetryBudgetSettings(share=0.0, per_second=0.0, saved=1.0)}
    slow = [after(10.0, answer_of("of a")) for _ in range(2)]
    run = run_of("ab", config=HEDGED, retries=broke, a=slow, b=[after(60.0, answer_of())])

    await run()
    await run()

    assert run.connections.order == "ab" + "a"


async def test_a_hedge_is_an_attempt_like_any_other(run_of, answer_of, autojump_clock):
    run = run_of("ab", config={**HEDGED, "max_attempts": 1}, a=[after(60.0, answer_of("of a"))])

    await run()

    assert run.connections.order == "a"


async def test_a_caller_who_gives_up_stops_both(run_of, answer_of, autojump_clock):
    run = run_of("ab", config=HEDGED, a=[after(60.0, answer_of())], b=[after(60.0, answer_of())])

    with trio.move_on_after(5.0):
        await run()

    assert sorted(run.connections.cancelled) == ["a", "b"]


async def test_without_anybody_else_there_is_nothing_to_hedge_with(run_of, answer_of, autojump_clock):
    run = run_of("a", config=HEDGED, a=[after(60.0, answer_of("of a"))])

    assert (await run()).text == "of a"


@pytest.mark.parametrize(
    "request_",
    [
        {"extra": {"store": True}},
        {"tools": (ToolDefinition(name="web_search", opaque={"type": "web_search"}),)},
    ],
)
async def test_what_may_do_more_than_answer_is_never_asked_twice_at_once(run_of, answer_of, autojump_clock, request_):
    run = run_of("ab", config=HEDGED, request=request_, a=[after(60.0, answer_of("of a"))])

    await run()

    assert run.connections.order == "a"


async def test_a_stream_is_never_hedged(run_of, answer_of, autojump_clock):
    async def attempt(_message, _sink):
        await trio.sleep(60.0)
        return answer_of("of a")

    class Reader:
        async def send(self, chunk):
            """Read nothing."""

    run = run_of("ab", config=HEDGED, a=[attempt])

    await run(sink=Reader())

    assert run.connections.order == "a"


async def test_a_hedged_answer_is_judged_as_any_other(run_of, answer_of, autojump_clock):
    wanted = {"escalation": Escalation(quality_threshold=10)}
    run = run_of(
        "abc",
        config=HEDGED,
        request=wanted,
        a=[after(60.0, answer_of())],
        b=[after(1.0, answer_of("short"))],
        c=[answer_of("long enough.")],
    )

    response = await run()

    assert response.text == "long enough."
    assert [(each.instance, each.attempt, each.passed) for each in run.health] == [("b", 2, False), ("c", 3, True)]


# -- what is slow


async def test_without_a_delay_the_slowest_twentieth_of_the_answers_counts_as_slow(run_of, answer_of, autojump_clock):
    config = {"hedging": HedgingSettings(enabled=True)}
    usual = [after(1.0, answer_of("of a")) for _ in range(20)]
    run = run_of("ab", config=config, a=[*usual, after(60.0, answer_of("late"))])
    for _ in range(20):
        await run()

    assert run.connections.order == "a" * 20
    assert (await run()).text == "of b"
    assert trio.current_time() == 21.0


def paces(*seconds, setting=None):
    known, target = Paces(HedgingSettings(enabled=True, delay_seconds=setting)), where("a")
    for each in seconds:
        known.note(target, each)
    return known.delay(target)


def where(instance):
    return Target(instance=instance, model="m", tier="cloud")


async def test_a_few_answers_say_nothing_about_what_is_slow():
    assert paces(*[1.0] * 19) is None
    assert paces(*[1.0] * 20) == 1.0
    assert paces(*map(float, range(1, 101))) == 96.0


async def test_old_answers_are_forgotten():
    assert paces(*[50.0] * 100, *[1.0] * 100) == 1.0


async def test_a_setting_says_what_is_slow_from_the_first_call_on():
    assert paces(setting=3.0) == 3.0


async def test_the_second_is_asked_at_another_instance():
    other_model = Target(instance="a", model="n", tier="cloud")

    assert hedge_for(where("a"), [other_model, where("b")]) == where("b")
    assert hedge_for(where("a"), [other_model]) is None


async def test_tools_that_the_client_runs_are_harmless():
    assert is_harmless(Request(messages=(ChatMessage(content="?"),), tools=(ToolDefinition(name="look"),)))
    assert is_harmless(Request(messages=(ChatMessage(content="?"),), extra={WRITTEN: {"max_tokens": 5}}))

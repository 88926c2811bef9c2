"""Poor answers: judged, tried again elsewhere, told to health and to the caller."""

from __future__ import annotations

import pytest
import trio
from legion_llm.actors.inference.quality.judge import JudgeConfig
from legion_llm.messages import errors
from legion_llm.messages.attempt import AttemptRecord
from legion_llm.messages.chat import Chunk, ChunkKind, Escalation
from legion_llm.messages.content import ToolUseBlock
from legion_llm.messages.health import AnswerJudged
from legion_llm.messages.settings import EscalationSettings

GOOD = "Water boils at 100 degrees Celsius at sea level, and earlier the higher one climbs."
POOR = "I cannot help with that."
ON = {"escalation": Escalation(enabled=True)}
SILENT = errors.ProviderSilent("no word")

pytestmark = pytest.mark.trio


def judged(run):
    """What health has heard: (instance, attempt, passed)."""
    assert all(isinstance(each, AnswerJudged) and each.request_id == "req_1" for each in run.health)
    return [(each.instance, each.attempt, each.passed) for each in run.health]


async def test_without_escalation_a_poor_answer_is_the_answer_and_nobody_judges_it(run_of, answer_of, autojump_clock):
    run = run_of("ab", a=[answer_of(POOR)])

    response = await run()

    assert (response.text, response.quality) == (POOR, None)
    assert run.health == []


async def test_a_poor_answer_is_tried_again_elsewhere(run_of, answer_of, autojump_clock):
    run = run_of("ab", request=ON, a=[answer_of(POOR)], b=[answer_of(GOOD)])

    response = await run()

    assert (run.connections.order, response.text) == ("ab", GOOD)
    assert response.escalated
    assert response.escalation_history == (
        AttemptRecord(
            provider="a", model="m", tier="cloud", outcome="quality_failure", failures=("too_short", "refusal")
        ),
        AttemptRecord(provider="b", model="m", tier="cloud", outcome="success"),
    )
    assert response.routing.chain == ("a/m: quality_failure", "b/m: success")
    assert response.final_resolution == "b/m"
    assert response.quality.band == "very_high"


async def test_health_hears_what_each_answer_was_worth(run_of, answer_of, autojump_clock):
    run = run_of("ab", request=ON, a=[answer_of(POOR)], b=[answer_of(GOOD)])

    await run()

    assert judged(run) == [("a", 1, False), ("b", 2, True)]


async def test_a_call_says_that_its_answer_will_be_judged(run_of, answer_of, autojump_clock):
    seen = []

    async def attempt(message):
        seen.append(message.judged)
        return answer_of(GOOD)

    await run_of("a", request=ON, a=[attempt])()
    await run_of("a", a=[attempt])()

    assert seen == [True, False]


async def test_a_good_first_answer_is_not_an_escalation(run_of, answer_of, autojump_clock):
    response = await run_of("ab", request=ON, a=[answer_of(GOOD)])()

    assert not response.escalated
    assert [str(each) for each in response.escalation_history] == ["a/m: success"]


async def test_settings_can_have_every_request_escalate(run_of, answer_of, autojump_clock):
    judging = JudgeConfig(escalation=EscalationSettings(enabled=True))
    run = run_of("ab", config={"judging": judging}, a=[answer_of(POOR)], b=[answer_of(GOOD)])

    assert (await run()).text == GOOD


async def test_a_peer_is_asked_before_a_higher_tier(run_of, answer_of, candidate, autojump_clock):
    names = [candidate("a"), candidate("b", tier="frontier"), candidate("c", model="n")]
    run = run_of(names, request=ON, a=[answer_of(POOR)], c=[answer_of(POOR)], b=[answer_of(GOOD)])

    await run()

    assert run.connections.order == "acb"


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_there_are_no_more_attempts_than_the_request_allows(run_of, answer_of, autojump_clock, most):
    ends = {name: [answer_of(POOR)] for name in "abcd"}
    run = run_of("abcd", request={"escalation": Escalation(max_attempts=most)}, **ends)

    with pytest.raises(errors.EscalationExhausted):
        await run()

    assert len(run.connections.calls) == most


async def test_failures_and_poor_answers_count_together(run_of, answer_of, autojump_clock):
    run = run_of("abcd", request=ON, a=[SILENT], b=[answer_of(POOR)], c=[answer_of(GOOD)])

    response = await run()

    assert response.routing.chain == ("a/m: target_sick", "b/m: quality_failure", "c/m: success")


async def test_when_all_are_poor_the_caller_hears_what_was_wrong_with_each(run_of, answer_of, autojump_clock):
    run = run_of("ab", request=ON, a=[answer_of(POOR)], b=[answer_of("")])

    with pytest.raises(errors.EscalationExhausted) as caught:
        await run()

    assert caught.value.attempts == (
        "a/m: quality_failure: too_short, refusal",
        "b/m: quality_failure: empty_response",
    )
    assert str(caught.value).startswith("all 2 attempts failed (of 2 candidates): a/m: quality_failure: too_short, ")


async def test_the_only_candidate_that_is_poor_is_told_as_well(run_of, answer_of, autojump_clock):
    with pytest.raises(errors.EscalationExhausted, match="the only attempt failed"):
        await run_of("a", request=ON, a=[answer_of(POOR)])()


async def test_a_turn_of_tool_calls_is_no_poor_answer(run_of, answer_of, autojump_clock):
    call = ToolUseBlock(id="call_1", name="look", arguments="{}")
    run = run_of("ab", request=ON, a=[answer_of((call,))])

    response = await run()

    assert run.connections.order == "a"
    assert response.quality is None


# -- the caller's own check


async def test_the_callers_own_check_sends_an_answer_back(run_of, answer_of, autojump_clock):
    async def own(response):
        return response.text.startswith("Water")

    run = run_of("ab", a=[answer_of(GOOD.upper())], b=[answer_of(GOOD)])

    response = await run(quality_check=own)

    assert response.text == GOOD
    assert response.escalation_history[0].failures == ("custom_check_failed",)


async def test_a_check_that_fails_never_fails_the_request(run_of, answer_of, autojump_clock):
    async def own(_response):
        raise errors.HostError("quality_check failed: ValueError: no")

    response = await run_of("a", a=[answer_of(GOOD)])(quality_check=own)

    assert response.text == GOOD
    assert response.warnings == ("quality_check: quality_check failed: ValueError: no",)


async def test_a_check_that_hangs_never_holds_the_request_for_long(run_of, answer_of, autojump_clock):
    async def own(_response):
        await trio.sleep_forever()

    response = await run_of("a", a=[answer_of(GOOD)])(quality_check=own)

    assert response.text == GOOD
    assert trio.current_time() == 5.0


# -- streams


class Reader:
    def __init__(self):
        self.read = []

    async def send(self, chunk):
        self.read.append(chunk)


def said(text):
    return Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=text)


def streams(*chunks, end):
    async def attempt(_message, sink):
        for chunk in chunks:
            await sink.send(chunk)
        return end

    return attempt


START = Chunk(kind=ChunkKind.START, model="m")


async def test_a_stream_that_ends_without_content_escalates_silently(run_of, answer_of, autojump_clock):
    reader = Reader()
    run = run_of("ab", request=ON, a=[streams(START, end=answer_of(""))], b=[streams(said(GOOD), end=answer_of(GOOD))])

    response = await run(sink=reader)

    assert reader.read == [said(GOOD)]
    assert response.routing.chain == ("a/m: quality_failure", "b/m: success")


async def test_a_poor_stream_that_the_caller_has_seen_is_kept_and_told_to_health(run_of, answer_of, autojump_clock):
    reader = Reader()
    run = run_of("ab", request=ON, a=[streams(said(POOR), end=answer_of(POOR))])

    response = await run(sink=reader)

    assert (run.connections.order, response.text) == ("a", POOR)
    assert response.quality.band == "very_low"
    assert judged(run) == [("a", 1, False)]


async def test_an_empty_stream_is_given_to_the_caller_where_nobody_judges(run_of, answer_of, autojump_clock):
    reader = Reader()

    await run_of("ab", a=[streams(START, end=answer_of(""))])(sink=reader)

    assert reader.read == [START]

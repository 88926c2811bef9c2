from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.inference.attempts import attempt_in_turn, may_go_elsewhere
from legion_llm.messages import errors
from legion_llm.messages.chat import ChatMessage, Request, Response, RoutingInfo
from legion_llm.messages.routing import Resolution, Target

REQUEST = Request(messages=(ChatMessage(content="hi"),), id="req_1")
A, B, C = (Target(instance=name, model="m", tier="local") for name in "abc")
ANSWER = Response(message=ChatMessage(role="assistant", content="hello"))

DOWN = errors.ProviderDown("no answer")
SLOW = errors.RateLimitError("slow down", retry_after=9.0)
BUSY = errors.TargetUnavailable("taken", retry_after=2.0)
WRONG = errors.RequestRejectedError("no such parameter")


class Play:
    """Attempts that end as written; what was tried is noted."""

    def __init__(self, *ends):
        self._ends = list(ends)
        self.tried = []
        self.committed = False

    async def attempt(self, target, number):
        await trio.lowlevel.checkpoint()
        self.tried.append((number, target))
        end = self._ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    def run(self, *candidates, max_attempts=3):
        async def main():
            return await attempt_in_turn(
                REQUEST,
                Resolution(candidates=candidates, strategy="explicit"),
                max_attempts,
                self.attempt,
                lambda: self.committed,
                lambda: 1.5,
            )

        return trio.run(main)


def test_the_first_answer_is_the_answer():
    play = Play(ANSWER)

    response = play.run(A, B)

    assert play.tried == [(1, A)]
    assert attrs.evolve(response, request_id="", routing=None) == ANSWER
    assert response.request_id == "req_1"
    assert response.routing == RoutingInfo(
        provider="a",
        model="m",
        tier="local",
        strategy="explicit",
        attempts=1,
        chain=("a/m: success",),
        latency_ms=1500.0,
    )


def test_candidates_are_tried_in_their_order_until_one_answers():
    play = Play(DOWN, SLOW, ANSWER)

    response = play.run(A, B, C)

    assert play.tried == [(1, A), (2, B), (3, C)]
    assert response.routing.provider == "c"
    assert response.routing.attempts == 3
    assert response.routing.chain == ("a/m: target_sick", "b/m: throttled", "c/m: success")


def test_no_candidate_is_tried_twice():
    play = Play(SLOW, SLOW)

    with pytest.raises(errors.EscalationExhausted):
        play.run(A, B, max_attempts=10)

    assert play.tried == [(1, A), (2, B)]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_there_are_no_more_attempts_than_allowed(most):
    play = Play(DOWN, DOWN, DOWN)

    with pytest.raises(errors.LegionError):
        play.run(A, B, C, max_attempts=most)

    assert len(play.tried) == most


@pytest.mark.parametrize("candidates", [(A,), (A, B, C)])
def test_the_failure_of_the_only_attempt_is_raised_as_it_is(candidates):
    with pytest.raises(errors.RateLimitError) as caught:
        Play(SLOW).run(*candidates, max_attempts=1)

    assert caught.value is SLOW


def test_several_failures_become_one_error_that_lists_them():
    with pytest.raises(errors.EscalationExhausted) as caught:
        Play(DOWN, SLOW, BUSY).run(A, B, C)

    assert caught.value.attempts == (
        "a/m: target_sick: no answer",
        "b/m: throttled: slow down",
        "c/m: throttled: taken",
    )
    assert str(caught.value).startswith("all 3 attempts failed (of 3 candidates): a/m: target_sick: no answer; b/m")
    assert caught.value.__cause__ is BUSY


@pytest.mark.parametrize(("ends", "wait"), [((SLOW, BUSY), 2.0), ((DOWN, SLOW), 9.0), ((DOWN, DOWN), None)])
def test_the_caller_may_come_back_when_the_first_of_the_targets_may_be_asked_again(ends, wait):
    with pytest.raises(errors.EscalationExhausted) as caught:
        Play(*ends).run(A, B)

    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    "error",
    [
        WRONG,
        errors.ContentRefusedError("no"),
        errors.InvalidRequestError("no"),
        errors.DeadlineExceeded("late"),
        errors.CancelledError("gone"),
        errors.AskCycle("ring", path=("a", "a")),
        errors.SystemNotRunning("stopped"),
    ],
)
def test_what_no_other_target_can_mend_ends_the_request_at_once(error):
    play = Play(error, ANSWER)

    with pytest.raises(type(error)) as caught:
        play.run(A, B)

    assert caught.value is error
    assert play.tried == [(1, A)]


def test_what_cannot_be_mended_is_raised_as_it_is_after_others_too():
    with pytest.raises(errors.RequestRejectedError) as caught:
        Play(DOWN, WRONG, ANSWER).run(A, B, C)

    assert caught.value is WRONG


@pytest.mark.parametrize(
    "error",
    [
        errors.ActorCrashed("bug", actor="a"),
        errors.ActorStopped("gone", actor="a"),
        errors.MailboxFull("full", actor="a", capacity=1),
    ],
)
def test_a_failure_of_our_own_connection_says_nothing_against_the_next(error):
    assert may_go_elsewhere(error)
    assert Play(error, ANSWER).run(A, B).routing.provider == "b"


@pytest.mark.parametrize("error", [DOWN, SLOW, BUSY])
def test_once_the_caller_has_seen_content_nobody_else_may_answer(error):
    play = Play(error, ANSWER)
    play.committed = True

    with pytest.raises(type(error)) as caught:
        play.run(A, B)

    assert caught.value is error
    assert play.tried == [(1, A)]


def test_a_bug_is_no_failure_to_go_on_from():
    play = Play(ZeroDivisionError(), ANSWER)

    with pytest.raises(ZeroDivisionError):
        play.run(A, B)

    assert play.tried == [(1, A)]

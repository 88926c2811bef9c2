from __future__ import annotations

import pytest
import trio
from legion_llm.actors.inference.pipeline.step import OnFailure, Phase, Step
from legion_llm.actors.inference.pipeline.walk import Walk, walks
from legion_llm.messages.caller import Profile
from legion_llm.messages.errors import CancelledError, DeadlineExceeded, InvalidRequestError, PipelineError

FATAL, DEGRADE = OnFailure.FATAL, OnFailure.DEGRADE
NO = PipelineError("no", step="b")


class Steps:
    """Steps that write down that they were taken."""

    def __init__(self, answer):
        self.taken = []
        self._answer = answer

    def row(self, name, *, error=None, on_failure=FATAL, before=None, **keywords):
        def run(flow):
            self.taken.append(name)
            if before is not None:
                before(flow)
            if error is not None:
                raise error

        return Step(name, Phase.BEFORE, on_failure, run, **keywords)

    def waiting_row(self, name, *, error=None, on_failure=FATAL, before=None, **keywords):
        async def run(flow):
            await trio.lowlevel.checkpoint()
            self.row(name, error=error, before=before).run(flow)

        return Step(name, Phase.BEFORE, on_failure, run, **keywords)

    def call(self):
        def run(flow):
            self.taken.append("call")
            flow.response = self._answer

        return Step("call", Phase.PROVIDER, FATAL, run)


@pytest.fixture
def steps(answer):
    return Steps(answer)


@pytest.fixture
def walked(run, services):
    """Walk a flow through rows."""

    def walk(flow, *rows, profile=Profile.EXTERNAL):
        return run(Walk(rows, profile, services).answer, flow)

    return walk


def test_steps_are_taken_from_top_to_bottom(steps, walked, flow_of, answer):
    response = walked(flow_of(), steps.row("a"), steps.waiting_row("b"), steps.call(), steps.row("c"))

    assert steps.taken == ["a", "b", "call", "c"]
    assert response is answer


def test_a_step_whose_profile_skips_it_is_not_taken(steps, walked, flow_of):
    walked(flow_of(), steps.row("a", skipped_by=frozenset({Profile.SERVICE})), steps.call(), profile=Profile.SERVICE)

    assert steps.taken == ["call"]


def test_a_step_that_this_request_has_no_use_for_is_not_taken(steps, walked, flow_of):
    flow = flow_of(model="m")

    walked(
        flow,
        steps.row("a", wanted=lambda flow: flow.request.model is None),
        steps.row("b", wanted=lambda flow: flow.request.model == "m"),
        steps.call(),
    )

    assert steps.taken == ["b", "call"]
    assert [name for name, _ in flow.durations] == ["b", "call"]


def test_a_step_for_conversations_is_not_taken_by_a_request_without_one(steps, walked, flow_of):
    rows = steps.row("a", in_conversation=True), steps.call()

    walked(flow_of(), *rows)
    walked(flow_of(conversation_id="c"), *rows)

    assert steps.taken == ["call", "a", "call"]


def test_a_step_that_this_system_has_nothing_for_is_not_even_compiled(steps, services):
    walk = Walk((steps.row("a", offered=lambda each: each is not services), steps.call()), Profile.HUMAN, services)

    assert walk.names == ("call",)


def test_a_fatal_failure_ends_the_walk_as_it_is(steps, walked, flow_of):
    with pytest.raises(PipelineError) as caught:
        walked(flow_of(), steps.row("a"), steps.row("b", error=NO), steps.call())

    assert caught.value is NO
    assert steps.taken == ["a", "b"]


@pytest.mark.parametrize("kind", ["row", "waiting_row"])
def test_a_degrading_failure_becomes_a_warning_and_an_event(steps, walked, flow_of, kind):
    flow = flow_of()

    walked(flow, getattr(steps, kind)("b", error=NO, on_failure=DEGRADE), steps.call())

    assert steps.taken == ["b", "call"]
    assert flow.warnings == ["step b was left out: no"]
    assert [event.key for event in flow.timeline.events] == ["b:failed"]


def test_a_bug_in_a_degrading_step_is_logged_and_not_shown_to_the_caller(steps, walked, flow_of, caplog):
    flow = flow_of()

    walked(flow, steps.row("b", error=ZeroDivisionError("secret text"), on_failure=DEGRADE), steps.call())

    assert flow.warnings == ["step b was left out: ZeroDivisionError"]
    assert "step b of the pipeline met a bug" in caplog.text


def test_a_bug_in_a_fatal_step_stays_a_bug(steps, walked, flow_of):
    with pytest.raises(ZeroDivisionError):
        walked(flow_of(), steps.row("b", error=ZeroDivisionError()), steps.call())


def test_a_failed_request_is_still_closed_by_the_steps_that_must_see_every_request(steps, walked, flow_of):
    flow = flow_of()
    seen = []

    with pytest.raises(PipelineError):
        walked(
            flow,
            steps.row("a", closes=True),
            steps.row("b", error=NO),
            steps.call(),
            steps.row("metering", closes=True, before=lambda flow: seen.append(flow.error)),
            steps.row("store"),
            steps.row("audit", closes=True),
        )

    assert steps.taken == ["a", "b", "metering", "audit"]
    assert seen == [NO]


def test_a_step_that_closes_runs_once_even_where_a_later_one_fails(steps, walked, flow_of):
    with pytest.raises(PipelineError):
        walked(flow_of(), steps.call(), steps.row("audit", closes=True), steps.row("store", error=NO))

    assert steps.taken == ["call", "audit", "store"]


def test_a_closing_step_that_fails_does_not_hide_why_the_request_failed(steps, walked, flow_of):
    flow = flow_of()

    with pytest.raises(PipelineError) as caught:
        walked(
            flow,
            steps.row("b", error=NO),
            steps.row("metering", closes=True, error=InvalidRequestError("full")),
            steps.row("audit", closes=True),
        )

    assert caught.value is NO
    assert steps.taken == ["b", "metering", "audit"]
    assert flow.warnings == ["step metering was left out: full"]


def test_a_step_that_closes_cannot_be_one_that_waits(steps):
    with pytest.raises(TypeError, match="a cancelled request cannot wait"):
        steps.waiting_row("audit", closes=True)


def test_between_two_steps_a_caller_that_gave_up_ends_the_walk(steps, walked, flow_of):
    flow = flow_of(ask=True)
    gives_up = steps.waiting_row("a", before=lambda flow: flow.ask.reply_to.give_up())

    with pytest.raises(CancelledError):
        walked(flow, gives_up, steps.call(), steps.row("audit", closes=True))

    assert steps.taken == ["a", "audit"]
    assert isinstance(flow.error, CancelledError)


def test_between_two_steps_a_passed_deadline_ends_the_walk(steps, walked, flow_of, still_clock):
    flow = flow_of(ask=True, deadline=1005.0)
    slow = steps.row("a", before=lambda _flow: setattr(still_clock, "now", 1006.0))

    with pytest.raises(DeadlineExceeded):
        walked(flow, slow, steps.call())

    assert steps.taken == ["a"]


def test_a_degrading_step_that_fails_because_the_caller_has_gone_does_not_let_the_request_go_on(
    steps, walked, flow_of, still_clock
):
    flow = flow_of(ask=True, deadline=1005.0)

    def late(_flow):
        still_clock.now = 1006.0

    with pytest.raises(DeadlineExceeded):
        walked(flow, steps.waiting_row("a", before=late, error=NO, on_failure=DEGRADE), steps.call())

    assert steps.taken == ["a"]


def test_a_cancelled_walk_is_closed_in_the_words_its_caller_is_told(steps, flow_of, services):
    flow = flow_of(ask=True)

    async def hang(_flow):
        await trio.sleep_forever()

    async def main():
        walk = Walk(
            (Step("hang", Phase.PROVIDER, FATAL, hang), steps.row("audit", closes=True)), Profile.HUMAN, services
        )
        with trio.move_on_after(0) as scope:
            flow.ask.reply_to.attach(scope.cancel)
            flow.ask.reply_to.give_up()
            await walk.answer(flow)

    trio.run(main)

    assert steps.taken == ["audit"]
    assert isinstance(flow.error, CancelledError)


def test_the_time_of_every_step_taken_is_kept(steps, walked, flow_of, still_clock):
    flow = flow_of()

    def slow(_flow):
        still_clock.now += 0.25

    walked(flow, steps.row("a", before=slow), steps.row("b"), steps.call())

    assert flow.durations == [("a", 0.25), ("b", 0.0), ("call", 0.0)]


def test_every_profile_has_a_walk(steps, services):
    compiled = walks([steps.row("a", skipped_by=frozenset({Profile.SUBCALL})), steps.call()], services)

    assert set(compiled) == set(Profile)
    assert compiled[Profile.SUBCALL].names == ("call",)
    assert compiled[Profile.EXTERNAL].names == ("a", "call")


def test_a_request_answered_early_takes_only_the_steps_that_must_see_every_request(steps, flow_of, services, answer):
    async def known(flow):
        await flow.answer_early(answer)

    flow = flow_of()
    walk = Walk(
        (
            Step("known", Phase.BEFORE, FATAL, known),
            steps.row("b"),
            steps.call(),
            steps.row("c"),
            steps.row("audit", closes=True),
        ),
        Profile.HUMAN,
        services,
    )

    response = trio.run(walk.answer, flow)

    assert response is answer
    assert steps.taken == ["audit"]
    assert flow.answered_by == "known"


@pytest.mark.parametrize("error", [None, NO])
def test_what_a_step_wants_to_hear_at_the_end_it_hears_however_that_comes(steps, walked, flow_of, error):
    heard = []

    def arrange(flow):
        flow.at_end(lambda flow: heard.append(("first", flow.error)))
        flow.at_end(lambda flow: heard.append(("second", flow.error)))

    rows = (steps.row("a", before=arrange), steps.row("b", error=error), steps.call(), steps.row("c", closes=True))
    if error is None:
        walked(flow_of(), *rows)
    else:
        with pytest.raises(PipelineError):
            walked(flow_of(), *rows)

    assert heard == [("second", error), ("first", error)]

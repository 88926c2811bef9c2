from __future__ import annotations

import contextlib
import math

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.actors.connection.gate import STALE, Gate, Pass
from legion_llm.actors.connection.pace import Pace
from legion_llm.actors.connection.permits import Permits
from legion_llm.messages.errors import TargetUnavailable
from legion_llm.messages.routing import CircuitState, HealthChanged

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
PROBE = 30.0
settle = trio.testing.wait_all_tasks_blocked


def permits_of(capacity, max_queue, *, seconds=0.0, **more):
    """Return the permits of an instance whose answers take so many seconds."""
    well = HealthChanged(instance="openai", state=CLOSED, adjustment=0.0, epoch=0)
    pace = Pace()
    pace.took(seconds)
    return Permits(Gate(probe_seconds=PROBE, news=well), capacity, max_queue, pace, **more)


@attrs.define(eq=False)
class Caller:
    """One caller in a task of its own: it holds its lease until it is told to go."""

    number: int
    go: trio.Event = attrs.field(factory=trio.Event)
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    end: BaseException | None = None
    state: str = "waiting"
    refusal: TargetUnavailable | None = None
    admitted_in: tuple = ()
    lease: object = None
    deadline: float = math.inf
    has_others: bool = False

    @property
    def holds(self) -> bool:
        return self.state == "holding"


class Crowd:
    """The callers of one set of permits."""

    def __init__(self, permits: Permits, nursery: trio.Nursery) -> None:
        self.permits = permits
        self.callers: list[Caller] = []
        self.order: list[int] = []
        self._nursery = nursery
        self._epoch = permits.gate.news.epoch

    def call(self, times: int = 1, **more) -> Caller:
        for _ in range(times):
            caller = Caller(len(self.callers), **more)
            self.callers.append(caller)
            self._nursery.start_soon(self._live, caller)
        return caller

    async def _live(self, caller: Caller) -> None:
        caller.state = "gone"
        with caller.scope:
            caller.state = "waiting"
            try:
                lease = await self.permits.lease(
                    "m", trio.current_time(), caller.deadline, has_others=caller.has_others
                )
            except TargetUnavailable as error:
                caller.state, caller.refusal = "refused", error
                return
            await self._hold(caller, lease)
        caller.state = "gone"

    async def _hold(self, caller: Caller, lease) -> None:
        with contextlib.suppress(ZeroDivisionError), lease:
            caller.state, caller.admitted_in = "holding", (self.permits.gate.state, lease.epoch)
            caller.lease = lease
            self.order.append(caller.number)
            try:
                await caller.go.wait()
            finally:
                caller.state = "gone"
            if caller.end is not None:
                raise caller.end

    def news(self, state: CircuitState, *, retry_at: float | None = None, **more) -> None:
        """Health tells of the next stretch of the circuit's life."""
        self._epoch += 1
        self.permits.health_changed(
            HealthChanged(instance="openai", state=state, adjustment=0.0, epoch=self._epoch, retry_at=retry_at, **more)
        )

    def of(self, state: str) -> list[Caller]:
        return [caller for caller in self.callers if caller.state == state]


@pytest.fixture
def crowd(nursery):
    """Callers of an instance that takes two at once and lets three wait."""
    return Crowd(permits_of(2, 3), nursery)


def counts(crowd):
    return crowd.permits.in_flight, crowd.permits.waiting


@pytest.mark.trio
async def test_as_many_as_the_capacity_are_in_flight_and_the_others_wait(crowd):
    crowd.call(4)
    await settle()

    assert counts(crowd) == (2, 2)
    assert len(crowd.of("holding")) == 2


@pytest.mark.trio
async def test_those_who_wait_get_their_turn_in_the_order_in_which_they_came(crowd):
    for _ in range(5):
        crowd.call()
        await settle()

    for caller in crowd.callers:
        caller.go.set()
        await settle()

    assert crowd.order == [0, 1, 2, 3, 4]
    assert counts(crowd) == (0, 0)


@pytest.mark.trio
async def test_nobody_who_comes_later_overtakes_one_who_has_just_got_the_turn(crowd):
    for _ in range(3):
        crowd.call()
        await settle()

    crowd.callers[0].go.set()
    crowd.call(2)
    await settle()

    assert sorted(crowd.order) == [0, 1, 2]
    assert crowd.permits.waiting == 2


@pytest.mark.trio
async def test_one_more_than_may_wait_is_refused_at_once(crowd):
    for _ in range(6):
        crowd.call()
        await settle()

    refused = crowd.callers[5].refusal
    assert str(refused) == "openai: 2 calls are in flight and 3 wait already"
    assert refused.retry_after == 1.0
    assert counts(crowd) == (2, 3)


@pytest.mark.trio
async def test_without_a_queue_nobody_waits(nursery):
    crowd = Crowd(permits_of(1, 0), nursery)

    crowd.call(2)
    await settle()

    assert (len(crowd.of("holding")), len(crowd.of("refused"))) == (1, 1)


@pytest.mark.trio
async def test_a_lease_comes_back_from_a_block_that_fails(crowd):
    caller = crowd.call()
    await settle()

    caller.end = ZeroDivisionError()
    caller.go.set()
    await settle()

    assert counts(crowd) == (0, 0)


@pytest.mark.trio
async def test_a_lease_comes_back_from_a_block_that_is_cancelled(crowd):
    crowd.call(3)
    await settle()

    for caller in crowd.of("holding"):
        caller.scope.cancel()
    await settle()

    assert counts(crowd) == (1, 0)


@pytest.mark.trio
async def test_one_who_waits_and_is_cancelled_leaves_no_trace(crowd):
    for _ in range(4):
        crowd.call()
        await settle()

    crowd.callers[2].scope.cancel()
    await settle()
    crowd.callers[0].go.set()
    await settle()

    assert counts(crowd) == (2, 0)
    assert crowd.callers[3].holds


@pytest.mark.trio
async def test_one_cancelled_in_the_moment_of_its_turn_returns_it(crowd):
    crowd.call(2)
    await settle()
    waiting = crowd.call()
    await settle()

    crowd.callers[0].go.set()
    crowd.callers[1].go.set()
    waiting.scope.cancel()
    await settle()

    assert counts(crowd) == (0, 0)


@pytest.mark.trio
@pytest.mark.parametrize("_again", range(10))  # trio draws the order of the tasks within one step
async def test_a_turn_given_to_one_who_is_cancelled_in_the_same_step_goes_to_the_next(crowd, _again):
    for _ in range(4):
        crowd.call()
        await settle()

    crowd.callers[0].scope.cancel()
    crowd.callers[2].scope.cancel()
    await settle()

    assert counts(crowd) == (2, 0)
    assert crowd.callers[3].holds


@pytest.mark.trio
@pytest.mark.parametrize("_again", range(10))
async def test_when_all_are_cancelled_at_once_every_lease_comes_back(crowd, _again):
    crowd.call(5)
    await settle()

    for caller in crowd.callers:
        caller.scope.cancel()
    await settle()

    assert counts(crowd) == (0, 0)


# -- an open circuit


@pytest.mark.trio
async def test_while_the_circuit_is_open_everybody_is_refused_until_it_has_cooled(crowd, mock_clock):
    crowd.news(OPEN, retry_at=trio.current_time() + 42.0)

    caller = crowd.call()
    await settle()

    assert str(caller.refusal) == "openai: circuit open"
    assert caller.refusal.retry_after == 42.0


@pytest.mark.trio
async def test_a_moment_of_retry_that_has_passed_is_no_negative_wait(crowd):
    crowd.news(OPEN, retry_at=trio.current_time() - 5.0)

    caller = crowd.call()
    await settle()

    assert caller.refusal.retry_after == 0.0


@pytest.mark.trio
async def test_an_open_circuit_of_unknown_length_names_no_wait(crowd):
    crowd.news(OPEN)

    caller = crowd.call()
    await settle()

    assert caller.refusal.retry_after is None


@pytest.mark.trio
async def test_a_circuit_that_opens_sends_away_whoever_waits_and_says_for_how_long(crowd, mock_clock):
    crowd.call(5)
    await settle()

    crowd.news(OPEN, retry_at=trio.current_time() + 60.0)
    await settle()

    assert counts(crowd) == (2, 0)
    assert {caller.refusal.retry_after for caller in crowd.of("refused")} == {60.0}
    assert len(crowd.of("refused")) == 3


@pytest.mark.trio
async def test_calls_in_flight_outlive_the_trip(crowd):
    crowd.call(2)
    await settle()

    crowd.news(OPEN)
    await settle()
    for caller in crowd.callers:
        caller.go.set()
    await settle()

    assert counts(crowd) == (0, 0)


@pytest.mark.trio
async def test_a_turn_that_came_in_the_moment_of_the_trip_is_not_used(crowd, mock_clock):
    crowd.call(2)
    await settle()
    waiting = crowd.call()
    await settle()

    crowd.permits.give_back(
        Pass(crowd.permits.gate.news.epoch)
    )  # as the end of a call does, in the same step of the loop as the news
    crowd.news(OPEN, retry_at=trio.current_time() + 60.0)
    await settle()

    assert waiting.state == "refused"
    assert waiting.refusal.retry_after == 60.0
    assert crowd.permits.in_flight == 1
    crowd.permits.in_flight += 1  # the call whose end was played still holds its lease


# -- load is shed early


@pytest.mark.trio
async def test_who_is_one_too_many_hears_how_long_the_line_takes(nursery):
    crowd = Crowd(permits_of(2, 3, seconds=4.0), nursery)

    crowd.call(6)
    await settle()

    (refused,) = crowd.of("refused")
    assert refused.refusal.retry_after == 8.0


@pytest.mark.trio
@pytest.mark.parametrize(("left", "state"), [(5.9, "refused"), (6.0, "waiting")])
async def test_who_would_wait_in_vain_is_sent_away_at_once(nursery, mock_clock, left, state):
    crowd = Crowd(permits_of(2, 100, seconds=4.0), nursery)
    crowd.call(2)
    await settle()

    caller = crowd.call(deadline=trio.current_time() + left)  # 2 s in line and 4 s for the answer
    await settle()

    assert caller.state == state


@pytest.mark.trio
async def test_the_refusal_of_who_would_wait_in_vain_says_what_it_is_about(nursery, mock_clock):
    crowd = Crowd(permits_of(1, 100, seconds=4.0), nursery)
    crowd.call(3)
    await settle()

    caller = crowd.call(deadline=trio.current_time() + 5.0)
    await settle()

    assert str(caller.refusal) == "openai: the line takes about 12.0 s and an answer 4.0 s, and the caller has 5.0 s"
    assert caller.refusal.retry_after == 12.0


@pytest.mark.trio
async def test_who_can_go_elsewhere_waits_no_longer_than_an_answer_takes(nursery):
    crowd = Crowd(permits_of(2, 100, seconds=4.0), nursery)
    crowd.call(4)
    await settle()

    patient = crowd.call()
    await settle()  # one after the other: trio starts tasks in any order
    other = crowd.call(has_others=True)
    await settle()

    assert patient.state == "waiting"
    assert str(other.refusal) == "openai: the line takes about 8.0 s, and others can be asked"


@pytest.mark.trio
async def test_who_can_go_elsewhere_waits_in_a_short_line(nursery):
    crowd = Crowd(permits_of(2, 100, seconds=4.0), nursery)

    crowd.call(4, has_others=True)
    await settle()

    assert counts(crowd) == (2, 2)


@pytest.mark.trio
async def test_a_short_deadline_is_no_reason_where_nobody_waits(crowd, mock_clock):
    caller = crowd.call(deadline=trio.current_time() + 0.001)
    await settle()

    assert caller.holds


# -- as many as the instance can take


@pytest.mark.trio
async def test_a_larger_capacity_calls_those_who_wait(crowd):
    crowd.call(5)
    await settle()

    crowd.permits.resize(4)
    await settle()

    assert counts(crowd) == (4, 1)
    assert len(crowd.of("holding")) == 4


@pytest.mark.trio
async def test_a_smaller_capacity_takes_effect_as_calls_end(nursery):
    crowd = Crowd(permits_of(4, 3), nursery)
    crowd.call(6)
    await settle()

    crowd.permits.resize(2)
    seen = [counts(crowd)]
    for _ in range(4):
        crowd.of("holding")[0].go.set()
        await settle()
        seen.append(counts(crowd))

    assert seen == [(4, 2), (3, 2), (2, 2), (2, 1), (2, 0)]


@pytest.mark.trio
async def test_whoever_wants_to_know_hears_of_every_change(nursery):
    seen = []
    crowd = Crowd(permits_of(1, 3, changed=lambda: seen.append(counts(crowd))), nursery)
    crowd.call()
    await settle()
    crowd.call(2)
    await settle()

    crowd.callers[-1].scope.cancel()
    crowd.callers[-2].scope.cancel()
    crowd.callers[0].go.set()
    await settle()

    assert seen[:3] == [(1, 0), (1, 1), (1, 2)]
    assert seen[-1] == (0, 0)


# -- throttled models


@pytest.mark.trio
async def test_a_model_that_its_provider_wants_left_alone_is_refused_until_then_and_others_are_not(crowd, mock_clock):
    crowd.news(CLOSED, throttled={"m": trio.current_time() + 12.0, "other": trio.current_time() - 1.0})

    early = crowd.call()
    await settle()
    mock_clock.jump(12.0)
    late = crowd.call()
    await settle()

    assert str(early.refusal) == "openai: m is rate limited for another 12.0 s"
    assert early.refusal.retry_after == 12.0
    assert late.holds


@pytest.mark.trio
async def test_one_who_waited_while_its_model_was_throttled_is_sent_away_and_its_turn_goes_to_the_next(
    crowd, mock_clock
):
    crowd.call(2)
    await settle()
    waiting = crowd.call()
    await settle()

    crowd.news(CLOSED, throttled={"m": trio.current_time() + 12.0})
    crowd.callers[0].go.set()
    await settle()

    assert waiting.refusal.retry_after == 12.0
    assert counts(crowd) == (1, 0)


# -- half open


@pytest.mark.trio
async def test_a_half_open_circuit_admits_one_of_a_hundred_callers(nursery):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)

    crowd.call(100)
    await settle()

    assert (len(crowd.of("holding")), len(crowd.of("refused"))) == (1, 99)
    assert {str(caller.refusal) for caller in crowd.of("refused")} == {"openai: it is being probed by another request"}
    assert {caller.refusal.retry_after for caller in crowd.of("refused")} == {1.0}


@pytest.mark.trio
@pytest.mark.parametrize("end", ["success", "error", "cancel"])
async def test_when_the_probe_ends_without_a_verdict_the_next_one_may_go(nursery, end):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)
    probe = crowd.call()
    await settle()

    probe.end = ZeroDivisionError() if end == "error" else None
    probe.scope.cancel() if end == "cancel" else probe.go.set()
    await settle()
    crowd.call(10)
    await settle()

    assert (len(crowd.of("holding")), len(crowd.of("refused"))) == (1, 9)


@pytest.mark.trio
async def test_the_end_of_a_call_from_before_the_trip_admits_no_second_probe(nursery):
    crowd = Crowd(permits_of(64, 256), nursery)
    old = crowd.call()
    await settle()
    crowd.news(OPEN)
    crowd.news(HALF_OPEN)
    crowd.call()
    await settle()

    old.go.set()
    await settle()
    crowd.call(10)
    await settle()

    assert (len(crowd.of("holding")), len(crowd.of("refused"))) == (1, 10)


@pytest.mark.trio
async def test_a_probe_of_an_earlier_stretch_does_not_block_that_of_the_next(nursery):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)
    first = crowd.call()
    await settle()
    crowd.news(OPEN)
    crowd.news(HALF_OPEN)
    second = crowd.call()
    await settle()

    first.go.set()
    await settle()
    third = crowd.call()
    await settle()

    assert second.holds
    assert third.state == "refused"


@pytest.mark.trio
async def test_being_told_the_same_again_admits_no_second_probe(nursery):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)
    crowd.call()
    await settle()

    again = HealthChanged(instance="openai", state=HALF_OPEN, adjustment=-25.0, epoch=crowd.permits.gate.news.epoch)
    crowd.permits.health_changed(again)
    crowd.call()
    await settle()

    assert len(crowd.of("holding")) == 1


@pytest.mark.trio
async def test_a_probe_that_does_not_come_back_gives_way_to_another_and_speaks_for_nobody_any_more(nursery, mock_clock):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)
    first = crowd.call()
    await settle()

    mock_clock.jump(PROBE)
    second = crowd.call()
    await settle()
    third = crowd.call()
    await settle()

    assert (first.holds, second.holds, third.state) == (True, True, "refused")
    assert (first.lease.epoch, second.lease.epoch) == (STALE, crowd.permits.gate.news.epoch)


@pytest.mark.trio
async def test_a_probe_whose_lease_has_run_out_speaks_until_another_takes_its_place(nursery, mock_clock):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)
    probe = crowd.call()
    await settle()

    mock_clock.jump(10 * PROBE)

    assert probe.lease.epoch == crowd.permits.gate.news.epoch


@pytest.mark.trio
async def test_the_end_of_a_probe_that_was_replaced_admits_no_third(nursery, mock_clock):
    crowd = Crowd(permits_of(64, 256), nursery)
    crowd.news(HALF_OPEN)
    first = crowd.call()
    await settle()
    mock_clock.jump(PROBE)
    crowd.call()
    await settle()

    first.go.set()
    await settle()
    third = crowd.call()
    await settle()

    assert third.state == "refused"


@pytest.mark.trio
async def test_a_probe_needs_a_free_place_like_any_call(crowd):
    crowd.call(2)
    await settle()
    crowd.news(OPEN)
    crowd.news(HALF_OPEN)

    caller = crowd.call()
    await settle()

    assert caller.state == "refused"


@pytest.mark.trio
async def test_a_closed_circuit_admits_everybody_again(crowd):
    crowd.news(OPEN)
    crowd.news(HALF_OPEN)
    crowd.call()
    await settle()

    crowd.news(CLOSED)
    crowd.call(4)
    await settle()

    assert counts(crowd) == (2, 3)


@pytest.mark.trio
async def test_a_lease_knows_the_stretch_in_which_it_was_given(crowd):
    crowd.news(CLOSED)
    early = crowd.call()
    await settle()
    crowd.news(CLOSED)
    late = crowd.call()
    await settle()

    assert (early.admitted_in, late.admitted_in) == ((CLOSED, 1), (CLOSED, 2))


# -- random interleavings

ACTIONS = st.one_of(
    st.sampled_from(["call", "call", "call", "open", "half_open", "closed", "settle", "checkpoint", "cancel all"]),
    st.tuples(st.sampled_from(["finish", "fail", "cancel"]), st.integers(0, 30)),
    st.tuples(st.just("resize"), st.integers(1, 3)),
)


def act(crowd, action):
    if action == "call":
        crowd.call()
    elif action == "cancel all":
        for caller in crowd.callers:
            caller.scope.cancel()
    elif isinstance(action, str):
        crowd.news(CircuitState(action))
    elif action[0] == "resize":
        crowd.permits.resize(action[1])
    elif crowd.callers:
        verb, number = action
        caller = crowd.callers[number % len(crowd.callers)]
        caller.end = ZeroDivisionError() if verb == "fail" else None
        caller.scope.cancel() if verb == "cancel" else caller.go.set()


MOST = 3


def check(crowd, max_queue):
    permits = crowd.permits
    holding = [caller for caller in crowd.callers if caller.holds]
    assert len(holding) <= permits.in_flight <= MOST
    assert permits.waiting == 0 or permits.in_flight >= permits.capacity
    assert permits.waiting <= max_queue
    assert not [caller for caller in holding if caller.admitted_in[0] is OPEN]
    probes = [caller.admitted_in for caller in holding if caller.admitted_in[0] is HALF_OPEN]
    assert len(probes) == len(set(probes))
    if permits.gate.state is not CLOSED:
        assert permits.waiting == 0


async def play(capacity, max_queue, actions):
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            crowd = Crowd(permits_of(capacity, max_queue), nursery)
            for action in actions:
                if action == "settle":
                    await settle()
                    assert crowd.permits.in_flight == len(crowd.of("holding"))
                elif action == "checkpoint":
                    await trio.lowlevel.checkpoint()
                else:
                    act(crowd, action)
                check(crowd, max_queue)
            for caller in crowd.callers:
                caller.go.set()
        assert counts(crowd) == (0, 0)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, MOST), st.integers(0, 3), st.lists(ACTIONS, max_size=40))
def test_whatever_happens_in_whatever_order_the_bounds_hold_and_every_lease_comes_back(capacity, max_queue, actions):
    trio.run(play, capacity, max_queue, actions)

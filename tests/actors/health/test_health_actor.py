from __future__ import annotations

import pytest
from legion_llm.actors.health.actor import (
    CircuitCooled,
    Health,
    HealthConfig,
    HealthReconfigured,
    NewsUnheard,
    PointsFaded,
)
from legion_llm.messages.health import AccountRestored, AnswerJudged, LimitReached, SignalReported, SignalWeighed
from legion_llm.messages.outcome import COUNTS_AGAINST_TARGET, Outcome
from legion_llm.messages.routing import CircuitState, HealthWanted
from legion_llm.messages.settings import HealthSettings

HARMLESS = sorted(set(Outcome) - COUNTS_AGAINST_TARGET - {Outcome.SUCCESS})
COOLDOWN = 60.0
ACCOUNT_COOLDOWN = 300.0
WINDOW = 300.0


class Observed:
    """The health actor of "openai" and "ollama", and what router and connections hear of it."""

    def __init__(self, house, finished):
        self.house = house
        self._finished = finished
        self.router = house.add_ear("router")
        self.connection = house.add_ear("connection-openai")
        self.other = house.add_ear("connection-ollama")
        config = HealthConfig(
            instances=("openai", "ollama"),
        )

        def listeners(instance):
            return house.address("router"), house.address(f"connection-{instance}")

        house.add("health", lambda: Health(config, listeners))
        house.start()
        self.first = self.last
        self.forget()

    def forget(self):
        for heard in (self.router, self.connection, self.other):
            heard.clear()

    @property
    def last(self):
        """The last word on "openai"."""
        return self.connection[-1]

    @property
    def states(self):
        return [str(news.state) for news in self.connection]

    def report(self, outcome, times=1, *, epoch=None, **fields):
        """Attempts end now; they began in the epoch told last."""
        fields = {"at": self.house.clock.monotonic(), "epoch": self._epoch() if epoch is None else epoch, **fields}
        self.house.tell("health", *[self._finished(outcome, **fields) for _ in range(times)])

    def _epoch(self):
        return (self.connection or [self.first])[-1].epoch

    def trip(self):
        self.report(Outcome.TARGET_SICK, 3)


@pytest.fixture
def observed(house, finished):
    return Observed(house, finished)


def test_at_its_start_it_tells_everybody_that_all_is_well(house, finished):
    router = house.add_ear("router")
    config = HealthConfig(instances=("openai",))
    house.add("health", lambda: Health(config, lambda _: [house.address("router")]))

    house.start()

    assert [(news.instance, news.state, news.adjustment) for news in router] == [("openai", CircuitState.CLOSED, 0.0)]


def test_while_nothing_changes_nobody_is_told(observed):
    observed.report(Outcome.SUCCESS, 5)
    observed.report(Outcome.TARGET_SICK, 2)
    observed.report(Outcome.SUCCESS)

    assert observed.router == observed.connection == observed.other == []


def test_failures_up_to_the_limit_open_the_circuit_and_router_and_connection_hear_it_once(observed):
    observed.report(Outcome.TARGET_SICK, 3)

    assert observed.states == ["open"]
    assert observed.router == observed.connection
    assert observed.other == []
    assert (observed.last.adjustment, observed.last.retry_at) == (-50.0, 1000.0 + COOLDOWN)
    assert observed.last.cause is Outcome.TARGET_SICK
    assert observed.last.epoch > observed.first.epoch


@pytest.mark.parametrize("outcome", HARMLESS)
def test_what_says_nothing_against_the_target_never_opens_its_circuit(observed, outcome):
    observed.report(outcome, 50)

    assert set(observed.states) <= {"closed"}


@pytest.mark.parametrize("outcome", HARMLESS)
def test_what_says_nothing_about_the_target_does_not_break_a_row_of_failures(observed, outcome):
    observed.report(Outcome.TARGET_SICK, 2)
    observed.report(outcome)
    observed.report(Outcome.TARGET_SICK)

    assert observed.states[-1] == "open"


def test_a_success_breaks_a_row_of_failures(observed):
    for _ in range(5):
        observed.report(Outcome.TARGET_SICK, 2)
        observed.report(Outcome.SUCCESS)

    assert observed.connection == []


def test_repeats_of_one_request_are_no_further_failures(observed):
    observed.report(Outcome.TARGET_SICK)
    observed.report(Outcome.TARGET_SICK, 10, repeated=True)

    assert observed.connection == []


def test_a_repeat_that_is_the_probe_counts(observed, house):
    observed.trip()
    house.advance(COOLDOWN)
    observed.report(Outcome.TARGET_SICK, repeated=True)

    assert observed.states == ["open", "half_open", "open"]


def test_what_was_never_sent_is_ignored(observed):
    observed.report(Outcome.TARGET_SICK, 10, sent=False)
    observed.report(Outcome.SUCCESS, 10, sent=False, latency=100.0)

    assert observed.connection == []


def test_an_instance_nobody_knows_is_ignored(observed, house):
    observed.report(Outcome.TARGET_SICK, 10, instance="nobody")

    assert observed.router == []


def test_one_instance_s_failures_are_not_held_against_another(observed):
    observed.report(Outcome.TARGET_SICK, 2)
    observed.report(Outcome.TARGET_SICK, 2, instance="ollama", epoch=observed.first.epoch)

    assert observed.connection == observed.other == []


# -- cooling


def test_an_open_circuit_is_half_open_exactly_when_it_has_cooled(observed, house):
    observed.trip()

    house.advance(COOLDOWN - 0.001)
    before = list(observed.states)
    house.advance(0.001)

    assert (before, observed.states) == (["open"], ["open", "half_open"])
    assert (observed.last.adjustment, observed.last.retry_at) == (-25.0, None)


@pytest.mark.parametrize("moment", [0.1, 0.7, 1234567.891, 3.3333333])
def test_a_circuit_cools_at_whatever_moment_it_tripped(observed, house, moment):
    house.advance(moment)
    observed.report(Outcome.TARGET_SICK, 3, at=house.clock.monotonic() - 0.1)

    house.advance(COOLDOWN)

    assert observed.last.state is CircuitState.HALF_OPEN


def test_answers_that_come_while_it_is_open_do_not_move_it(observed, house):
    observed.trip()

    observed.report(Outcome.SUCCESS, 5, epoch=observed.first.epoch)
    observed.report(Outcome.SUCCESS, 5)
    observed.report(Outcome.TARGET_SICK, 5)
    house.advance(COOLDOWN)

    assert observed.states == ["open", "half_open"]


def test_the_success_of_the_probe_closes_the_circuit(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    observed.report(Outcome.SUCCESS)

    assert observed.states == ["open", "half_open", "closed"]
    assert observed.last.adjustment == 0.0


def test_the_failure_of_the_probe_opens_it_for_another_cooldown(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    observed.report(Outcome.TARGET_SICK)
    again = observed.last
    house.advance(COOLDOWN)

    assert observed.states == ["open", "half_open", "open", "half_open"]
    assert again.retry_at == 1000.0 + 2 * COOLDOWN


@pytest.mark.parametrize("outcome", HARMLESS)
def test_a_probe_that_says_nothing_leaves_the_circuit_half_open(observed, house, outcome):
    observed.trip()
    house.advance(COOLDOWN)

    observed.report(outcome)

    assert observed.states[-1] == "half_open"


def test_results_from_before_the_trip_do_not_move_a_half_open_circuit(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    observed.report(Outcome.TARGET_SICK, 5, epoch=observed.first.epoch)
    observed.report(Outcome.SUCCESS, 5, epoch=observed.first.epoch)

    assert observed.states == ["open", "half_open"]


def test_epochs_grow_with_every_change(observed, house):
    for _ in range(3):
        observed.trip()
        house.advance(COOLDOWN)
        observed.report(Outcome.SUCCESS)

    epochs = [news.epoch for news in observed.connection]
    assert epochs == sorted(set(epochs))
    assert len(epochs) == 9


def test_an_old_alarm_does_not_cool_a_circuit_that_tripped_again(observed, house):
    observed.trip()
    old = observed.last.epoch
    house.advance(COOLDOWN)
    observed.report(Outcome.TARGET_SICK)

    house.tell("health", CircuitCooled(instance="openai", epoch=old))

    assert observed.states == ["open", "half_open", "open"]


# -- latency


def test_slow_answers_cost_points(observed):
    observed.report(Outcome.SUCCESS, latency=12.0)

    assert [(news.state, news.adjustment) for news in observed.connection] == [(CircuitState.CLOSED, -20.0)]


def test_a_late_result_of_an_older_epoch_still_counts_for_latency(observed):
    observed.report(Outcome.SUCCESS, latency=12.0, epoch=observed.first.epoch - 1)

    assert observed.last.adjustment == -20.0


def test_of_a_stream_the_time_to_its_first_content_counts(observed):
    observed.report(Outcome.SUCCESS, latency=60.0, first_content=0.3)
    observed.report(Outcome.SUCCESS, latency=60.0, first_content=24.0)

    assert observed.last.adjustment == -20.0


def test_only_successes_count_for_latency(observed):
    for outcome in HARMLESS:
        observed.report(outcome, latency=100.0)

    assert {news.adjustment for news in observed.connection} <= {0.0}


def test_slowness_that_costs_the_same_is_told_once(observed):
    for latency in (12.0, 12.1, 12.2):
        observed.report(Outcome.SUCCESS, latency=latency)

    assert len(observed.connection) == 1


def test_a_slow_instance_that_nobody_asks_any_more_is_forgiven_when_the_window_has_passed(observed, house):
    observed.report(Outcome.SUCCESS, latency=12.0)

    house.advance(WINDOW + 6.0)

    assert [news.adjustment for news in observed.connection] == [-20.0, 0.0]


def test_slowness_is_forgiven_step_by_step_as_its_samples_leave_the_window(observed, house):
    observed.report(Outcome.SUCCESS, latency=26.0)
    house.advance(100.0)
    observed.report(Outcome.SUCCESS, latency=6.0)

    house.advance(WINDOW - 90.0)
    halfway = observed.last.adjustment
    house.advance(100.0)

    assert (halfway, observed.last.adjustment) == (-10.0, 0.0)


def test_however_many_slow_answers_come_only_one_alarm_is_on_its_way(observed, house):
    observed.report(Outcome.SUCCESS, 200, latency=12.0)

    assert house.system.trio.run(tasks_named, "_deliver_at") == 1


async def tasks_named(name):
    import trio  # noqa: PLC0415 - only to look into the running loop

    found, waiting = 0, [trio.lowlevel.current_root_task()]
    while waiting:
        task = waiting.pop()
        found += name in task.name
        waiting += [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    return found


def test_an_alarm_about_a_fast_instance_changes_nothing(observed, house):
    house.tell("health", PointsFaded(instance="openai"))

    assert observed.connection == []


# -- telling again


def test_whoever_wants_to_know_hears_the_last_word_on_one_instance(observed, house):
    observed.trip()
    told = observed.last
    observed.forget()

    house.tell("health", HealthWanted(instance="openai"))

    assert (observed.router, observed.connection, observed.other) == ([told], [told], [])


def test_whoever_names_no_instance_hears_of_all(observed, house):
    house.tell("health", HealthWanted())

    assert [news.instance for news in observed.router] == ["openai", "ollama"]


def test_wanting_to_know_of_nobody_is_answered_with_silence(observed, house):
    house.tell("health", HealthWanted(instance="nobody"))

    assert observed.router == []


class Deaf:
    """A neighbour whose mailbox is full for a while."""

    def __init__(self):
        self.is_full = True
        self.offered = 0
        self.heard = []

    def offer(self, news):
        self.offered += 1
        if not self.is_full:
            self.heard.append(news)
        return not self.is_full


def test_news_that_meets_a_full_mailbox_is_told_again_every_second_until_it_is_heard(house):
    neighbour = Deaf()
    house.add("health", lambda: Health(HealthConfig(instances=("openai",)), lambda _: [neighbour]))
    house.start()

    house.advance(1.0)
    house.advance(1.0)
    missed = neighbour.offered
    neighbour.is_full = False
    house.advance(1.0)
    house.advance(60.0)

    assert (missed, neighbour.offered, len(neighbour.heard)) == (3, 4, 1)


# -- restart


def test_after_a_restart_all_circuits_are_closed_in_a_later_epoch_and_everybody_hears_it(observed, house):
    observed.trip()
    before = observed.last.epoch
    observed.forget()
    house.advance(1.0)

    house.kill("health")

    assert observed.states == ["closed"]
    assert observed.last.epoch > before
    assert [news.instance for news in observed.router] == ["openai", "ollama"]


def test_results_of_attempts_begun_before_a_restart_do_not_count_after_it(observed, house):
    house.advance(1.0)
    house.kill("health")
    observed.forget()

    observed.report(Outcome.TARGET_SICK, 10, epoch=observed.first.epoch)

    assert observed.connection == []


def test_a_timer_from_before_a_restart_says_nothing_after_it(observed, house):
    observed.trip()
    house.advance(1.0)
    house.kill("health")

    house.advance(COOLDOWN)

    assert observed.states == ["open", "closed"]


def test_its_snapshot_shows_how_every_instance_is(observed, house):
    observed.report(Outcome.SUCCESS, latency=0.5)
    observed.report(Outcome.TARGET_SICK)

    assert house.inspect("health") == {
        "openai": {
            "state": "closed",
            "failures": 1,
            "trips": 0,
            "average_ms": 500.0,
            "adjustment": 0.0,
            "throttled": {},
            "unjudged": 0,
            "signals": {},
        },
        "ollama": {
            "state": "closed",
            "failures": 0,
            "trips": 0,
            "average_ms": 0.0,
            "adjustment": 0.0,
            "throttled": {},
            "unjudged": 0,
            "signals": {},
        },
    }


# -- throttling


def test_a_throttled_model_is_told_until_the_provider_wants_it_again(observed):
    observed.report(Outcome.THROTTLED, retry_after=30.0)

    assert dict(observed.last.throttled) == {"m": 1030.0}
    assert observed.last.state == "closed"


def test_a_wait_is_only_ever_lengthened(observed):
    observed.report(Outcome.THROTTLED, retry_after=30.0)
    told = len(observed.router)

    observed.report(Outcome.THROTTLED, retry_after=5.0)
    observed.report(Outcome.THROTTLED)

    assert (dict(observed.last.throttled), len(observed.router)) == ({"m": 1030.0}, told)


def test_one_throttled_model_says_nothing_about_another(observed):
    observed.report(Outcome.THROTTLED, retry_after=30.0)
    observed.report(Outcome.THROTTLED, retry_after=10.0, model="n")

    assert dict(observed.last.throttled) == {"m": 1030.0, "n": 1010.0}


def test_a_wait_that_has_passed_is_forgotten(observed, house):
    observed.report(Outcome.THROTTLED, retry_after=30.0)

    house.advance(31.0)

    assert house.inspect("health")["openai"]["throttled"] == {}


def test_a_limit_of_our_own_throttles_its_model_and_leaves_the_circuit_alone(observed):
    observed.house.tell("health", LimitReached(instance="openai", model="m", until=1012.0))
    observed.house.tell("health", LimitReached(instance="nobody", model="m", until=1012.0))

    assert (observed.last.state, dict(observed.last.throttled)) == (CircuitState.CLOSED, {"m": 1012.0})
    assert len(observed.router) == 1


# -- failures that are the account's


def test_a_dead_account_puts_the_instance_aside_at_once_and_for_longer(observed, house):
    observed.report(Outcome.ACCOUNT_DEAD)
    told = observed.last

    house.advance(ACCOUNT_COOLDOWN)

    assert (told.state, told.cause, told.retry_at) == ("open", Outcome.ACCOUNT_DEAD, 1000.0 + ACCOUNT_COOLDOWN)
    assert observed.states == ["open", "half_open"]


def test_an_account_that_is_restored_is_probed_at_once(observed, house):
    observed.report(Outcome.ACCOUNT_DEAD)

    house.tell("health", AccountRestored(instance="openai"))

    assert observed.states[-2:] == ["open", "half_open"]


def test_a_restored_account_says_nothing_for_a_host_that_is_ill(observed, house):
    observed.trip()

    house.tell("health", AccountRestored(instance="openai"), AccountRestored(instance="nobody"))

    assert observed.states[-1] == "open"


def test_an_account_that_says_when_it_comes_back_is_left_alone_until_then(observed, house):
    observed.report(Outcome.ACCOUNT_DEAD, retry_after=3600.0)

    house.advance(ACCOUNT_COOLDOWN)
    before = list(observed.states)
    house.advance(3600.0 - ACCOUNT_COOLDOWN)

    assert (before, observed.states) == (["open"], ["open", "half_open"])


def test_an_account_that_promises_to_be_back_soon_is_not_believed(observed):
    observed.report(Outcome.ACCOUNT_DEAD, retry_after=5.0)

    assert observed.last.retry_at == 1000.0 + ACCOUNT_COOLDOWN


# -- waits that come with failures


def test_a_sick_provider_that_asks_for_time_has_its_model_left_alone(observed):
    observed.report(Outcome.TARGET_SICK, retry_after=20.0)

    assert (observed.last.state, dict(observed.last.throttled)) == ("closed", {"m": 1020.0})


def test_the_failure_that_opens_a_circuit_may_ask_for_more_than_its_cooldown(observed, house):
    observed.report(Outcome.TARGET_SICK, 2)
    observed.report(Outcome.TARGET_SICK, retry_after=200.0)

    house.advance(COOLDOWN)

    assert (observed.states, observed.last.retry_at) == (["open"], 1200.0)


def test_a_late_answer_lengthens_the_wait_of_an_open_circuit_and_the_probe_comes_then(observed, house):
    observed.trip()
    observed.report(Outcome.TARGET_SICK, retry_after=200.0, epoch=observed.first.epoch)

    house.advance(COOLDOWN)
    early = observed.last.state
    house.advance(200.0 - COOLDOWN)

    assert (early, observed.last.state) == (CircuitState.OPEN, CircuitState.HALF_OPEN)


def test_a_late_answer_never_shortens_a_wait(observed, house):
    observed.report(Outcome.ACCOUNT_DEAD)
    observed.report(Outcome.TARGET_SICK, retry_after=1.0, epoch=observed.first.epoch)

    assert observed.last.retry_at == 1000.0 + ACCOUNT_COOLDOWN


# -- quality


def judge(observed, passed, *, request_id="req_1", attempt=1):
    verdict = AnswerJudged(request_id=request_id, attempt=attempt, instance="openai", passed=passed)
    observed.house.tell("health", verdict)


def test_six_poor_answers_in_a_row_open_the_circuit(observed):
    for number in range(6):
        observed.report(Outcome.SUCCESS, judged=True, request_id=f"req_{number}")
        judge(observed, passed=False, request_id=f"req_{number}")

    assert observed.states == ["open"]


def test_poor_answers_that_nobody_announced_count_too(observed):
    for _ in range(6):
        judge(observed, passed=False)

    assert observed.states == ["open"]


def test_a_good_answer_breaks_a_row_of_poor_ones(observed):
    for number, passed in enumerate([False] * 5 + [True] + [False] * 5):
        observed.report(Outcome.SUCCESS, judged=True, request_id=f"req_{number}")
        judge(observed, passed, request_id=f"req_{number}")

    assert observed.connection == []


def test_an_answer_that_is_still_to_be_judged_does_not_close_a_half_open_circuit_and_its_verdict_does(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    observed.report(Outcome.SUCCESS, judged=True)
    before = observed.last.state
    judge(observed, passed=True)

    assert (before, observed.last.state) == (CircuitState.HALF_OPEN, CircuitState.CLOSED)


def test_a_poor_answer_of_the_probe_opens_the_circuit_again(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    observed.report(Outcome.SUCCESS, judged=True)
    judge(observed, passed=False)

    assert observed.states == ["open", "half_open", "open"]


def test_a_verdict_on_an_answer_from_before_the_last_change_moves_nothing(observed, house):
    observed.report(Outcome.SUCCESS, judged=True)
    observed.trip()
    house.advance(COOLDOWN)

    judge(observed, passed=True)

    assert observed.last.state is CircuitState.HALF_OPEN


def test_praise_that_nobody_waits_for_moves_nothing(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    judge(observed, passed=True)

    assert observed.last.state is CircuitState.HALF_OPEN


def test_verdicts_that_never_come_take_no_more_room_than_a_thousand(observed):
    for number in range(1100):
        observed.house.address("health").tell(
            observed._finished(Outcome.SUCCESS, judged=True, request_id=f"req_{number}")
        )
    observed.house.settle()

    assert observed.house.inspect("health")["openai"]["unjudged"] == 1024


# -- what the log says


def test_a_trip_is_logged_once_with_its_length(observed, caplog):
    observed.trip()
    observed.report(Outcome.TARGET_SICK, 5)

    assert [record.getMessage() for record in caplog.records] == ["openai: circuit open, put aside for 60 s"]


def test_nobody_is_put_aside_silently_when_it_is_the_last(observed, caplog):
    observed.report(Outcome.ACCOUNT_DEAD, instance="ollama", epoch=observed.first.epoch)
    observed.trip()

    assert caplog.records[-1].getMessage() == "openai: circuit open, put aside for 60 s; no instance is left"
    assert "account out of credit or quota, or key refused" in caplog.records[0].getMessage()


# -- signals


def signal(observed, name, value=1.0, *, instance="openai"):
    observed.house.tell("health", SignalReported(name=name, instance=instance, value=value))


def weighed(observed, points, *, name="heat", instance="openai"):
    observed.house.tell("health", SignalWeighed(name=name, instance=instance, points=points))


def test_an_error_that_a_host_reports_weighs_as_much_as_it_says(observed):
    signal(observed, "error", 2.5)
    signal(observed, "error", 0.5)

    assert observed.states == ["open"]


def test_an_error_without_weight_is_none(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    signal(observed, "error", 0.0)
    signal(observed, "quality_failure", 0.0)

    assert observed.last.state is CircuitState.HALF_OPEN


def test_poor_answers_that_a_host_reports_are_half_failures(observed):
    signal(observed, "quality_failure", 6)

    assert observed.states == ["open"]


def test_a_success_that_a_host_reports_closes_a_half_open_circuit(observed, house):
    observed.trip()
    house.advance(COOLDOWN)

    signal(observed, "success")

    assert observed.last.state is CircuitState.CLOSED


def test_a_latency_that_a_host_reports_counts_as_one_that_was_measured(observed):
    signal(observed, "latency", 12_000.0)

    assert observed.last.adjustment == -20.0


def test_points_are_added_to_those_of_latency_and_circuit(observed):
    observed.report(Outcome.SUCCESS, latency=12.0)
    weighed(observed, -7.0)
    weighed(observed, 2.0, name="price")

    assert observed.last.adjustment == -25.0
    assert observed.house.inspect("health")["openai"]["signals"] == {"heat": -7.0, "price": 2.0}


@pytest.mark.parametrize(("points", "counted"), [(-1000.0, -50.0), (1000.0, 50.0)])
def test_signals_weigh_no_more_than_an_open_circuit(observed, points, counted):
    weighed(observed, points)

    assert observed.last.adjustment == counted


def test_the_last_verdict_on_a_signal_counts_and_none_takes_it_back(observed):
    weighed(observed, -7.0)
    weighed(observed, -3.0)
    weighed(observed, None)

    assert [news.adjustment for news in observed.connection] == [-7.0, -3.0, 0.0]


def test_points_that_are_not_renewed_end_with_the_window(observed, house):
    weighed(observed, -7.0)
    house.advance(WINDOW / 2)
    weighed(observed, -2.0, name="price")

    house.advance(WINDOW / 2)
    halfway = observed.last.adjustment
    house.advance(WINDOW / 2)

    assert (halfway, observed.last.adjustment) == (-2.0, 0.0)


def test_signals_about_nobody_are_ignored(observed):
    weighed(observed, -7.0, instance="nobody")
    signal(observed, "error", 10, instance="nobody")

    assert observed.router == []


def reconfigure(observed, *instances, changed=(), settings=None):
    config = HealthConfig(instances=instances, settings=settings or HealthSettings())
    observed.house.tell("health", HealthReconfigured(config=config, changed=frozenset(changed)))


def test_what_is_known_of_an_instance_outlives_new_settings(observed):
    observed.trip()
    reconfigure(observed, "openai", "vllm")
    observed.house.tell("health", HealthWanted())

    assert observed.states[-1] == "open"
    assert {news.instance for news in observed.router} == {"openai", "vllm"}


def test_an_instance_that_has_changed_is_another_one(observed):
    observed.trip()
    reconfigure(observed, "openai", "ollama", changed=("openai",))

    assert observed.states == ["open", "closed"]
    assert observed.connection[1].epoch > observed.first.epoch
    assert observed.other == []


def test_other_limits_begin_anew_for_everybody(observed):
    observed.trip()
    reconfigure(observed, "openai", "ollama", settings=HealthSettings(window_seconds=10.0))

    assert observed.states == ["open", "closed"]
    assert len(observed.other) == 1


def test_alarms_of_an_instance_that_is_gone_wake_nobody(observed):
    observed.trip()
    reconfigure(observed, "ollama")
    observed.forget()
    epoch = observed.first.epoch
    alarms = (
        CircuitCooled(instance="openai", epoch=epoch),
        PointsFaded(instance="openai"),
        NewsUnheard(instance="openai"),
    )

    observed.house.tell("health", *alarms, HealthWanted())

    assert [news.instance for news in observed.router] == ["ollama"]

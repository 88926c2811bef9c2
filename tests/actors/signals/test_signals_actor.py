from __future__ import annotations

import pytest
import trio
from legion_llm.actors.signals.actor import Signals
from legion_llm.actors.signals.port import Verdict
from legion_llm.messages.health import OwnSignal, SignalReported, SignalWeighed
from legion_llm.runtime import Actor


class HealthEar(Actor[SignalReported | SignalWeighed]):
    def __init__(self, heard):
        super().__init__()
        self._heard = heard

    def on_signal_reported(self, message: SignalReported) -> None:
        self._heard.append(message)

    def on_signal_weighed(self, message: SignalWeighed) -> None:
        self._heard.append(message)


class Handlers:
    """Knows "heat" and "price"; weighs when the test lets it."""

    def __init__(self):
        self.called = []
        self.verdicts = []
        self.gate = trio.Event()
        self.gate.set()

    def knows(self, name):
        return name in ("heat", "price")

    async def weigh(self, name, instance, value):
        self.called.append((name, instance, value))
        await self.gate.wait()
        return self.verdicts.pop(0) if self.verdicts else Verdict(points=-value)


class Bench:
    def __init__(self, house):
        self.house = house
        self.handlers = Handlers()
        self.heard = []
        house.add("health", lambda: HealthEar(self.heard))
        house.add("signals", lambda: Signals(self.handlers, health=house.address("health")))
        house.start()

    def signal(self, *values, name="heat", instance="openai"):
        self.house.tell("signals", *[SignalReported(name=name, instance=instance, value=value) for value in values])

    def hold(self):
        self.handlers.gate = trio.Event()

    def go_on(self):
        self.house.do(self.handlers.gate.set)

    def counted(self, name="heat"):
        return self.house.inspect("signals")["signals"][name]


@pytest.fixture
def bench(house):
    return Bench(house)


def test_a_signal_is_weighed_and_health_hears_what_it_is_worth(bench):
    bench.signal(7.0)

    assert bench.heard == [SignalWeighed(name="heat", instance="openai", points=-7.0)]


def test_a_handler_without_an_opinion_takes_its_points_back(bench):
    bench.handlers.verdicts = [Verdict()]

    bench.signal(7.0)

    assert bench.heard == [SignalWeighed(name="heat", instance="openai", points=None)]


@pytest.mark.parametrize("name", list(OwnSignal))
def test_the_system_s_own_signals_go_to_health_as_they_are(bench, name):
    bench.signal(2.0, name=str(name))

    assert bench.heard == [SignalReported(name=name, instance="openai", value=2.0)]
    assert bench.handlers.called == []


def test_a_signal_that_nobody_knows_is_ignored_and_counted(bench):
    bench.signal(1.0, 2.0, name="astrology")

    assert (bench.heard, bench.house.inspect("signals")["unknown"]) == ([], 2)


def test_while_a_handler_is_busy_only_the_newest_value_of_each_instance_waits(bench):
    bench.hold()
    bench.signal(1.0, 2.0, 3.0)
    bench.signal(9.0, instance="ollama")
    waiting = bench.counted()["waiting"]

    bench.go_on()

    assert waiting == 2
    assert [value for _, _, value in bench.handlers.called] == [1.0, 3.0, 9.0]
    assert bench.counted() == {"weighed": 3, "failed": 0, "superseded": 1, "waiting": 0}


def test_a_handler_that_is_busy_holds_up_no_other_signal(bench):
    bench.hold()
    bench.signal(1.0)
    bench.signal(2.0, name="price")

    assert [name for name, _, _ in bench.handlers.called] == ["heat", "price"]


def test_a_failing_handler_is_counted_and_of_a_row_of_failures_one_is_logged(bench, caplog):
    broken, fine = Verdict(failure="KeyError: 'x'"), Verdict(points=1.0)
    bench.handlers.verdicts = [broken, broken, fine, broken]

    for _ in range(4):
        bench.signal(1.0)

    assert bench.counted() == {"weighed": 4, "failed": 3, "superseded": 0, "waiting": 0}
    assert len(bench.heard) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "signal heat: its handler failed for openai: KeyError: 'x'"
    ] * 2

"""Handlers are foreign code in threads of their own: nothing that they do reaches anybody else."""

from __future__ import annotations

import sys
import threading

import legion_llm
import pytest
from legion_llm.actors.signals.port import Verdict
from legion_llm.adapters.host.signals import HostSignals, signal_of
from legion_llm.messages.errors import InvalidRequestError

DEMO = {"providers": {"demo": {"kind": "demo"}}}


@pytest.fixture
def signals():
    return HostSignals()


async def weighed(handler, signals=None):
    signals = signals or HostSignals()
    signals.register("heat", handler)
    return await signals.weigh("heat", "openai", 3.0)


@pytest.mark.trio
async def test_what_a_handler_returns_are_the_points():
    assert await weighed(lambda instance, value: -len(instance) * value) == Verdict(points=-18.0)


@pytest.mark.trio
async def test_a_handler_may_have_nothing_to_say():
    assert await weighed(lambda instance, value: None) == Verdict()


@pytest.mark.trio
@pytest.mark.parametrize(
    ("handler", "failure"),
    [
        (lambda i, v: {}["x"], "KeyError: 'x'"),
        (lambda i, v: sys.exit(1), "SystemExit: 1"),
        (lambda i, v: "much", "it returned str 'much', and not a finite number or None"),
        (lambda i, v: float("nan"), "it returned float nan, and not a finite number or None"),
        (lambda i, v: True, "it returned bool True, and not a finite number or None"),
        (lambda: 1.0, "TypeError"),
    ],
)
async def test_whatever_a_handler_does_wrong_is_a_verdict_and_no_exception(handler, failure):
    verdict = await weighed(handler)

    assert verdict.points is None
    assert failure in verdict.failure


@pytest.mark.trio
async def test_a_handler_that_hangs_is_given_up_and_takes_one_thread_however_often_it_is_called():
    release, entered = threading.Event(), []

    def hang(_instance, _value):
        entered.append(1)
        release.wait(30)

    signals = HostSignals(timeout=0.05)
    verdicts = [await weighed(hang, signals)] + [await signals.weigh("heat", "openai", 1.0) for _ in range(3)]
    release.set()

    assert [verdict.failure for verdict in verdicts] == ["it took longer than 0.05 s"] * 4
    assert len(entered) == 1


def test_a_later_handler_takes_the_place_of_an_earlier(signals):
    signals.register("heat", lambda i, v: 1.0)
    signals.register("heat", lambda i, v: 2.0)

    assert signals.knows("heat")
    assert not signals.knows("cold")


async def _asynchronous(_instance, _value):
    return 1.0


@pytest.mark.parametrize(
    ("name", "handler", "param"),
    [
        ("error", print, "name"),
        ("latency", print, "name"),
        (" ", print, "name"),
        (7, print, "name"),
        ("heat", None, "handler"),
        ("heat", _asynchronous, "handler"),
    ],
)
def test_what_cannot_be_registered_is_refused_by_name(signals, name, handler, param):
    with pytest.raises(InvalidRequestError) as caught:
        signals.register(name, handler)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("args", "param"),
    [
        (("", "openai", 1.0), "name"),
        (("heat", None, 1.0), "instance"),
        (("heat", "openai", "hot"), "value"),
        (("heat", "openai", float("inf")), "value"),
        (("heat", "openai", True), "value"),
        (("error", "openai", -1.0), "value"),
    ],
)
def test_what_is_no_signal_is_refused_by_name(args, param):
    with pytest.raises(InvalidRequestError) as caught:
        signal_of(*args)

    assert caught.value.param == param


def test_a_host_s_signal_may_be_negative():
    assert signal_of("heat", "openai", -3).value == -3.0


# -- the whole way


def test_a_signal_moves_the_score_of_its_instance():
    called = threading.Event()

    def weigh(_instance, value):
        called.set()
        return -value

    with legion_llm.start(DEMO, environ={}) as legion:
        legion.register_signal("heat", weigh)
        legion.signal("heat", "demo", 12)

        assert called.wait(5)
        until(lambda: legion.inspect("health")["snapshot"]["demo"]["adjustment"] == -12.0)


def test_a_handler_may_use_the_gateway_and_even_shut_it_down():
    answers, over = [], threading.Event()
    legion = legion_llm.start(DEMO, environ={})

    def curious(instance, value):
        answers.append(legion.chat("Hello!").get(timeout=5).text)
        legion.signal("latency", instance, 1.0)
        legion.register_signal("other", print)
        legion.shutdown()
        over.set()

    legion.register_signal("curious", curious)
    legion.signal("curious", "demo")

    assert over.wait(10)
    assert (len(answers), legion.state) == (1, "stopped")


def test_bad_arguments_are_refused_at_the_door():
    with legion_llm.start(DEMO, environ={}) as legion:
        with pytest.raises(InvalidRequestError):
            legion.signal("error", "demo", -1)
        with pytest.raises(InvalidRequestError):
            legion.register_signal("error", print)


def until(condition):
    """Poll a state that has no signal of its own."""
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not come about in time")

"""The settings of a fleet, and what is wrong with them."""

from __future__ import annotations

import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import FleetSettings, FleetWorkerSettings, RabbitSettings

KEY = "x" * 40


def test_by_default_it_meets_on_this_machine():
    settings = FleetSettings()

    assert (settings.listen, settings.gateways) == ("tcp://127.0.0.1:4570", ("tcp://127.0.0.1:4570",))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"listen": "tcp://0.0.0.0:4570"}, "state secret_key and allowed_keys"),
        ({"listen": "tcp://0.0.0.0:4570", "secret_key": KEY}, "state secret_key and allowed_keys"),
        ({"gateways": ("tcp://10.0.0.1:4570",)}, "state secret_key and gateway_key"),
        ({"listen": "http://127.0.0.1:1"}, "must be ipc:///PATH or tcp://HOST:PORT"),
        ({"gateways": ("127.0.0.1:1",)}, "must be ipc:///PATH or tcp://HOST:PORT"),
        ({"gateway_key": "short"}, "40 Z85 characters"),
        ({"allowed_keys": ("short",)}, "40 Z85 characters"),
        ({"broker": "carrier pigeon"}, "zmq"),
        ({"credits": 0}, "1"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(fields, problem):
    with pytest.raises(SettingsError, match=problem):
        FleetSettings(**fields)


def test_beyond_this_machine_keys_are_enough():
    gateway = FleetSettings(listen="tcp://0.0.0.0:4570", secret_key=KEY, allowed_keys=(KEY,))
    worker = FleetSettings(gateways=("tcp://10.0.0.1:4570",), secret_key=KEY, gateway_key=KEY)

    assert gateway.allowed_keys == (KEY,)
    assert worker.gateway_key == KEY


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1", "must be amqp://"),
        ("amqp://", "must be amqp://"),
        ("amqp://legion:hunter2@mq/", "holds a password"),
    ],
)
def test_the_address_of_rabbitmq_is_checked_and_a_password_in_it_is_not_shown(url, problem):
    with pytest.raises(SettingsError, match=problem) as caught:
        RabbitSettings(url=url)

    assert "hunter2" not in str(caught.value)


def test_a_tier_that_is_none_is_refused():
    with pytest.raises(SettingsError, match="'locl' is no tier"):
        FleetWorkerSettings(tiers=("locl",))

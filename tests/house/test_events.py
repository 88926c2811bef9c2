"""Events of attempts, requests and escalations at a real RabbitMQ: each once, whatever happens in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time

import aio_pika
import legion_llm
import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.ids import random_hex
from plug import Plug

pytestmark = pytest.mark.live

SERVER = "amqp://guest:guest@127.0.0.1:5672/"
EXCHANGES = ("llm.metering", "llm.audit", "llm.escalation")


@pytest.fixture(autouse=True)
def _server(unless):
    try:
        socket.create_connection(("127.0.0.1", 5672), timeout=1).close()
    except OSError:
        unless("no RabbitMQ on port 5672")


@pytest.fixture
def listener():
    """A queue that hears all three exchanges."""
    name = f"legion.test.{random_hex(8)}"
    asyncio.run(bound(name))
    yield lambda most: asyncio.run(heard(name, most))
    asyncio.run(deleted(name))


async def bound(name):
    async with await aio_pika.connect(SERVER) as connection, connection.channel() as channel:
        queue = await channel.declare_queue(name, arguments={"x-expires": 60_000})
        for exchange in EXCHANGES:
            await channel.declare_exchange(exchange, aio_pika.ExchangeType.TOPIC, durable=True)
            await queue.bind(exchange, "#")


async def heard(name, most):
    """The messages that lie there, once there are so many."""
    messages = []
    end = time.monotonic() + 10
    async with await aio_pika.connect(SERVER) as connection, connection.channel() as channel:
        queue = await channel.get_queue(name)
        while len(messages) < most and time.monotonic() < end:
            message = await queue.get(no_ack=True, fail=False)
            if message is None:
                await asyncio.sleep(0.01)
            else:
                messages.append(message)
    return messages


async def deleted(name):
    async with await aio_pika.connect(SERVER) as connection, connection.channel() as channel:
        await channel.queue_delete(name)


@pytest.fixture
def start(tmp_path):
    with contextlib.ExitStack() as stack:

        def start(providers=None, *, port=5672, **more):
            given = {
                "providers": providers or {"demo": {}},
                "events": {"enabled": True, "path": str(tmp_path / "events.db")},
                "fleet": {"rabbitmq": {"url": f"amqp://guest@127.0.0.1:{port}/"}},
                **more,
            }
            return stack.enter_context(legion_llm.start(load_settings(overrides=given, environ={}), environ={}))

        yield start


def test_an_answer_is_told_by_its_attempt_and_by_its_request(start, listener):
    legion = start()

    request_id = legion.chat("Hello!", model="demo").get(timeout=10).request_id
    told = {message.exchange: message for message in ours(listener(2), request_id)}

    metering, audit = told["llm.metering"], told["llm.audit"]
    assert (metering.routing_key, audit.routing_key) == ("metering.chat", "audit.prompt.chat")
    assert (metering.message_id[:6], audit.message_id[:13]) == ("meter_", "audit_prompt_")
    assert json.loads(metering.body)["message_context"]["request_id"] == request_id
    assert "Hello" not in audit.body.decode()
    headers = metering.headers
    assert (headers["x-legion-llm-provider"], headers["x-legion-llm-model"]) == ("demo", "demo")
    assert headers["x-legion-llm-schema-version"] == "1.0.0"
    assert all(type(value) is str for value in headers.values())


def test_an_escalation_is_told_with_its_chain(start, listener):
    failing = {"bad": {"kind": "demo", "demo": {"fail": "down"}}, "good": {"kind": "demo", "tier": "cloud"}}
    legion = start(failing, default_provider="bad")

    response = legion.chat("Hello!").get(timeout=10)
    told = [message for message in ours(listener(4), response.request_id) if message.exchange == "llm.escalation"]

    assert [message.routing_key for message in told] == ["llm.escalation.completed"]
    said = json.loads(told[0].body)
    assert (said["attempts"], said["final"]) == (2, "good/demo")


def test_what_is_told_while_nobody_listens_is_told_later_and_once(start, listener):
    with Plug(5672) as plug:
        plug.pull()
        legion = start(port=plug.port)
        request_id = legion.chat("Hello!", model="demo").get(timeout=10).request_id

        plug.put_back()
        told = ours(listener(2), request_id)

        assert sorted(message.exchange for message in told) == ["llm.audit", "llm.metering"]
        assert len({message.message_id for message in told}) == 2


def test_what_a_process_left_behind_is_told_by_the_next(start, listener, tmp_path):
    with Plug(5672) as plug:
        plug.pull()
        legion = start(port=plug.port)
        request_id = legion.chat("Hello!", model="demo").get(timeout=10).request_id
        legion.shutdown(1.0)

    start()

    assert len(ours(listener(2), request_id)) == 2


def test_prompts_do_not_wait_in_a_file_as_they_are(start):
    with pytest.raises(SettingsError, match=r"state fleet\.encryption_keys"):
        start(audit={"prompts": True})


def ours(messages, request_id):
    """Those of one request: others may use the same exchanges."""
    return [message for message in messages if message.headers["x-legion-llm-request-id"] == request_id]

"""A gateway and its fleet: workers are whole systems of their own, and the embedded broker lies between."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from pathlib import Path

import aio_pika
import legion_llm
import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.adapters.working import start_worker
from legion_llm.messages.errors import ContextOverflow, LegionError, SettingsError, WorkerLost
from legion_llm.messages.ids import random_hex
from legion_llm.messages.ledger import EntriesWanted
from plug import Plug

SECRET = "a secret that all members share, 32 bytes and more"
PATIENCE = 15.0
HEARTBEAT = 0.1


def until(condition, what="it"):
    """Wait for what other threads do; only a hang ever takes long."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.005)
    return found


def demo(**behaviour):
    """A provider with few models, so that there are few lanes."""
    return {"demo": {"models": ["demo", "demo-fail-overflow"], "demo": behaviour}}


class Fleet:
    """Gateways, and workers that serve all of them."""

    def __init__(self, stack, broker):
        self._stack = stack
        self._broker = broker
        self.gateways = []

    def gateway(self, providers=None, fleet=None, *, settings=None, environ=None):
        fleet = {"listen": "tcp://127.0.0.1:*", **self._broker, **(fleet or {})}
        settings = settings or gateway_settings(providers or {}, fleet)
        gateway = legion_llm.start(settings, environ=environ or {})
        self._stack.callback(gateway.shutdown, 0.0)
        self.gateways.append(gateway)
        return gateway

    def worker(
        self, name="w1", providers=None, fleet=None, *, settings=None, environ=None, worker=None, is_awaited=True
    ):
        own = {"name": name, "heartbeat": HEARTBEAT, **(worker or {})}
        addresses = [seen(each)["endpoint"] for each in self.gateways]
        given = {
            "providers": providers or demo(),
            "fleet": {
                **({} if self._broker else {"gateways": addresses}),
                **self._broker,
                "worker": own,
                **(fleet or {}),
            },
        }
        running = start_worker(settings or load_settings(overrides=given, environ={}), environ=environ or {})
        self._stack.callback(running.shutdown, 0.0)
        for gateway in self.gateways if is_awaited else ():
            until(lambda gateway=gateway: seen(gateway)["workers"].get(name, {}).get("models"), f"an offer of {name}")
        return running


def gateway_settings(providers, fleet):
    patience = {"retries": {"patience_seconds": 0}}
    return load_settings(
        overrides={"providers": {"fleet": {}, **providers}, "fleet": fleet, "routing": patience}, environ={}
    )


def seen(gateway):
    return gateway.inspect("fleet")["snapshot"]


def at(worker):
    return worker.legion.inspect("fleet worker")["snapshot"]


@pytest.fixture
def broker(request):
    """The embedded one, where a test says nothing else."""
    return getattr(request, "param", "zmq")


@pytest.fixture
def fleet(broker, request):
    settings = request.getfixturevalue("rabbitmq") if broker == "rabbitmq" else {}
    with contextlib.ExitStack() as stack:
        yield Fleet(stack, settings)


@pytest.fixture
def rabbitmq(unless):
    """Settings of a fleet of its own at RabbitMQ."""
    try:
        socket.create_connection(("127.0.0.1", 5672), timeout=1).close()
    except OSError:
        unless("no RabbitMQ on port 5672")
    exchange = f"llm.fleet.test.{random_hex(8)}"
    yield {"broker": "rabbitmq", "rabbitmq": {"exchange": exchange, "queue_expires": 5}}
    asyncio.run(forget(exchange))


async def forget(exchange):
    async with await aio_pika.connect() as connection, connection.channel() as channel:
        await channel.exchange_delete(exchange)


# What both brokers do in their own ways; what they have in common, their own suite looks at.
BOTH = pytest.mark.parametrize("broker", ["zmq", pytest.param("rabbitmq", marks=pytest.mark.live)], indirect=True)


@pytest.fixture
def house(fleet):
    """A gateway with one worker, whose only model is the demo's."""
    gateway = fleet.gateway()
    return gateway, fleet.worker()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die(worker):
    """Let a worker go without a word, as if its machine had lost its power."""
    worker.legion._system.shutdown(drain=0.0)


# -- what can be asked for --------------------------------------------------------------------------------------------


def test_a_worker_answers_and_the_answer_says_so(house):
    gateway, _ = house

    response = gateway.chat("Hello!", model="demo").get(timeout=10)

    assert response.text == "Hello, I am the demo model. You said: Hello!"
    assert (response.routing.provider, response.routing.tier) == ("fleet", "fleet")
    assert response.usage.visible_output == 9


def test_a_stream_comes_in_order_and_whole(house):
    gateway, _ = house

    stream = gateway.stream("one two three", model="demo")
    pieces = [chunk.text for chunk in stream]

    assert "".join(pieces) == "Hello, I am the demo model. You said: one two three"
    assert stream.reply.get(timeout=5).usage.visible_output == 11


@BOTH
def test_a_stream_may_be_longer_than_a_worker_may_be_ahead(fleet):
    gateway = fleet.gateway(fleet={"credits": 2})
    fleet.worker(providers=demo(tokens_per_second=2000))
    text = " ".join(str(number) for number in range(60))

    stream = gateway.stream(text, model="demo")

    assert "".join(chunk.text for chunk in stream).endswith(text)


def test_embeddings_are_made_by_workers(house):
    gateway, _ = house

    response = gateway.embed(["a b", "c"], model="demo", dimensions=8).get(timeout=10)

    assert [len(vector) for vector in response.vectors] == [8, 8]
    assert response.routing.provider == "fleet"


def test_tools_and_the_shape_of_answers_travel(house):
    gateway, _ = house
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    tool = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": schema}}

    called = gateway.chat("call look", model="demo", tools=[tool]).get(timeout=10)
    shaped = gateway.structured("Who?", schema, model="demo").get(timeout=10)

    assert [call.name for call in called.tool_calls] == ["look"]
    assert set(shaped.data) == {"name"}


def test_the_catalogue_lists_what_workers_offer(fleet):
    gateway = fleet.gateway()
    fleet.worker(providers={"demo": {}})

    models = {each.id: each for each in gateway.models().get(timeout=5)}

    assert models["demo"].provider == "fleet"
    assert "tools" in models["demo"].capabilities


def test_an_error_of_the_workers_provider_is_the_callers_error(house):
    gateway, _ = house

    with pytest.raises(ContextOverflow, match="worker w1: demo: the prompt exceeds"):
        gateway.chat("Hello!", model="demo-fail-overflow").get(timeout=10)


# -- who does it --------------------------------------------------------------------------------------------------------


def test_without_workers_the_next_tier_answers_at_once(fleet):
    gateway = fleet.gateway(providers={"demo": {}})

    response = gateway.chat("Hello!", provider=None, model="demo").get(timeout=10)

    assert response.routing.provider == "demo"


def test_a_model_that_no_worker_has_any_more_is_answered_elsewhere(fleet):
    gateway = fleet.gateway(providers={"demo": {"tier": "cloud"}})
    worker = fleet.worker()
    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "fleet"

    worker.shutdown(1.0)
    response = gateway.chat("Hello!", model="demo").get(timeout=10)

    assert response.routing.provider == "demo"


def test_a_full_fleet_spills_to_the_next_tier_at_once(fleet):
    gateway = fleet.gateway(providers={"demo": {"tier": "cloud"}})
    slow = demo(delay_seconds=3600)
    worker = fleet.worker(providers=slow, worker={"concurrency": 1, "backlog": 0})
    held = gateway.chat("Hold!", model="demo")
    until(lambda: at(worker)["under_way"] == 1)

    response = gateway.chat("Hello!", model="demo").get(timeout=10)

    assert response.routing.provider == "demo"
    assert "fleet/demo: throttled" in response.routing.chain
    held.cancel()


@BOTH
def test_two_workers_share_the_work(fleet):
    gateway = fleet.gateway()
    workers = [fleet.worker(name, worker={"concurrency": 2}) for name in ("w1", "w2")]

    for reply in [gateway.chat(str(number), model="demo") for number in range(20)]:
        reply.get(timeout=10)

    done = [at(each)["done"] for each in workers]
    assert sum(done) == 20
    assert min(done) > 0


@BOTH
def test_two_gateways_share_one_fleet(fleet):
    one, other = fleet.gateway(), fleet.gateway()
    worker = fleet.worker()

    texts = [each.chat("Hello!", model="demo").get(timeout=10).text for each in (one, other)]

    assert texts == ["Hello, I am the demo model. You said: Hello!"] * 2
    assert at(worker)["done"] == 2


@BOTH
def test_a_worker_that_retires_finishes_what_it_has_begun(fleet):
    gateway = fleet.gateway()
    worker = fleet.worker(providers=demo(tokens_per_second=50))
    stream = gateway.stream("a b c d e f", model="demo")
    next(stream)

    worker.shutdown(10.0)

    assert "".join(chunk.text for chunk in stream).endswith("You said: a b c d e f")


def test_what_runs_elsewhere_is_not_served_unless_that_is_wanted(fleet):
    gateway = fleet.gateway()
    outside = {"demo": {**demo()["demo"], "tier": "cloud"}, "own": {"kind": "demo", "models": ["own"]}}

    fleet.worker("w1", outside)
    private = [each.id for each in gateway.models().get(timeout=5)]
    fleet.worker("w2", outside, worker={"tiers": ["cloud"]})
    until(lambda: "demo" in [each.id for each in gateway.models().get(timeout=5)])

    assert private == ["own"]


def test_a_worker_serves_nothing_of_the_fleet_and_says_what_it_needs(fleet):
    with pytest.raises(SettingsError, match="nothing to serve to the fleet"):
        start_worker(load_settings(overrides={"providers": {"fleet": {}, "openai": {}}}, environ={}), environ={})


# -- bad days -----------------------------------------------------------------------------------------------------------


@BOTH
def test_a_worker_that_dies_before_it_answers_is_replaced_by_another(fleet):
    gateway = fleet.gateway()
    dying = fleet.worker("w1", demo(delay_seconds=3600), worker={"rank": 1})
    reply = gateway.chat("Hello!", model="demo", idempotency_key="once")
    until(lambda: at(dying)["under_way"] == 1)
    other = fleet.worker("w2")

    die(dying)
    response = reply.get(timeout=10)

    assert response.text == "Hello, I am the demo model. You said: Hello!"
    assert response.routing.attempts == 2
    assert gateway.chat("Hello!", model="demo", idempotency_key="once").get(timeout=10).text == response.text
    assert at(other)["done"] == 1


@BOTH
def test_a_worker_that_dies_within_a_stream_is_a_broken_stream_and_no_silence(fleet):
    gateway = fleet.gateway()
    worker = fleet.worker(providers=demo(tokens_per_second=20))
    stream = gateway.stream(" ".join(map(str, range(500))), model="demo")
    while not next(stream).text:
        pass

    die(worker)

    with pytest.raises(WorkerLost, match="worker_lost: worker w1 has said nothing for too long"):
        for _ in stream:
            pass
    assert seen(gateway)["under_way"] == 0


@BOTH
def test_a_caller_that_goes_away_stops_the_worker(fleet):
    gateway = fleet.gateway()
    worker = fleet.worker(providers=demo(tokens_per_second=20))
    stream = gateway.stream(" ".join(map(str, range(500))), model="demo")
    next(stream)
    until(lambda: at(worker)["under_way"] == 1)

    stream.close()

    until(lambda: at(worker)["under_way"] == 0, "the end of the work")
    connection = worker.legion.inspect("connections/demo")["snapshot"]
    assert connection["in_flight"] == 0
    assert at(worker)["done"] == 0


@BOTH
def test_an_answer_that_takes_too_long_is_a_typed_error_and_the_work_is_stopped(fleet):
    gateway = fleet.gateway(fleet={"timeouts": {"chat": 0.2}})
    worker = fleet.worker(providers=demo(delay_seconds=3600))

    with pytest.raises(LegionError, match="fleet_timeout: no answer within"):
        gateway.chat("Hello!", model="demo").get(timeout=10)

    until(lambda: at(worker)["under_way"] == 0, "the end of the work")


def test_a_gateway_that_was_away_is_found_again(fleet):
    gateway = fleet.gateway(fleet={"listen": f"tcp://127.0.0.1:{free_port()}"})
    fleet.worker()

    gateway._system.kill("fleet")
    until(lambda: "w1" in seen(gateway)["workers"], "the worker's return")

    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "fleet"


@BOTH
def test_a_cut_between_worker_and_the_rest_is_noticed_and_mended(fleet, cable):
    gateway = fleet.gateway(providers={"demo": {"tier": "cloud"}})
    with cable(gateway) as (plug, settings):
        worker = fleet.worker(providers=demo(delay_seconds=3600), fleet=settings)
        cut_off = gateway.chat("Hello!", model="demo")
        until(lambda: at(worker)["under_way"] == 1)

        plug.pull()
        elsewhere = cut_off.get(timeout=10)
        plug.put_back()
        until(lambda: "w1" in seen(gateway)["workers"], "the worker's return")

    assert elsewhere.routing.provider == "demo"
    assert elsewhere.routing.chain[0] == "fleet/demo: internal"
    assert at(worker)["done"] == 0


@pytest.fixture
def cable(broker, request):
    """A cable between a worker and where it finds its gateways: a plug, and the worker's settings for it."""

    @contextlib.contextmanager
    def cable(gateway):
        if broker == "rabbitmq":
            with Plug(5672) as plug:
                shared = request.getfixturevalue("rabbitmq")
                url = {"url": f"amqp://guest@127.0.0.1:{plug.port}/"}
                yield plug, {**shared, "rabbitmq": {**shared["rabbitmq"], **url}}
        else:
            with Plug(int(seen(gateway)["endpoint"].rpartition(":")[2])) as plug:
                yield plug, {"gateways": [f"tcp://127.0.0.1:{plug.port}"]}

    return cable


# -- who may --------------------------------------------------------------------------------------------------------------


@BOTH
def test_signed_and_encrypted_requests_are_answered(fleet):
    keys = {"secret": SECRET, "encryption_keys": ["aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8gaGU="]}
    gateway = fleet.gateway(fleet=keys)
    fleet.worker(fleet=keys)

    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "fleet"


def test_a_worker_with_another_secret_refuses_and_says_why(fleet):
    gateway = fleet.gateway(fleet={"secret": SECRET})
    fleet.worker(fleet={"secret": SECRET[::-1]})

    with pytest.raises(LegionError, match="invalid_token: worker w1: the token is not good"):
        gateway.chat("Hello!", model="demo").get(timeout=10)


def test_one_worker_with_another_secret_costs_an_attempt_and_is_then_asked_last(fleet):
    gateway = fleet.gateway(fleet={"secret": SECRET})
    odd = fleet.worker("odd", fleet={"secret": SECRET[::-1]}, worker={"rank": 9})
    fleet.worker("sane", fleet={"secret": SECRET})

    attempts = [gateway.chat(str(number), model="demo").get(timeout=10).routing.attempts for number in range(5)]

    assert attempts == [2, 1, 1, 1, 1]
    assert at(odd)["refused"] == 1


def test_an_unsigned_request_is_refused_by_a_worker_with_a_secret(fleet):
    gateway = fleet.gateway()
    worker = fleet.worker(fleet={"secret": SECRET})

    with pytest.raises(LegionError, match="invalid_token: worker w1: the request is not signed"):
        gateway.chat("Hello!", model="demo").get(timeout=10)
    assert at(worker)["done"] == 0


def test_workers_of_another_boundary_are_not_asked(fleet):
    gateway = fleet.gateway(providers={"demo": {"tier": "cloud"}}, fleet={"boundary": "eu"})
    worker = fleet.worker(fleet={"boundary": "us"})

    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "demo"
    assert at(worker)["done"] == 0


def test_a_worker_whose_curve_key_is_on_the_list_is_heard_and_a_stranger_is_not(fleet):
    zmq = pytest.importorskip("zmq")
    (gateway_public, gateway_secret), (public, secret), (_, stranger) = [
        tuple(key.decode() for key in zmq.curve_keypair()) for _ in range(3)
    ]
    gateway = fleet.gateway(fleet={"secret_key": gateway_secret, "allowed_keys": [public]})
    fleet.worker("stranger", fleet={"secret_key": stranger, "gateway_key": gateway_public}, is_awaited=False)
    fleet.worker("friend", fleet={"secret_key": secret, "gateway_key": gateway_public})

    assert list(seen(gateway)["workers"]) == ["friend"]
    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "fleet"


# -- the books ------------------------------------------------------------------------------------------------------------


def test_both_ledgers_have_each_attempt_once_and_under_the_same_id(house):
    gateway, worker = house
    requests = [gateway.chat(str(number), model="demo").get(timeout=10).request_id for number in range(5)]

    ours, theirs = (entries(each) for each in (gateway, worker.legion))

    assert ours == theirs == sorted((each, 1, 9) for each in requests)


def entries(legion):
    """What the ledger has: request, number of the attempt, tokens that came out."""
    ledger = legion._system.address("metering")
    rows = until(lambda: len(found := ledger.request(EntriesWanted()).get(5)) == 5 and found)
    return sorted((row.request_id, row.attempt, row.usage.output_tokens) for row in rows)


# -- the example ----------------------------------------------------------------------------------------------------------


def test_the_example_meets_and_routes_to_its_worker(fleet):
    environ = {"LEGION_FLEET_SECRET": SECRET}
    gateway = fleet.gateway(
        settings=from_example("gateway.toml", environ, {"listen": "tcp://127.0.0.1:*"}), environ=environ
    )
    address = {"gateways": [seen(gateway)["endpoint"]], "worker": {"name": "w1", "heartbeat": HEARTBEAT}}
    worker = fleet.worker(settings=from_example("worker.toml", environ, address), environ=environ)

    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "fleet"
    worker.shutdown(1.0)
    assert gateway.chat("Hello!", model="demo").get(timeout=10).routing.provider == "spare"


def from_example(name, environ, fleet):
    path = Path(__file__).parents[2] / "examples" / "fleet" / name
    return load_settings(config=path, overrides={"fleet": fleet}, environ=environ)

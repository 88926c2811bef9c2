from __future__ import annotations

import pytest
import trio
from legion_llm.actors.discovery.actor import Discovery, DiscoveryConfig
from legion_llm.actors.discovery.port import Memory
from legion_llm.messages.catalogue import CatalogueChanged, CatalogueState, CatalogueWanted, MemoryChanged, ModelFacts
from legion_llm.messages.credentials import Credential, CredentialChanged
from legion_llm.messages.errors import ProviderDown
from legion_llm.messages.secret import Secret

MEGABYTE = 2**20
QWEN = ModelFacts(name="qwen3:8b", size_bytes=5_000_000_000, context_window=40960)


class ScoutDouble:
    """Sees what the test wrote down for it: models, an error, or None for a host that accepts and never answers."""

    def __init__(self, seen=(QWEN,)):
        self.seen = seen
        self.looks = 0
        self.cancelled = 0
        self.closed = 0
        self.lacks_credential = False

    def use(self, credential):
        self.lacks_credential = False

    async def look(self):
        self.looks += 1
        if self.seen is None:
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                self.cancelled += 1
                raise
        if isinstance(self.seen, BaseException):
            raise self.seen
        return self.seen

    async def aclose(self):
        self.closed += 1


class MachineDouble:
    def __init__(self):
        self.now = Memory(total_bytes=16_000 * MEGABYTE, available_bytes=9_000 * MEGABYTE)

    async def memory(self):
        return self.now


class SentryDouble:
    def __init__(self, address):
        self.address = address
        self.looks = 0

    async def exposure(self):
        self.looks += 1
        return self.address


class Line:
    """Discovery, with two instances to look at, and what its neighbours hear."""

    def __init__(self, house):
        self.house = house
        self.near, self.far = ScoutDouble(), ScoutDouble((ModelFacts(name="m"),))
        self.machine = MachineDouble()
        self.sentry = None
        self.said = []

    def announce(self, lines):
        self.said.extend(lines)

    def start(self):
        self.heard = self.house.add_ear("router")
        self.house.add("discovery", self._discovery)
        self.house.start()
        return self

    def _discovery(self):
        return Discovery(
            DiscoveryConfig(refresh=60.0, deadline=5.0),
            {"ollama": self.near, "vllm": self.far},
            router=self.house.address("router"),
            announcer=self,
            machine=self.machine,
            sentries={"ollama": self.sentry} if self.sentry else {},
        )

    def states(self, instance="ollama"):
        """The states that the router has heard of an instance, in order."""
        return [str(each.state) for each in self.heard if getattr(each, "instance", None) == instance]

    def shown(self, instance="ollama"):
        return self.house.inspect("discovery")["instances"][instance]


@pytest.fixture
def unstarted(house):
    return Line(house)


@pytest.fixture
def line(unstarted):
    return unstarted.start()


# -- what the router hears


def test_at_its_start_it_looks_at_everything_and_tells_the_router(line):
    assert CatalogueChanged(instance="ollama", models=(QWEN,)) in line.heard
    assert CatalogueChanged(instance="vllm", models=("m",)) in line.heard
    assert MemoryChanged(available_mb=9_000, total_mb=16_000) in line.heard
    assert len(line.heard) == 3


def test_it_looks_again_on_its_timer_and_tells_only_what_is_new(line):
    line.house.advance(59.9)
    before = line.near.looks
    line.near.seen = (QWEN, ModelFacts(name="gemma3:4b"))
    line.house.advance(0.1)
    line.house.advance(60.0)

    assert (before, line.near.looks, line.far.looks) == (1, 3, 3)
    assert line.heard[3:] == [CatalogueChanged(instance="ollama", models=(QWEN, "gemma3:4b"))]


def test_an_instance_without_a_model_is_empty_and_that_is_an_answer(unstarted):
    unstarted.near.seen = ()

    line = unstarted.start()

    assert CatalogueChanged(instance="ollama", models=(), state=CatalogueState.EMPTY) in line.heard


def test_one_that_never_answered_is_unreachable(unstarted):
    unstarted.near.seen = ProviderDown("nobody is there")

    line = unstarted.start()

    assert line.states() == ["unreachable"]
    assert line.shown()["failure"] == "nobody is there"


def test_a_list_outlives_one_look_that_fails_and_not_two(line):
    line.near.seen = ProviderDown("gone")

    line.house.advance(60.0)
    after_one = line.states()
    line.house.advance(60.0)
    after_two = line.states()
    line.house.advance(60.0)

    assert (after_one, after_two) == (["fresh"], ["fresh"])
    assert line.heard[-1] == CatalogueChanged(instance="ollama", models=(QWEN,), state=CatalogueState.UNREACHABLE)


def test_one_that_comes_back_is_fresh_again(line):
    line.near.seen = ProviderDown("gone")
    for _ in range(3):
        line.house.advance(60.0)
    line.near.seen = (QWEN,)
    line.house.advance(60.0)

    assert line.states() == ["fresh", "unreachable", "fresh"]


def test_a_list_that_grew_old_while_the_machine_slept_is_stale_until_the_next_answer(line):
    line.near.seen = None
    line.house.advance(3600.0)

    asleep = line.states()
    line.house.advance(5.0)

    assert asleep == ["fresh", "stale"]
    assert line.states() == ["fresh", "stale", "unreachable"]


def test_a_host_that_accepts_and_never_answers_delays_nobody_and_is_given_up(unstarted):
    unstarted.near.seen = None

    line = unstarted.start()
    others = line.states("vllm")
    line.house.advance(5.0)

    assert (others, line.states()) == (["fresh"], ["unreachable"])
    assert line.near.cancelled == 1
    assert line.shown()["failure"] == "no answer within 5 s"


def test_an_instance_is_not_looked_at_twice_at_once(house, unstarted):
    unstarted.near.seen = None
    unstarted._discovery = lambda: Discovery(
        DiscoveryConfig(refresh=1.0, deadline=5.0),
        {"ollama": unstarted.near},
        router=house.address("router"),
        announcer=unstarted,
    )

    line = unstarted.start()
    for _ in range(4):
        house.advance(1.0)

    assert line.near.looks == 1


def test_what_a_name_gives_away_is_told_with_it(unstarted):
    unstarted.near.seen = (ModelFacts(name="text-embedding-3-small"),)

    [news] = [each for each in unstarted.start().heard if getattr(each, "instance", None) == "ollama"]

    assert "embed" in news.models[0].can


def test_a_router_that_starts_anew_is_told_everything_again(line):
    line.heard.clear()

    line.house.tell("discovery", CatalogueWanted())

    assert len(line.heard) == 3
    assert MemoryChanged(available_mb=9_000, total_mb=16_000) in line.heard


# -- credentials


def test_an_instance_whose_credential_has_not_come_is_not_looked_at_before(unstarted):
    unstarted.near.lacks_credential = True
    line = unstarted.start()
    line.house.advance(60.0)
    before = line.near.looks, line.states(), [each for each in line.said if "ollama" in each]

    news = CredentialChanged(instance="ollama", version=1, credential=Credential(value=Secret("k")))
    line.house.tell("discovery", news)

    assert (before, line.near.looks, line.states()) == ((0, [], []), 1, ["fresh"])


def test_another_credential_is_shown_and_looked_at_once(line):
    news = CredentialChanged(instance="ollama", version=2, credential=Credential(value=Secret("k")))

    line.house.tell("discovery", news, CredentialChanged(instance="nobody", version=1, credential=None))

    assert (line.near.looks, line.far.looks) == (2, 1)


# -- memory


def test_memory_is_read_on_the_timer_also_while_an_instance_hangs(line):
    line.near.seen = None
    line.machine.now = Memory(total_bytes=16_000 * MEGABYTE, available_bytes=1_000 * MEGABYTE)

    line.house.advance(60.0)

    assert line.heard[-1] == MemoryChanged(available_mb=1_000, total_mb=16_000)


def test_memory_that_nobody_knows_any_more_is_told_as_unknown(line):
    line.machine.now = None

    line.house.advance(60.0)

    assert line.heard[-1] == MemoryChanged(available_mb=None)


# -- what people are told


def test_people_are_told_once_what_was_found(line):
    line.house.advance(60.0)

    assert sorted(line.said) == [
        "memory: 16,000 MB, of which 9,000 MB are available",
        "ollama: 1 model: qwen3:8b (5.0 GB, context 40,960)",
        "vllm: 1 model: m",
    ]


def test_people_are_told_when_somebody_goes_and_comes_back(line):
    line.said.clear()
    line.near.seen = ProviderDown("ollama: connection refused")
    for _ in range(5):
        line.house.advance(60.0)
    line.near.seen = (QWEN,)
    line.house.advance(60.0)

    assert line.said == [
        "ollama: does not answer any more: connection refused",
        "ollama: answers now: 1 model: qwen3:8b (5.0 GB, context 40,960)",
    ]


def test_people_are_warned_once_of_an_engine_that_anyone_may_use(unstarted):
    unstarted.sentry = SentryDouble("192.168.1.7:11434")

    line = unstarted.start()
    line.house.advance(60.0)

    [warning] = [each for each in line.said if each.startswith("WARNING")]
    assert "ollama also answers at 192.168.1.7:11434" in warning
    assert (unstarted.sentry.looks, line.shown()["exposed"]) == (1, "192.168.1.7:11434")


def test_an_engine_that_keeps_to_itself_is_no_news(unstarted):
    unstarted.sentry = SentryDouble(None)

    assert not [each for each in unstarted.start().said if "WARNING" in each]


# -- its life


def test_after_a_crash_it_looks_again_at_once(line):
    line.house.kill("discovery")

    assert line.near.looks == 2


@pytest.mark.parametrize("ending", ["stop", "crash"])
def test_idle_sockets_are_closed_however_it_ends(line, ending):
    line.house.kill("discovery") if ending == "crash" else line.house.system.shutdown()

    assert (line.near.closed, line.far.closed) == (1, 1)


def test_its_snapshot_shows_age_models_and_memory(line):
    line.house.advance(10.0)

    assert line.shown() == {
        "state": "fresh",
        "models": ["qwen3:8b"],
        "age": 10.0,
        "failure": None,
        "looking": False,
        "exposed": None,
    }
    assert line.house.inspect("discovery")["memory"]["available_bytes"] == 9_000 * MEGABYTE

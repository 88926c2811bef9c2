from __future__ import annotations

import pytest
import trio
from legion_llm.actors.credentials.actor import Credentials, CredentialsConfig, Holder
from legion_llm.messages.credentials import (
    CredentialChanged,
    CredentialRejected,
    CredentialWanted,
    InstanceSeen,
    StageChanged,
    StagesWanted,
    Verify,
)
from legion_llm.messages.errors import UnknownProviderError
from legion_llm.messages.health import AccountRestored, SignalReported


class Line:
    """The credentials of two instances, and what the neighbours hear."""

    def __init__(self, house, new_source, new_prober):
        self.house = house
        self.source, self.prober = new_source("a"), new_prober()
        self.other_source, self.other_prober = new_source("x"), new_prober()
        self.said = []

    def announce(self, lines):
        self.said.extend(lines)

    def start(self):
        house = self.house
        self.router, self.health = house.add_ear("router"), house.add_ear("health")
        self.connection, self.discovery = house.add_ear("openai"), house.add_ear("discovery")
        holders = {
            "openai": Holder(source=self.source, prober=self.prober),
            "other": Holder(source=self.other_source, prober=self.other_prober, needed=False),
        }
        house.add(
            "credentials",
            lambda: Credentials(
                CredentialsConfig(deadline=10.0, recheck=300.0),
                holders,
                router=house.address("router"),
                health=house.address("health"),
                listeners=lambda name: [house.address(name), house.address("discovery")],
                announcer=self,
            ),
        )
        house.add_ear("other")
        house.start()
        return self

    def stages(self, instance="openai"):
        return [str(each.stage) for each in self.router if each.instance == instance]

    def shown(self):
        return [each.credential.value.reveal() for each in self.connection if isinstance(each, CredentialChanged)]

    def refuse(self):
        """Say, as a connection would, that what is shown was refused; return what is shown instead."""
        version = self.connection[-1].version
        news = self.house.ask("credentials", CredentialRejected(instance="openai", version=version))
        return None if news is None else news.credential.value.reveal()

    def inspect(self, instance="openai"):
        return self.house.inspect("credentials")[instance]


@pytest.fixture
def unstarted(house, new_source, new_prober):
    return Line(house, new_source, new_prober)


@pytest.fixture
def line(unstarted):
    return unstarted.start()


def test_at_its_start_every_instance_is_shown_its_credential_and_verified(line):
    assert (line.shown(), line.stages(), line.stages("other")) == (
        ["a"],
        ["usable", "verified"],
        ["usable", "verified"],
    )
    assert [each for each in line.discovery if each.instance == "openai"] == line.connection


def test_a_dead_host_delays_neither_the_start_nor_the_others(unstarted):
    unstarted.prober.verdicts = {"a": None}

    line = unstarted.start()
    at_the_start = line.stages(), line.stages("other")
    line.house.advance(10.0)

    assert at_the_start == (["usable"], ["usable", "verified"])
    assert line.router[-1] == StageChanged(instance="openai", reason="no answer within 10 s", credential="from a")


def test_a_host_that_is_down_is_told_to_health_and_one_that_answers_too(unstarted):
    unstarted.prober.verdicts = {"a": "silent"}

    line = unstarted.start()

    assert SignalReported(name="error", instance="openai") in line.health
    assert SignalReported(name="success", instance="other") in line.health


def test_what_is_not_verified_is_tried_again_later(unstarted):
    unstarted.prober.verdicts = {"a": "silent"}
    line = unstarted.start()

    line.prober.verdicts = {}
    line.house.advance(299.0)
    before = line.stages()[-1]
    line.house.advance(1.0)

    assert (before, line.stages()[-1]) == ("usable", "verified")


def test_what_is_verified_is_left_alone(line):
    line.house.advance(3600.0)

    assert (line.prober.tried, line.source.reads) == (["a"], 1)


def test_sources_are_asked_again_when_what_they_gave_is_due(unstarted):
    unstarted.source.due = 30.0
    line = unstarted.start()

    line.source.values = ("b",)
    line.house.advance(30.0)

    assert (line.shown(), line.stages()[-1]) == (["a", "b"], "verified")


def test_people_are_told_of_a_credential_that_is_refused(unstarted):
    unstarted.prober.verdicts = {"a": "rejected"}

    assert unstarted.start().said == ["NOT USED ANY MORE: openai: its credential (from a) is refused: a is rejected"]


def test_a_connection_whose_credential_was_refused_gets_another_one(line):
    line.house.advance(60.0)
    line.source.values = ("b",)

    assert line.refuse() == "b"
    line.house.settle()
    assert line.shown() == ["a", "b"]


def test_where_there_is_no_other_one_it_is_told_so(line):
    line.house.advance(60.0)

    assert line.refuse() is None


def test_an_account_is_restored_by_another_credential_that_is_taken(line):
    before = line.health.count(AccountRestored(instance="openai"))
    line.house.advance(60.0)
    line.source.values = ("b",)
    line.house.ask("credentials", Verify())
    line.house.settle()

    assert (before, line.health.count(AccountRestored(instance="openai"))) == (1, 2)


def test_a_refusal_that_discovery_met_is_looked_into(line):
    line.house.advance(60.0)
    line.prober.verdicts = {"a": "rejected"}

    line.house.tell("credentials", InstanceSeen(instance="openai", accepted=False, reason="401"))

    assert line.stages()[-1] == "disabled"


def test_a_connection_that_starts_anew_hears_what_is_shown(line):
    news = line.house.ask("credentials", CredentialWanted(instance="openai"))

    assert news == line.connection[-1]
    assert line.house.ask("credentials", CredentialWanted(instance="nobody")) is None


def test_a_router_that_starts_anew_hears_every_stage(line):
    line.router.clear()

    line.house.tell("credentials", StagesWanted())

    assert (line.stages(), line.stages("other")) == (["verified"], ["verified"])


def test_of_an_instance_whose_sources_have_not_answered_yet_nothing_is_said(unstarted):
    unstarted.source.gate = trio.Event()
    line = unstarted.start()

    line.house.tell("credentials", StagesWanted())
    before = line.stages()
    line.house.do(line.source.gate.set)

    assert (before, line.stages()) == ([], ["usable", "verified"])


def test_a_host_may_have_everything_tried_anew(line):
    line.prober.verdicts = {"a": "rejected"}

    stages = line.house.ask("credentials", Verify())
    one = line.house.ask("credentials", Verify(instance="other"))

    assert [(each.instance, str(each.stage)) for each in stages] == [("openai", "disabled"), ("other", "verified")]
    assert [each.instance for each in one] == ["other"]
    with pytest.raises(UnknownProviderError, match="no provider instance 'nobody'; there are: openai, other"):
        line.house.ask("credentials", Verify(instance="nobody"))


def test_after_a_crash_connections_are_shown_a_version_above_every_earlier_one(line):
    before = line.connection[-1].version
    line.house.advance(1.0)

    line.house.kill("credentials")

    assert line.connection[-1].version > before
    assert line.prober.closed == 1


def test_its_snapshot_shows_everything_but_the_credential(line):
    shown = line.inspect()

    assert shown.pop("version") > 0
    assert shown == {
        "stage": "verified",
        "reason": "",
        "credential": "from a",
        "candidates": 1,
        "said": "accepted",
    }

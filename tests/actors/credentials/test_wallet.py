from __future__ import annotations

import pytest
import trio
from legion_llm.actors.credentials.wallet import Wallet

pytestmark = pytest.mark.trio


class Pocket:
    """A wallet, its double source and prober, and what it told."""

    def __init__(self, source, prober, *, needed=True):
        self.source, self.prober = source, prober
        self.shown, self.stages = [], []
        self.wallet = Wallet(
            "openai",
            source,
            prober,
            needed=needed,
            deadline=10.0,
            version=100,
            shown=lambda news: self.shown.append(news.credential and news.credential.value.reveal()),
            moved=lambda news: self.stages.append(str(news.stage)),
        )

    @property
    def stage(self):
        return str(self.wallet.stage.stage)

    @property
    def reason(self):
        return self.wallet.stage.reason


@pytest.fixture
def pocket(new_source, new_prober):
    def make(*values, needed=True, due=None, is_tried=True, **verdicts):
        return Pocket(new_source(*values, due=due), new_prober(**verdicts) if is_tried else None, needed=needed)

    return make


# -- from configured to verified


async def test_the_only_credential_is_shown_at_once_and_then_verified(pocket):
    there = pocket("a")

    await there.wallet.renew()

    assert (there.shown, there.stages) == (["a"], ["usable", "verified"])
    assert there.wallet.stage.credential == "from a"


async def test_without_a_credential_an_instance_stays_configured_and_says_why(pocket):
    there = pocket()

    await there.wallet.renew()

    assert (there.stage, there.reason, there.shown, there.prober.tried) == ("configured", "nobody has one", [], [])


async def test_one_that_needs_none_is_usable(pocket):
    there = pocket(needed=False)

    await there.wallet.renew()

    assert (there.stage, there.prober.tried) == ("usable", [])


async def test_the_only_credential_that_is_refused_disables_the_instance(pocket):
    there = pocket("a", a="rejected")

    await there.wallet.renew()

    assert (there.stages, there.reason) == (["usable", "disabled"], "a is rejected")


async def test_the_first_that_works_is_taken(pocket):
    there = pocket("a", "b", "c", a="rejected")

    await there.wallet.renew()

    assert (there.prober.tried, there.shown, there.stage) == (["a", "b"], ["a", "b"], "verified")


async def test_when_none_works_the_instance_is_disabled(pocket):
    there = pocket("a", "b", a="rejected", b="rejected")

    await there.wallet.renew()

    assert (there.prober.tried, there.stage) == (["a", "b"], "disabled")


async def test_a_host_that_does_not_answer_leaves_the_credential_usable_and_the_others_untried(pocket):
    there = pocket("a", "b", a="silent")

    await there.wallet.renew()

    assert (there.prober.tried, there.stage, there.reason) == (["a"], "usable", "a is silent")


async def test_a_host_that_accepts_and_never_answers_is_given_up(pocket, autojump_clock):
    there = pocket("a", a=None)

    await there.wallet.renew()

    assert (trio.current_time(), there.stage, there.reason) == (10.0, "usable", "no answer within 10 s")


async def test_an_answer_that_says_nothing_of_the_credential_is_no_refusal(pocket):
    there = pocket("a", a="unclear")

    await there.wallet.renew()

    assert (there.stage, there.reason, there.shown) == ("usable", "a is unclear", ["a"])


async def test_an_unclear_credential_is_better_than_a_refused_one_and_worse_than_one_that_is_taken(pocket):
    unclear = pocket("a", "b", a="rejected", b="unclear")
    taken = pocket("a", "b", "c", a="unclear", b="rejected")

    await unclear.wallet.renew()
    await taken.wallet.renew()

    assert (unclear.shown, unclear.stage) == (["a", "b"], "usable")
    assert (taken.shown, taken.stage) == (["a", "c"], "verified")


async def test_where_nobody_tries_whatever_is_found_is_usable(pocket):
    there = pocket("a", "b", is_tried=False)

    await there.wallet.renew()

    assert (there.shown, there.stage, there.wallet.is_settled) == (["a"], "usable", True)


# -- from one credential to the next


async def test_a_new_credential_at_the_old_place_is_shown_and_verified(pocket):
    there = pocket("a")
    await there.wallet.renew()

    there.source.values = ("b",)
    await there.wallet.renew()

    assert (there.shown, there.stages) == (["a", "b"], ["usable", "verified", "usable", "verified"])


async def test_what_is_verified_is_not_tried_again_as_long_as_it_is_there(pocket):
    there = pocket("a", "b")
    await there.wallet.renew()

    there.source.values = ("c", "a")
    await there.wallet.renew()

    assert (there.shown, there.prober.tried, there.wallet.is_settled) == (["a"], ["a"], True)


async def test_what_is_not_verified_is_tried_again(pocket):
    there = pocket("a", a="silent")
    await there.wallet.renew()

    there.prober.verdicts = {}
    await there.wallet.renew()

    assert there.stages[-1] == "verified"


async def test_a_verified_credential_survives_a_host_that_is_down(pocket):
    there = pocket("a")
    await there.wallet.renew()

    there.prober.verdicts = {"a": "silent"}
    await there.wallet.renew(afresh=True)

    assert there.stage == "verified"


async def test_a_credential_that_is_gone_is_shown_no_more(pocket):
    there = pocket("a")
    await there.wallet.renew()

    there.source.values = ()
    await there.wallet.renew()

    assert (there.shown, there.stage, there.reason) == (["a", None], "configured", "nobody has one")


async def test_a_disabled_instance_comes_back_with_a_new_credential(pocket):
    there = pocket("a", a="rejected")
    await there.wallet.renew()

    there.source.values = ("a", "b")
    await there.wallet.renew()

    assert (there.shown, there.stage) == (["a", "b"], "verified")


async def test_a_disabled_instance_comes_back_when_the_provider_changes_its_mind(pocket):
    there = pocket("a", a="rejected")
    await there.wallet.renew()

    there.prober.verdicts = {}
    await there.wallet.renew()

    assert there.stage == "verified"


# -- refused in a call


async def refused(there):
    """Say that what is shown was refused; return what is shown instead."""
    news = await there.wallet.replace(there.wallet.news.version)
    return None if news is None else news.credential.value.reveal()


async def test_after_a_rotation_the_new_credential_takes_the_place_of_the_refused_one(pocket, autojump_clock):
    there = pocket("old")
    await there.wallet.renew()
    await trio.sleep(60)

    there.source.values = ("new",)

    assert await refused(there) == "new"
    assert there.prober.tried == ["old"]  # the call itself is the trial


async def test_a_rotation_right_after_a_trial_is_noticed_too(pocket, autojump_clock):
    there = pocket("old")
    await there.wallet.renew()
    await trio.sleep(2)

    there.source.values = ("new",)

    assert await refused(there) == "new"


async def test_the_next_candidate_takes_the_place_of_one_that_works_no_more(pocket, autojump_clock):
    there = pocket("a", "b")
    await there.wallet.renew()
    await trio.sleep(60)

    there.prober.verdicts = {"a": "rejected"}

    assert await refused(there) == "b"
    assert there.stage == "verified"


async def test_a_single_refusal_that_the_provider_does_not_repeat_changes_nothing(pocket, autojump_clock):
    there = pocket("a")
    await there.wallet.renew()
    await trio.sleep(60)

    assert await refused(there) is None
    assert there.stage == "verified"


async def test_the_last_credential_that_is_refused_for_good_disables_the_instance(pocket, autojump_clock):
    there = pocket("a")
    await there.wallet.renew()
    await trio.sleep(60)

    there.prober.verdicts = {"a": "rejected"}

    assert await refused(there) is None
    assert there.stage == "disabled"


async def test_a_provider_that_refuses_every_call_is_not_asked_before_each(pocket, autojump_clock):
    there = pocket("a")
    await there.wallet.renew()
    await trio.sleep(60)
    there.prober.verdicts = {"a": "rejected"}

    for _ in range(5):
        await refused(there)

    assert there.prober.tried == ["a", "a"]


async def test_many_calls_that_are_refused_at_once_look_for_another_credential_once(pocket, autojump_clock):
    there = pocket("a", "b")
    await there.wallet.renew()
    await trio.sleep(60)
    there.prober.verdicts = {"a": "rejected"}
    version, found = there.wallet.news.version, []

    async def call():
        found.append(await there.wallet.replace(version))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(call)

    assert {news.credential.value.reveal() for news in found} == {"b"}
    assert there.prober.tried == ["a", "a", "b"]


async def test_a_call_that_was_late_is_told_what_is_shown_by_now(pocket):
    there = pocket("a")
    await there.wallet.renew()

    news = await there.wallet.replace(100)

    assert news.credential.value.reveal() == "a"
    assert there.source.reads == 1


# -- heard of elsewhere


async def test_an_answer_to_another_question_verifies_what_is_shown(pocket):
    there = pocket(needed=False)
    await there.wallet.renew()

    there.wallet.seen(accepted=True, reason="")

    assert there.stage == "verified"


async def test_an_engine_that_asks_for_a_key_that_nobody_has_is_disabled(pocket):
    there = pocket(needed=False)
    await there.wallet.renew()

    there.wallet.seen(accepted=False, reason="401")

    assert (there.stage, there.reason) == ("disabled", "it asks for a key: 401")


async def test_whoever_wants_the_first_credential_waits_for_the_sources(pocket):
    there, got = pocket("a"), []

    async def want():
        got.append((await there.wallet.current()).credential.value.reveal())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(want)
        await trio.testing.wait_all_tasks_blocked()
        before = list(got)
        await there.wallet.renew()

    assert (before, got) == ([], ["a"])

"""Another model is asked the same, and nobody hears its answer."""

from __future__ import annotations

import threading
import time

import legion_llm
import pytest
from upstream import openai_upstream

PATIENCE = 10.0


@pytest.fixture
def shadowing(embedded):
    """Starts a gateway with a demo model and a shadow of it, which is asked everything."""

    def start(providers=None, **more):
        shadow = {"enabled": True, "sample_rate": 1.0, "provider": "other", **more.pop("shadow", {})}
        return embedded(
            providers or {"demo": {}, "other": {"kind": "demo", "tier": "cloud"}},
            default_provider="demo",
            shadow=shadow,
            **more,
        )

    return start


def reported(legion, count):
    """Return the report when so many were compared."""
    deadline = time.monotonic() + PATIENCE
    while len((told := legion.shadow().get(PATIENCE)).comparisons) < count:
        assert time.monotonic() < deadline, told
        threading.Event().wait(0.005)
    return told


def test_the_shadow_answers_for_nobody(shadowing):
    legion = shadowing()

    response = legion.chat("Hello").get(PATIENCE)

    told = reported(legion, 1)
    assert response.routing.provider == "demo"
    (comparison,) = told.comparisons
    assert (comparison.request_id, comparison.shadow, comparison.length_ratio) == (
        response.request_id,
        "other/demo",
        1.0,
    )
    assert (told.evaluated, told.failed, told.models) == (1, 0, ("other/demo",))


def test_its_calls_are_in_the_ledger_under_its_own_name(shadowing):
    legion = shadowing()

    legion.chat("Hello").get(PATIENCE)
    reported(legion, 1)

    callers = {row.group[0] for row in legion.usage(group_by="caller").get(PATIENCE).rows}
    assert callers == {None, "shadow"}


def test_a_shadow_has_no_shadow(shadowing):
    legion = shadowing()

    for _ in range(3):
        legion.chat("Hello").get(PATIENCE)

    assert len(reported(legion, 3).comparisons) == 3
    assert legion.usage(group_by=()).get(PATIENCE).total.attempts == 6


def test_what_must_stay_here_is_not_sent_to_a_shadow_elsewhere(shadowing):
    legion = shadowing()

    legion.chat("Hello", intent={"privacy": "strict"}).get(PATIENCE)

    (comparison,) = reported(legion, 1).comparisons
    assert comparison.error in {"PrivacyModeError", "NoRouteError"}
    assert {row.group[0] for row in legion.usage(group_by="instance").get(PATIENCE).rows} == {"demo"}


def test_what_is_restricted_has_no_shadow(shadowing):
    legion = shadowing(compliance={"classification_scan": True})

    legion.chat("My number is 123-45-6789", caller=legion_llm.Caller(type="human")).get(PATIENCE)
    legion.chat("Hello").get(PATIENCE)

    told = reported(legion, 1)
    assert len(told.comparisons) == 1


def test_streams_and_requests_with_tools_have_none(shadowing):
    legion = shadowing()

    for _ in legion.stream("Hello"):
        pass
    legion.chat("Hello", tools=[look]).get(PATIENCE)
    legion.chat("Hello").get(PATIENCE)

    assert len(reported(legion, 1).comparisons) == 1


def look() -> str:
    """Look."""
    return "nothing"


def test_a_shadow_that_fails_is_told_of_and_fails_nobody(shadowing, make_provider):
    with openai_upstream() as server:
        dead = make_provider(server)
    legion = shadowing({"demo": {}, "other": dead})

    assert legion.chat("Hello").get(PATIENCE).text

    told = reported(legion, 1)
    assert (told.evaluated, told.failed) == (0, 1)
    assert told.comparisons[0].shadow == "other"


def test_where_it_is_off_there_is_nothing_to_report(embedded):
    with pytest.raises(legion_llm.NotFoundError, match=r"shadow\.enabled"):
        embedded({"demo": {}}).shadow()


def test_a_shadow_without_a_model_is_refused_at_the_start(embedded):
    with pytest.raises(legion_llm.SettingsError, match=r"shadow\.model"):
        embedded({"demo": {}}, shadow={"enabled": True})

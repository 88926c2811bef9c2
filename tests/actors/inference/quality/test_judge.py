from __future__ import annotations

import pytest
import trio
from legion_llm.actors.inference.quality.judge import JudgeConfig, judge_of
from legion_llm.messages.chat import ChatMessage, Escalation, Request, Response, ResponseFormat
from legion_llm.messages.errors import HostError, InvalidRequestError
from legion_llm.messages.quality import ConfidenceTerms
from legion_llm.messages.settings import EscalationSettings

ON = JudgeConfig(escalation=EscalationSettings(enabled=True, max_attempts=4, check_timeout=2.0))
OFF = JudgeConfig()
GOOD = "Water boils at 100 degrees Celsius at sea level, and earlier the higher one climbs."


def request(**fields):
    return Request(messages=(ChatMessage(content="?"),), **fields)


def answer(text=GOOD):
    return Response(message=ChatMessage(role="assistant", content=text))


async def yes(_response):
    return True


async def no(_response):
    return ""


async def broken(_response):
    raise HostError("quality_check failed: KeyError: 'x'")


async def endless(_response):
    await trio.sleep_forever()


# -- who is judged


def test_by_default_nobody_is_judged():
    assert judge_of(request(), OFF, None) is None


def test_settings_can_have_everybody_judged():
    assert judge_of(request(), ON, None).max_attempts == 4


@pytest.mark.parametrize(
    "wanted", [{"enabled": True}, {"max_attempts": 2}, {"quality_threshold": 0}, {"json_expected": True}]
)
def test_a_request_that_sets_terms_is_judged(wanted):
    assert judge_of(request(escalation=Escalation(**wanted)), OFF, None) is not None


def test_a_request_that_brings_a_check_is_judged():
    assert judge_of(request(), OFF, yes) is not None


@pytest.mark.parametrize("config", [ON, OFF])
def test_a_request_that_will_not_be_judged_is_not(config):
    assert judge_of(request(escalation=Escalation(enabled=False, max_attempts=9)), config, yes) is None


def test_a_request_may_say_how_often():
    assert judge_of(request(escalation=Escalation(max_attempts=7)), ON, None).max_attempts == 7


def test_bands_that_are_none_are_refused_before_anything_is_sent():
    with pytest.raises(InvalidRequestError):
        judge_of(request(confidence=ConfidenceTerms(bands={"best": 1.0})), ON, None)


# -- what they say


async def verdict(text=GOOD, *, own=None, config=ON, is_final=False, **fields):
    return await judge_of(request(**fields), config, own).verdict(answer(text), is_final=is_final)


@pytest.mark.trio
async def test_a_good_answer_passes_with_its_quality():
    found = await verdict()

    assert (found.passed, found.quality.band, found.warnings) == (True, "very_high", ())


@pytest.mark.trio
async def test_a_poor_answer_fails_with_its_reasons():
    found = await verdict("I cannot.")

    assert (found.passed, found.failures) == (False, ("too_short", "refusal"))
    assert found.quality.band == "very_low"


@pytest.mark.trio
async def test_a_request_sets_the_length_for_itself():
    assert (await verdict("Paris.", escalation=Escalation(quality_threshold=5))).passed


@pytest.mark.trio
@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
async def test_where_data_is_asked_for_json_is_expected(kind):
    assert (await verdict(response_format=ResponseFormat(type=kind))).failures == ("json_parse_failure",)


@pytest.mark.trio
async def test_the_callers_score_is_taken():
    assert (await verdict(confidence=ConfidenceTerms(score=0.1))).quality.source == "caller_provided"


# -- the caller's own check


@pytest.mark.trio
@pytest.mark.parametrize(("own", "failures"), [(yes, ()), (no, ("custom_check_failed",))])
async def test_the_callers_own_check_decides(own, failures):
    assert (await verdict(own=own)).failures == failures


@pytest.mark.trio
async def test_it_is_not_asked_about_what_our_rules_have_found_poor():
    asked = []

    async def own(response):
        asked.append(response)

    await verdict("", own=own)

    assert asked == []


@pytest.mark.trio
async def test_it_is_not_asked_about_what_the_caller_has_seen_already():
    assert (await verdict(own=no, is_final=True)).passed


@pytest.mark.trio
async def test_a_check_that_fails_has_no_say():
    found = await verdict(own=broken)

    assert found.passed
    assert found.warnings == ("quality_check: quality_check failed: KeyError: 'x'",)


@pytest.mark.trio
async def test_a_check_that_takes_too_long_has_no_say(autojump_clock):
    found = await verdict(own=endless)

    assert found.passed
    assert found.warnings == ("quality_check did not end within 2 s",)
    assert trio.current_time() == 2.0

"""Credentials tried at real servers."""

from __future__ import annotations

import json

import pytest
from legion_llm.actors.credentials.port import Verdict
from legion_llm.adapters.scouts.build import build_prober
from legion_llm.adapters.scouts.probe import opinion_of
from legion_llm.messages import errors
from legion_llm.messages.credentials import Credential
from legion_llm.messages.secret import Secret, SecretRef
from legion_llm.messages.settings import ProviderSettings, Settings, VerificationSettings, expand_instances
from upstream import Fault, Hang, ScriptedServer, Send, answer, openai_upstream

pytestmark = pytest.mark.trio

NOT_FOUND = Send(answer(b'{"error": {"message": "no such path"}}', status="404 Not Found"))
MODELS = Send(answer(json.dumps({"data": [{"id": "m-1"}, {"id": "m-2"}]}).encode()))


def credential(value="sk-1"):
    return Credential(value=Secret(value))


@pytest.fixture
async def prober():
    """Return whoever tries the credentials of a server; its connections are closed afterwards."""
    made = []

    def make(server, *, kind="openai_compat", settings=None, **block):
        block = {"api_key": SecretRef.of("other"), "default_model": "m-1", **block}
        settings = settings or VerificationSettings(timeout_seconds=20.0)
        [instance] = expand_instances(
            Settings(providers={"up": ProviderSettings(kind=kind, base_url=server.url, **block)})
        )
        made.append(build_prober(instance, settings, {}))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


async def test_a_list_of_models_takes_the_credential_that_was_shown(prober):
    with openai_upstream() as server:
        opinion = await prober(server).probe(credential("sk-9"))

    assert (opinion.verdict, opinion.words) == (Verdict.ACCEPTED, "")
    assert [(each.path, each.headers["authorization"]) for each in server.requests] == [("/v1/models", "Bearer sk-9")]


async def test_each_credential_is_shown_as_its_vendor_wants_it(prober):
    with ScriptedServer([Send(answer(b'{"data": []}'))]) as server:
        await prober(server, kind="anthropic").probe(credential())

    assert server.requests[0].headers["x-api-key"] == "sk-1"
    assert "authorization" not in server.requests[0].headers


async def test_a_default_model_that_is_not_listed_is_told_and_held_against_nobody(prober):
    with ScriptedServer([MODELS]) as server:
        opinion = await prober(server, default_model="m-9").probe(credential())

    assert opinion.verdict is Verdict.ACCEPTED
    assert opinion.words == "its default model 'm-9' is not among the 2 that it lists"


async def test_azures_deployments_are_not_looked_for_among_its_models(prober):
    with ScriptedServer([MODELS]) as server:
        assert (await prober(server, kind="azure", default_model="mine").probe(credential())).words == ""


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("401 Unauthorized", Verdict.REJECTED),
        ("403 Forbidden", Verdict.UNCLEAR),
        ("404 Not Found", Verdict.UNCLEAR),
        ("405 Method Not Allowed", Verdict.UNCLEAR),
        ("429 Too Many Requests", Verdict.UNCLEAR),
        ("500 Internal Server Error", Verdict.UNCLEAR),
    ],
)
async def test_only_a_refusal_to_know_us_counts_against_a_credential(prober, status, verdict):
    with ScriptedServer([Send(answer(b'{"error": {"message": "no"}}', status=status))]) as server:
        assert (await prober(server).probe(credential())).verdict is verdict


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.RESET_BEFORE_HEADERS, Fault.CLOSE_BEFORE_HEADERS])
async def test_a_host_that_is_not_there_is_silent(prober, fault):
    with openai_upstream(fault) as server:
        assert (await prober(server).probe(credential())).verdict is Verdict.SILENT


async def test_a_host_that_accepts_and_never_answers_is_silent(prober):
    with ScriptedServer([Hang()]) as server:
        opinion = await prober(server, settings=VerificationSettings(timeout_seconds=0.1)).probe(credential())

    assert opinion.verdict is Verdict.SILENT


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"garbage", b"[" * 500])
async def test_a_host_that_talks_nonsense_says_nothing_of_the_credential(prober, body):
    with ScriptedServer([Send(answer(body))]) as server:
        assert (await prober(server).probe(credential())).verdict is Verdict.UNCLEAR


def chat_only(request):
    if request.method == "GET":
        return [NOT_FOUND]
    message = {"role": "assistant", "content": "x"}
    is_known = request.headers["authorization"] == "Bearer good"
    body = (
        {"choices": [{"index": 0, "message": message, "finish_reason": "length"}]}
        if is_known
        else {"error": {"message": "no"}}
    )
    return [Send(answer(json.dumps(body).encode(), status="200 OK" if is_known else "401 Unauthorized"))]


async def test_a_provider_without_a_list_is_asked_nothing_that_costs_money(prober):
    with ScriptedServer(chat_only) as server:
        opinion = await prober(server).probe(credential("good"))

    assert opinion.verdict is Verdict.UNCLEAR
    assert {each.method for each in server.requests} == {"GET"}


@pytest.mark.parametrize(("key", "verdict"), [("good", Verdict.ACCEPTED), ("bad", Verdict.REJECTED)])
async def test_if_asked_to_a_model_is_asked_for_one_token(prober, key, verdict):
    settings = VerificationSettings(timeout_seconds=20.0, chat_probe=True)
    with ScriptedServer(chat_only) as server:
        opinion = await prober(server, settings=settings).probe(credential(key))

    assert opinion.verdict is verdict
    assert server.requests[-1].json()["max_tokens"] == 1


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (errors.AuthError("API key not valid", status=400), Verdict.REJECTED),
        (errors.AccountError("out of credit", status=402), Verdict.UNCLEAR),
        (errors.ModelUnavailableError("not yours", status=403), Verdict.UNCLEAR),
        (errors.SettingsError("cannot be sent"), Verdict.SILENT),
    ],
)
async def test_what_a_failed_question_says_of_the_credential(error, verdict):
    assert opinion_of(error).verdict is verdict

"""Where Bedrock lives, and how requests to it are signed."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import importlib.util
import json
import sys
from urllib.parse import quote, urlsplit

import botocore.auth
import botocore.session
import httpx
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from legion_llm.adapters.dialects.bedrock import Bedrock
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers import aws
from legion_llm.adapters.providers.aws import listing_url, located
from legion_llm.adapters.providers.build import build_provider, endpoint_for
from legion_llm.adapters.transport import LegionTransport
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.secret import SecretRef
from legion_llm.messages.settings import ProviderSettings, Settings, expand_instances
from upstream import bedrock_upstream

HELLO = Request(messages=(ChatMessage(content="Hello"),))
ACCESS, SECRET, SESSION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FQoGZXIvYXdzE=="
KEYS = {"api_key": SecretRef.of(ACCESS), "secret_key": SecretRef.of(SECRET)}
NOW = dt.datetime(2026, 11, 20, 12, 0, 0, tzinfo=dt.UTC)
ARN = "arn:aws:bedrock:us-east-1:1:inference-profile/us.x-v1:0"


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch):
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_args, **_more: NOW.replace(tzinfo=None))


def instance(**block):
    [found] = expand_instances(Settings(providers={"bedrock": ProviderSettings(**block)}))
    return found


def signature_of(request, *, session=None):
    """Sign a request by the published algorithm, independently of botocore; returns the Authorization header."""
    url = urlsplit(str(request.url))
    signed = {"content-type": request.headers.get("content-type"), "host": url.netloc, "x-amz-date": "20261120T120000Z"}
    if session:
        signed["x-amz-security-token"] = session
    signed = {name: value for name, value in signed.items() if value is not None}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            request.method,
            quote(url.path, safe="/~"),  # encoded once more: only S3's paths are not
            url.query,
            *[f"{name}:{signed[name]}" for name in sorted(signed)],
            "",
            names,
            hashlib.sha256(request.content).hexdigest(),
        ]
    )
    scope = "20261120/eu-central-1/bedrock/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", "20261120T120000Z", scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={names}, Signature={signature}"


def posted(model, **block):
    there = endpoint_for(instance(region="eu-central-1", **KEYS, **block), {}, instance().timeouts)
    wire = Bedrock().render_request(HELLO, model, stream=False, options=DialectOptions())
    return there.post(wire.path, wire.body, stream=False)


@pytest.mark.parametrize("model", ["us.anthropic.claude-sonnet-4-6", "amazon.nova-pro-v1:0", ARN])
def test_a_request_is_signed_as_the_published_algorithm_says(model):
    request = posted(model)

    assert request.headers["x-amz-date"] == "20261120T120000Z"
    assert request.headers["authorization"] == signature_of(request)


def test_temporary_keys_send_their_token_along():
    request = posted("m", session_token=SecretRef.of(SESSION))

    assert request.headers["x-amz-security-token"] == SESSION
    assert request.headers["authorization"] == signature_of(request, session=SESSION)


def by_botocore(model):
    """Return the request that botocore's own client sends."""
    session = botocore.session.get_session()
    client = session.create_client(
        "bedrock-runtime",
        region_name="eu-central-1",
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 0}),
    )
    sent = []

    def instead(request, **_more):
        sent.append(request)
        body = json.dumps({"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn"})

        class Raw:
            def stream(self, *_args, **_more):
                yield body.encode()

        return AWSResponse(request.url, 200, {"content-type": "application/json"}, Raw())

    client.meta.events.register("before-send.bedrock-runtime.Converse", instead)
    client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "Hello"}]}])
    return sent[0]


@pytest.mark.parametrize("model", ["us.anthropic.claude-sonnet-4-6", "amazon.nova-pro-v1:0", ARN])
def test_address_and_body_are_those_of_botocores_own_client(model):
    theirs, ours = by_botocore(model), posted(model)

    assert str(ours.url) == theirs.url
    assert json.loads(ours.content) == json.loads(theirs.body)


def test_botocores_own_signer_signs_the_same():
    theirs, ours = by_botocore("amazon.nova-pro-v1:0"), posted("amazon.nova-pro-v1:0")
    bare = botocore.awsrequest.AWSRequest(
        method="POST", url=theirs.url, data=ours.content, headers={"Content-Type": "application/json"}
    )
    credentials = botocore.credentials.Credentials(ACCESS, SECRET)

    botocore.auth.SigV4Auth(credentials, "bedrock", "eu-central-1").add_auth(bare)

    assert ours.headers["authorization"] == bare.headers["Authorization"]
    scope = "Credential=AKIDEXAMPLE/20261120/eu-central-1/bedrock/aws4_request"
    assert scope in theirs.headers["Authorization"].decode()


@pytest.mark.trio
@pytest.mark.parametrize("method", ["chat", "stream"])
async def test_a_signed_request_arrives_as_it_was_signed(sink, method):
    with bedrock_upstream() as server:
        block = instance(region="eu-central-1", base_url=server.url, **KEYS)
        provider = build_provider(block, {}, lambda *_: LegionTransport())

        response = await (provider.chat(HELLO, "m-1") if method == "chat" else provider.stream(HELLO, "m-1", sink))

        assert response.text == "w0 w1 w2 w3 w4 "
        [received] = server.requests
        url = f"{server.url}{received.path}"
        arrived = httpx.Request("POST", url, headers=received.headers, content=received.body)
        assert arrived.headers["authorization"] == signature_of(arrived)
        await provider.aclose()


def test_the_catalogue_is_asked_for_with_a_signature():
    request = endpoint_for(instance(region="eu-central-1", **KEYS), {}, instance().timeouts).get("/foundation-models")

    assert request.headers["authorization"] == signature_of(request)


def test_a_token_is_a_bearer_and_nothing_is_signed():
    there = endpoint_for(instance(bearer_token=SecretRef.of("ABSK-1")), {}, instance().timeouts)

    request = there.post("/x", b"{}", stream=False)

    assert request.headers["authorization"] == "Bearer ABSK-1"
    assert "x-amz-date" not in request.headers


# -- where it lives


@pytest.mark.parametrize(
    ("block", "environ", "url"),
    [
        ({}, {}, "https://bedrock-runtime.us-east-2.amazonaws.com"),
        ({"region": "eu-west-1"}, {"AWS_REGION": "us-west-2"}, "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ({}, {"AWS_REGION": "us-west-2"}, "https://bedrock-runtime.us-west-2.amazonaws.com"),
        ({}, {"AWS_DEFAULT_REGION": "ap-south-1"}, "https://bedrock-runtime.ap-south-1.amazonaws.com"),
        ({"region": "cn-north-1"}, {}, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ({"base_url": "https://vpce-1.example/"}, {}, "https://vpce-1.example"),
    ],
)
def test_the_address_follows_from_the_region(block, environ, url):
    assert located(instance(**block), environ).base_url == url


@pytest.mark.parametrize(
    ("block", "url"),
    [({}, "https://bedrock.us-east-2.amazonaws.com"), ({"base_url": "http://localhost:1"}, "http://localhost:1")],
)
def test_models_are_listed_at_a_host_beside(block, url):
    assert listing_url(located(instance(**block), {})).rstrip("/") == url


def test_requests_to_the_host_beside_name_it():
    there = endpoint_for(instance(**KEYS), {}, instance().timeouts)

    request = there.get("/foundation-models")

    assert str(request.url) == "https://bedrock.us-east-2.amazonaws.com/foundation-models"
    assert request.headers["host"] == "bedrock.us-east-2.amazonaws.com"


@pytest.mark.parametrize("region", ["", "eu", "eu-central-1.evil.example", "EU-CENTRAL-1", "a/b"])
def test_what_is_no_region_is_a_settings_error(region):
    with pytest.raises(SettingsError, match="name of a region"):
        ProviderSettings(region=region)


# -- what is missing


def test_without_botocore_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(SettingsError, match=r"pip install legion-llm\[bedrock\]"):
        build_provider(instance(**KEYS), {})


def test_without_botocore_a_stream_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.eventstream", None)

    with pytest.raises(SettingsError, match=r"pip install legion-llm\[bedrock\]"):
        Bedrock().stream_parser()


def test_without_a_credential_the_error_says_what_to_set():
    with pytest.raises(SettingsError, match="AWS_BEARER_TOKEN_BEDROCK is not set"):
        build_provider(instance(), {})


def test_keys_are_never_shown():
    there = endpoint_for(instance(**KEYS), {}, instance().timeouts)

    assert SECRET not in repr(there) + repr(vars(there)) + repr(instance(**KEYS)) + repr(aws.SigV4)

"""Who may use the API."""

from __future__ import annotations

import hashlib
import itertools
import re

import httpx
import pytest
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.http.config import HttpApiConfig
from legion_llm.adapters.http.keyring import keyring_of
from legion_llm.adapters.http.table import Access, route_table
from legion_llm.messages.caller import Caller
from legion_llm.messages.errors import AccessDeniedError, SettingsError
from legion_llm.messages.settings import KeySettings


@pytest.fixture
def keyring():
    keyring = keyring_of({"ann": KeySettings(key="key-of-ann"), "bob": KeySettings(key="key-of-bob")}, {})
    assert keyring is not None
    return keyring


@pytest.mark.parametrize(
    ("headers", "holder"),
    [
        ([(b"authorization", b"Bearer key-of-ann")], "ann"),
        ([(b"authorization", b"bearer  key-of-bob ")], "bob"),
        ([(b"x-api-key", b"key-of-bob")], "bob"),
        ([(b"authorization", b"Bearer key-of-ann"), (b"x-api-key", b"key-of-bob")], "bob"),
    ],
)
def test_a_key_names_its_holder(keyring, headers, holder):
    assert keyring.holder(headers).caller == Caller(identity=holder, credential=holder)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"Basic a2V5LW9mLWFubg==")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer ")],
        [(b"x-api-key", b"")],
        [(b"x-api-key", b"key-of-ann2")],
        [(b"x-api-key", b"KEY-OF-ANN")],
        [(b"x-api-key", b"\xff\xfe")],
        [(b"authorization", b"Bearer key-of-ann"), (b"x-api-key", b"nobodys")],
    ],
)
def test_anything_else_is_refused(keyring, headers):
    with pytest.raises(AccessDeniedError):
        keyring.holder(headers)


def test_keys_are_never_shown(keyring):
    assert "key-of" not in repr(keyring) + str(vars(keyring)) + repr(keyring.holders)


def test_keys_are_looked_up_where_the_settings_say():
    keyring = keyring_of({"ann": KeySettings(key="env://ANN"), "bob": KeySettings(key="plain")}, {"ANN": "a"})

    assert keyring.holder([(b"x-api-key", b"a")]).caller.identity == "ann"
    assert keyring_of({}, {}) is None


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"ann": "env://NOT_THERE"}, "api.keys.ann: environment variable NOT_THERE is not set"),
        ({"ann": "same", "bob": "same"}, "api.keys.bob: another holder has the same key"),
        ({"ann": ""}, "api.keys.ann"),
    ],
)
def test_a_key_that_is_none_stops_the_start(keys, words):
    with pytest.raises(SettingsError, match=words):
        keyring_of({name: KeySettings(key=key) for name, key in keys.items()}, {})


def test_a_key_may_be_given_as_its_digest():
    digest = hashlib.sha256(b"key-of-ann").hexdigest()

    keyring = keyring_of({"ann": KeySettings(sha256=digest)}, {})

    assert keyring.holder([(b"x-api-key", b"key-of-ann")]).caller.identity == "ann"


@pytest.mark.parametrize(
    ("rights", "message"),
    [
        ({}, "either the key or its sha256"),
        ({"key": "a", "sha256": "0" * 64}, "either the key or its sha256"),
        ({"sha256": "abc"}, "64 hex digits"),
        ({"key": "a", "type": "system"}, "external"),
        ({"key": "a", "requests_per_minute": 0}, "above 0"),
    ],
)
def test_rights_that_make_no_sense_are_refused(rights, message):
    with pytest.raises(SettingsError, match=message):
        KeySettings(**rights)


# -- every route: the matrix comes from the table, so a new route is in it


def _example(path):
    return re.sub(r"{[^}]*}", "m", path)


TABLE = route_table(None, HttpApiConfig(), OpenAIChat(), {"/v1/messages": AnthropicMessages()})
ROUTES = [
    *((method, _example(row.path)) for row in TABLE if row.access is not Access.OPEN for method in row.methods),
    ("GET", "/nowhere"),
    ("POST", "/v1/models"),
    ("DELETE", "/v1/chat/completions"),
]
OPEN = [("GET", row.path) for row in TABLE if row.access is Access.OPEN] + [("HEAD", "/")]
CREDENTIALS = [{}, {"authorization": "Bearer wrong"}, {"x-api-key": "wrong"}, {"authorization": "Basic key-of-ann"}]


@pytest.fixture
def locked(serve, keyring):
    return serve(keyring=keyring)


@pytest.mark.parametrize(("route", "credential"), list(itertools.product(ROUTES, CREDENTIALS)))
def test_without_a_key_no_route_says_anything_but_that(locked, gateway, route, credential):
    answer = httpx.request(*_at(locked, route), headers=credential, content=b"{not even json", trust_env=False)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_with_a_key_every_route_answers_as_ever(locked, route, header):
    key = {"authorization": "Bearer key-of-ann", "x-api-key": "key-of-ann"}[header]

    answer = httpx.request(*_at(locked, route), headers={header: key}, content=b"{not json", trust_env=False)

    assert answer.status_code != 401


@pytest.mark.parametrize("route", OPEN)
def test_load_balancers_need_no_key(locked, route):
    assert httpx.request(*_at(locked, route), trust_env=False).status_code == 200


def _at(api, route):
    method, path = route
    return method, f"{api.url}{path}"

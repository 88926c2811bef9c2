"""Who may use the API."""

from __future__ import annotations

import itertools

import httpx
import pytest
from legion_llm.adapters.http.keyring import Keyring, keyring_of
from legion_llm.messages.errors import AccessDeniedError, SettingsError
from legion_llm.messages.secret import SecretRef


@pytest.fixture
def keyring():
    return Keyring({"ann": "key-of-ann", "bob": "key-of-bob"})


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
    assert keyring.holder(headers) == holder


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
    assert "key-of" not in repr(keyring) + str(vars(keyring))


def test_keys_are_looked_up_where_the_settings_say():
    keyring = keyring_of({"ann": SecretRef.of("env://ANN"), "bob": SecretRef.of("plain")}, {"ANN": "a"})

    assert keyring.holder([(b"x-api-key", b"a")]) == "ann"
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
        keyring_of({name: SecretRef.of(key) for name, key in keys.items()}, {})


# -- every route

ROUTES = [
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/m"),
    ("GET", "/nowhere"),
    ("POST", "/v1/models"),
    ("DELETE", "/v1/chat/completions"),
]
OPEN = [("GET", "/"), ("GET", "/healthz"), ("GET", "/readyz"), ("HEAD", "/")]
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

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.secrets.codex import codex_patch, expiry_of

NOW = 1_760_000_000.0


def credentials(auth):
    return {name: each.reveal() for name, each in codex_patch(json.dumps(auth), NOW).credentials.items()}


@pytest.mark.parametrize("token", ["opaque", "two.parts", "a.!!!.c", "a.e30.c"])
def test_a_token_that_says_nothing_of_an_end_is_proposed(login, token):
    assert credentials(login(token)) == {"token": token}


@pytest.mark.parametrize("payload", [{"exp": int(NOW) + 1}, {"exp": "soon"}, {"exp": True}, {}, [1]])
def test_a_token_is_proposed_unless_it_says_that_it_has_expired(login, jwt, payload):
    assert credentials(login(jwt(payload))) == {"token": jwt(payload)}


@pytest.mark.parametrize("exp", [0, int(NOW) - 1, int(NOW)])
def test_an_expired_token_is_not_proposed_and_the_reason_is(login, jwt, exp):
    patch = codex_patch(json.dumps(login(jwt({"exp": exp}))), NOW)

    assert (dict(patch.credentials), dict(patch.notes)) == ({}, {"token": "the token of Codex's login has expired"})


@pytest.mark.parametrize(
    ("auth", "found"),
    [
        ({"auth_mode": "apikey", "tokens": {"access_token": "t"}}, {}),
        ({"tokens": {"access_token": "t"}}, {}),
        ({"auth_mode": "chatgpt", "tokens": {"access_token": " "}}, {}),
        ({"auth_mode": "chatgpt", "tokens": {"access_token": 7}}, {}),
        ({"auth_mode": "chatgpt", "tokens": "nonsense"}, {}),
        ({"OPENAI_API_KEY": "k"}, {"key": "k"}),
        ({"openai_api_key": "k"}, {"key": "k"}),
        ({"auth_mode": "chatgpt", "tokens": {"access_token": "t"}, "OPENAI_API_KEY": "k"}, {"token": "t", "key": "k"}),
    ],
)
def test_a_token_counts_only_for_a_chatgpt_login_and_a_key_always(auth, found):
    assert credentials(auth) == found


@pytest.mark.parametrize("text", [None, "", "nonsense", "[]"])
def test_a_file_that_is_missing_or_malformed_proposes_nothing(text):
    assert dict(codex_patch(text, NOW).credentials) == {}


def test_it_tells_when_its_token_expires(login, jwt):
    assert codex_patch(json.dumps(login(jwt({"exp": 2_000_000_000}))), NOW).expires_at == {"token": 2_000_000_000.0}


@given(token=st.text(alphabet="abcXYZ019._-=+/", max_size=40))
def test_no_token_breaks_the_reading_of_its_expiry(token):
    assert expiry_of(token) is None or expiry_of(token) >= -(2**53)

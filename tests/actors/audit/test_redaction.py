from __future__ import annotations

import pytest
from legion_llm.actors.audit.redaction import Redactor

REDACTOR = Redactor()


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghij_KLMNOP-0123456789",
        "sk-ant-api03-abcdefghijklmnop",
        "AKIAIOSFODNN7EXAMPLE",
        "AIza" + "a" * 35,
        "ghp_" + "a" * 36,
        "github_pat_" + "a" * 30,
        "glpat-" + "a" * 20,
        "xoxb-1234567890-abcdef",
        "hf_" + "a" * 34,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_a_key_is_masked_wherever_it_stands(secret):
    assert REDACTOR.text(f"use {secret}, please") == "use ***, please"
    assert REDACTOR.text(f'{{"key": "{secret}"}}') == '{"key": "***"}'


def test_what_follows_bearer_is_masked():
    assert REDACTOR.text("Authorization: Bearer abcdefghijklmnop1234") == "Authorization: Bearer ***"


def test_user_and_password_of_a_url_are_masked():
    assert REDACTOR.text("postgres://ada:pass@db/x and http://plain/") == "postgres://***@db/x and http://plain/"


def test_a_private_key_is_masked_whole():
    text = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----"

    assert REDACTOR.text(f"a {text} b") == "a *** b"


@pytest.mark.parametrize(
    "text",
    ["", "plain words", "sk-short", "a risk-averse plan-of-action", "eyJ", "the bearer of bad news", "2026-01-31"],
)
def test_ordinary_text_stays(text):
    assert REDACTOR.text(text) == text


def test_more_can_be_masked():
    assert Redactor((r"\b\d{4}-\d{4}\b", "plan B")).text("card 1234-5678, plan B") == "card ***, ***"


def test_plain_data_is_masked_through_and_through():
    assert REDACTOR.plain({"a": ["sk-abcdefghijklmnopqrst", 1, None], "b": {"c": True}, "d": object()}) == {
        "a": ["***", 1, None],
        "b": {"c": True},
        "d": "<object>",
    }


@pytest.mark.parametrize(
    "text", ["sk-" * 300_000, "eyJ" + "a." * 300_000, "-----BEGIN " + "A" * 900_000, "://" + "a:" * 300_000]
)
def test_a_long_text_takes_no_longer_than_its_length(text):
    """Were it the square of its length, this would not end within the limit of any test."""
    assert len(REDACTOR.text(text)) <= len(text)

from __future__ import annotations

import copy
import json
import pickle

import orjson
import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.secret import MASK, Secret, SecretRef, masked, sounds_secret

PLANTED = "sk-planted-value"


@pytest.fixture
def secret():
    return Secret(PLANTED)


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{:>40}".format, "{!r}".format, ascii])
def test_a_secret_shows_a_mask_however_it_is_printed(secret, show):
    assert show(secret) == MASK


def test_a_secret_inside_containers_is_masked_too(secret):
    assert PLANTED not in repr([{"key": (secret,)}])


def test_reveal_gives_the_value(secret):
    assert secret.reveal() == PLANTED


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_refuses_a_secret_with_a_reason(secret, protocol):
    with pytest.raises(TypeError, match="a secret is not pickled"):
        pickle.dumps({"key": secret}, protocol)


@pytest.mark.parametrize("dumps", [orjson.dumps, json.dumps])
def test_json_libraries_refuse_a_secret_and_name_its_type(secret, dumps):
    with pytest.raises(TypeError, match="Secret"):
        dumps({"key": secret})


def test_equal_secrets_are_equal_and_different_ones_are_not(secret):
    assert secret == Secret(PLANTED)
    assert secret != Secret(PLANTED + "x")


def test_a_secret_never_equals_a_plain_string(secret):
    assert secret != PLANTED


def test_values_that_are_not_utf8_can_be_compared():
    assert Secret("\udcff") == Secret("\udcff")


def test_a_secret_cannot_be_hashed(secret):
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)


def test_a_secret_cannot_be_changed(secret):
    with pytest.raises(AttributeError):
        secret._value = "other"


def test_copies_are_the_secret_itself(secret):
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"key": secret})["key"] is secret


def test_only_text_can_be_a_secret():
    with pytest.raises(TypeError, match="not a int"):
        Secret(12345678)


def test_an_empty_secret_is_false(secret):
    assert not Secret("")
    assert secret


def test_a_reference_flattens_nested_lists_and_strips():
    reference = SecretRef.of([" env://A ", ["b", ["c"]], Secret(" d ")])

    assert [candidate.reveal() for candidate in reference.candidates] == ["env://A", "b", "c", "d"]


def test_a_reference_shows_variables_and_masks_the_rest():
    reference = SecretRef.of(["env://OPENAI_API_KEY", PLANTED, "vault://secret/llm#key", "env://not a name", ""])

    assert reference.shown == ["env://OPENAI_API_KEY", MASK, MASK, MASK, ""]
    assert PLANTED not in repr(reference)


def test_a_single_reference_is_shown_without_a_list():
    assert SecretRef.of(PLANTED).shown == MASK


@pytest.mark.parametrize("source", [12345678, {"a": PLANTED}, b"sk", [None], True])
def test_a_reference_of_something_else_is_an_error_that_does_not_show_it(source):
    with pytest.raises(SettingsError) as caught:
        SecretRef.of(source, path="providers.openai.api_key")

    assert caught.value.path == "providers.openai.api_key"
    assert PLANTED not in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_a_blank_reference_states_nothing():
    assert not SecretRef.of(["", "  "]).stated
    assert SecretRef.of(["", "x"]).stated


@pytest.mark.parametrize(
    "name", ["Authorization", "x-api-key", "Cookie", "apiKey", "client_secret", "Password", "X-Session", "auth"]
)
def test_names_that_sound_secret(name):
    assert sounds_secret(name)


@pytest.mark.parametrize("name", ["Accept", "temperature", "X-Title", "HTTP-Referer"])
def test_names_that_do_not(name):
    assert not sounds_secret(name)


def test_masking_reaches_into_nested_data_and_leaves_numbers():
    data = {"max_tokens": 5, "auth": {"user": "u"}, "list": [{"token": "t", "x": "y"}], "key": None}

    assert masked(data) == {"max_tokens": 5, "auth": MASK, "list": [{"token": MASK, "x": "y"}], "key": None}

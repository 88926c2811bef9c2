from __future__ import annotations

import pytest
from legion_llm.adapters.providers.endpoint import Endpoint
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import TimeoutSettings, setting_path

TIMEOUTS = TimeoutSettings(connect=1.0, first_byte=2.0)


def endpoint(root_url="http://host:8000/v1", headers=(), name="openai/eu"):
    return Endpoint(name=name, root_url=root_url, timeouts=TIMEOUTS, headers=headers)


def test_a_request_goes_below_the_root_with_its_length_and_type():
    request = endpoint().post("/chat/completions", b"{}", stream=False)

    assert (request.method, str(request.url)) == ("POST", "http://host:8000/v1/chat/completions")
    assert request.content == b"{}"
    assert {name: request.headers[name] for name in ("host", "content-length", "content-type", "accept-encoding")} == {
        "host": "host:8000",
        "content-length": "2",
        "content-type": "application/json",
        "accept-encoding": "gzip",
    }


def test_a_stream_is_not_asked_to_be_compressed():
    request = endpoint().post("/chat/completions", b"{}", stream=True)

    assert request.headers["accept-encoding"] == "identity"


def test_a_request_does_not_touch_the_headers_of_the_next():
    place = endpoint()
    place.post("/a", b"long body", stream=False)

    assert "content-length" not in place.get("/models").headers


def test_headers_of_the_settings_replace_ours():
    request = endpoint(headers=[("user-agent", "mine"), ("X-Key", "k")]).get("/models")

    assert (request.headers["user-agent"], request.headers["x-key"]) == ("mine", "k")


def test_the_transport_is_told_the_limits_that_it_keeps():
    request = endpoint().get("/models")

    assert request.extensions == {"timeout": {"connect": 1.0, "read": None, "write": 2.0, "pool": 1.0}}


@pytest.mark.parametrize(
    "root_url",
    ["ftp://host", "host:8000", "", "http://", "http://host/v1?x=1", "http://host/#x", "http://host:port"],
)
def test_an_address_that_is_none_is_refused_by_the_name_of_its_setting(root_url):
    with pytest.raises(SettingsError) as caught:
        endpoint(root_url)

    assert caught.value.path == "providers.openai.instances.eu.base_url"


def test_a_password_in_the_address_is_refused_and_not_shown():
    with pytest.raises(SettingsError) as caught:
        endpoint("http://user:hunter2@host/v1")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "value"),
    [("X-Key", "sk-1\r\nEvil: 1"), ("X-Key", "sk-1é"), ("X Key", "sk-1"), ("Host", "sk-1"), ("content-length", "sk-1")],
)
def test_a_header_that_cannot_be_sent_is_refused_and_its_value_not_shown(header, value):
    with pytest.raises(SettingsError) as caught:
        endpoint(headers=[(header, value)])

    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "path"),
    [("openai", "providers.openai.api_key"), ("openai/eu", "providers.openai.instances.eu.api_key")],
)
def test_an_instance_knows_where_its_settings_stand(name, path):
    assert setting_path(name, "api_key") == path

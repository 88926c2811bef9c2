from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import FAMILIES, KINDS, api_root

OPENAI_LIKE = ["openai", "openai_compat", "vllm"]


def test_every_kind_has_a_family():
    assert set(FAMILIES) == set(KINDS)


@pytest.mark.parametrize("kind", OPENAI_LIKE)
@pytest.mark.parametrize(
    ("given_url", "root"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("http://host:8000/v1", "http://host:8000/v1"),
        ("http://host:8000/v1/", "http://host:8000/v1"),
        ("https://host/gateway", "https://host/gateway/v1"),
        ("https://host/gateway/v1//", "https://host/gateway/v1"),
        ("https://host/openai/v1beta", "https://host/openai/v1beta"),
        ("https://host/v1beta/openai/", "https://host/v1beta/openai"),
        ("https://host/api/v3", "https://host/api/v3"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
        ("  http://host  ", "http://host/v1"),
        ("HTTP://host", "http://host/v1"),
        ("https://host/vision", "https://host/vision/v1"),
    ],
)
def test_v1_is_neither_doubled_nor_dropped(kind, given_url, root):
    assert api_root(given_url, kind) == root


@pytest.mark.parametrize(
    ("given_url", "root"),
    [
        ("http://localhost:11434", "http://localhost:11434"),
        ("http://localhost:11434/", "http://localhost:11434"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("http://localhost:11434/api", "http://localhost:11434"),
        ("http://host/ollama/v1", "http://host/ollama"),
        ("http://host/ollama", "http://host/ollama"),
    ],
)
def test_the_ollama_root_has_no_v1(given_url, root):
    assert api_root(given_url, "ollama") == root


@given(
    kind=st.sampled_from([*OPENAI_LIKE, "ollama"]),
    segments=st.lists(st.sampled_from(["v1", "api", "openai", "v1beta", "v3", "", "x"]), max_size=5),
)
def test_a_root_stays_as_it_is_when_it_is_made_a_root_again(kind, segments):
    root = api_root("http://host/" + "/".join(segments), kind)

    assert api_root(root, kind) == root
    assert not root.endswith("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "host/v1",
        "ftp://host",
        "http://",
        "http:///v1",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://[::1",
        "http://ho st",
        "http://host/\tv1",
        "http://host\\@evil",
        "http://host/v1?key=1",
        "http://host/v1#x",
        "http://user:pass@host",
    ],
)
@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_a_malformed_url_is_a_settings_error_with_its_path(url, kind):
    with pytest.raises(SettingsError, match=r"^providers\.x\.base_url: malformed URL") as caught:
        api_root(url, kind, path="providers.x.base_url")

    assert caught.value.path == "providers.x.base_url"


@pytest.mark.parametrize("url", ["https://user:planted@host", "https://host/v1?key=planted"])
def test_a_password_in_a_url_is_not_shown(url):
    with pytest.raises(SettingsError) as caught:
        api_root(url, "openai")

    assert "planted" not in str(caught.value)
